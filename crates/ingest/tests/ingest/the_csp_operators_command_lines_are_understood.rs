//! Command lines of the CSP operator's own page: every name is known, and what is not there yet is refused
//! by what it is, not as a mistake of the user.

use crate::common::load_line;
use millstream_connectors::hive::What;
use millstream_ingest::parameters::{Input, SinkSettings, SourceSettings, find, load};

/// Every parameter of the CSP operator's page.
const NAMES: &str = "job.name source.type source.path source.watch.type source.watch.interval \
    source.firstLine.schema source.line.delimiter source.field.delimiter source.charset source.db.type \
    source.db.url source.db.username source.db.password source.db.driverClassName source.db.table source.db.sql \
    source.db.fetch.size source.kafka.version source.kafka.brokers source.kafka.topic auto.offset.reset group.id \
    stream.sql.enable stream.sql.table stream.sql stream.sql.schema stream.sql.schema.json unique.data.ttl.in.minute \
    unique.keys sink.kafka.version sink.kafka.brokers sink.kafka.topic sink.type sink.es.server sink.es.index \
    sink.es.type sink.es.sync.type sink.es.unique.column sink.es.version.column sink.es.version sink.merge.enable \
    sink.merge.nested.field sink.merge.exclude.fields stream.parallelism stream.sink.parallelism \
    stream.checkpoint.enable stream.checkpoint.dir stream.checkpoint.type stream.checkpoint.interval \
    stream.checkpoint.timeout stream.checkpoint.tolerable.failure.num stream.checkpoint.min.pause \
    stream.checkpoint.mode job.retry.maxNumberRestartAttempts job.retry.backoffTimeMS hadoop.home.dir \
    hadoop.user.name sink.kafka.request.timeout.ms sink.kafka.compression.type sink.kafka.batch.size \
    sink.kafka.send.buffer.bytes sink.kafka.buffer.memory source.kafka.max.poll.records \
    sink.es.update.retry.on.conflict sink.es.bulk.flush.max.actions sink.es.bulk.flush.max.size.mb \
    sink.es.bulk.flush.interval.ms sink.es.bulk.flush.backoff.enable sink.es.bulk.flush.backoff.type \
    sink.es.bulk.flush.backoff.delay bulk.flush.backoff.retries flink.partition-discovery.interval-millis";

#[test]
fn every_parameter_of_the_page_exists() {
    let unknown: Vec<&str> = NAMES
        .split_whitespace()
        .filter(|name| find(name).is_none())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn program_args_of_hive_are_understood() {
    let line = "--source.type jdbc --source.db.type hive --source.db.url jdbc:hive2://172.27.128.124:10000/lyh \
         --source.db.username root --source.db.password 123456 --source.db.table lyh --source.db.sql \
         'select * from lyh limit 3' --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic \
         flink-test";
    let loaded = load_line(line).expect(line);
    let SourceSettings::Hive(hive) = &loaded.settings.source else {
        panic!("{:?}", loaded.settings.source);
    };
    let query = "select * from lyh limit 3".to_owned();
    assert_eq!(hive.query, What::Query(query));
    assert_eq!(
        (hive.login.user.as_str(), hive.fetch, &hive.split),
        ("root", None, &None)
    );
    assert!(
        !format!("{hive:?}").contains("123456"),
        "a password is shown"
    );
    let other = line.replace("jdbc:hive2:", "jdbc:oracle:");
    let error = load_line(&other).expect_err(&other);
    assert_eq!(error.code(), "MS-8002", "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert!(error.message().contains("Oracle"), "{error}");
    assert!(
        !error.to_string().contains("123456"),
        "a password in {error}"
    );
}

#[test]
fn the_parquet_line_works_as_it_stands() {
    let loaded = load_line(
        "--source.type parquet --source.path /user/liyihui/parquet --sink.kafka.brokers 172.27.128.54:9093 \
         --sink.kafka.topic flink-test",
    )
    .expect("Parquet to Kafka");
    assert!(matches!(loaded.settings.source, SourceSettings::Columns(_)));
}

/// The CSP operator's page gives no `stream.sql.enable` for its job from Kafka to Kafka.
#[test]
fn kafka_to_kafka_with_sql_works_as_it_stands() {
    let line = "--source.type kafka --source.kafka.brokers 172.27.128.54:9093 --source.kafka.topic json3 \
         --auto.offset.reset earliest --group.id f1 --stream.sql.table t1 --stream.sql 'select * from t1' \
         --stream.sql.schema struct<id:Int,name:String> --sink.kafka.brokers 172.27.128.54:9093 \
         --sink.kafka.topic flink-test";
    let loaded = load_line(line).expect("from Kafka to Kafka");
    assert!(matches!(loaded.settings.sink, SinkSettings::Kafka(_)));
    let sql = loaded.settings.sql.expect("on where there is SQL");
    assert_eq!(
        (sql.table.as_str(), sql.query.as_str()),
        ("t1", "select * from t1")
    );
    assert!(matches!(loaded.settings.source, SourceSettings::Kafka(_)));
}

/// The page gives its job for deduplication no schema.
#[test]
fn deduplication_works_with_a_sink_that_is_there() {
    let loaded = load_line(
        "--source.type kafka_deduplication --source.kafka.brokers 172.27.128.54:9093 --source.kafka.topic lyh-key2 \
         --auto.offset.reset earliest --group.id f1 --unique.keys id,name --sink.type print \
         --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
    )
    .expect("from Kafka to standard output");
    let unique = loaded.settings.unique.expect("asked for");
    assert_eq!(unique.keys, ["id", "name"]);
    assert_eq!(unique.within.as_secs(), 3_600);
    assert_eq!(loaded.settings.sql, None);
}

#[test]
fn a_list_of_arguments_with_a_pair_in_one_element_is_understood() {
    let list = [
        "--job.name",
        "es6 sink job example",
        "--source.type",
        "parquet",
        "--source.path hdfs:///user/liyihui/parquet",
        "--source.watch.type",
        "PROCESS_ONCE",
        "--sink.type",
        "es",
        "--sink.es.server",
        "172.27.14.125:9200",
        "--sink.es.index",
        "lyh",
        "--sink.es.type",
        "parquet",
        "--sink.es.sync.type",
        "full",
        "--sink.es.unique.column",
        "id",
        "--sink.es.version.column",
        "version",
        "--sink.es.version",
        "1586959594",
    ]
    .map(str::to_owned);
    let directory = tempfile::tempdir().expect("temporary directory");
    let input = Input {
        environment: &[],
        arguments: &list,
        directory: directory.path(),
    };
    let loaded = load(&input).expect("complete");
    let SourceSettings::Columns(columns) = loaded.settings.source else {
        panic!("Parquet is a source of columns");
    };
    assert_eq!(columns.path.to_str(), Some("hdfs:///user/liyihui/parquet"));
}

#[test]
fn the_csv_line_works_as_it_stands() {
    let loaded = load_line(
        "--source.type csv --source.path /user/liyihui/csv --sink.merge.enable true \
         --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
    )
    .expect("csv to Kafka");
    let merge = loaded.settings.merge.expect("switched on");
    assert_eq!(
        (merge.field.as_str(), merge.exclude),
        ("feas", vec!["id".to_owned()])
    );
}
