//! Hive is read with the types, over the ways and with the refusals that `docs/guide/hive.md` tells of, against a real
//! HiveServer2.

#![cfg(feature = "hive")]

use crate::hive_support::relay::one_answer_each;
use crate::hive_support::{ROWS, at, ids, options, read, server, split};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use millstream_connectors::conformance::SourceJob;
use millstream_connectors::formats::{FileFormat, JsonLines};
use millstream_connectors::hive::{ExactlyOnce, HiveSource, HiveSourceOptions, What};
use millstream_connectors::rows::Parsed;
use millstream_services::hive::{Authentication, Hive};

fn rows(options: HiveSourceOptions) -> RecordBatch {
    let batches = read(options, 1, None).expect("rows");
    let batches: Vec<RecordBatch> = batches
        .into_iter()
        .map(|parsed| match parsed {
            Parsed::Rows(rows) => rows.batch,
            other => unreachable!("no rows: {other:?}"),
        })
        .collect();
    let first = batches.first().expect("a batch");
    concat_batches(first.schema_ref(), &batches).expect("one batch")
}

fn json(rows: &RecordBatch) -> Vec<String> {
    let mut encoder = JsonLines.encoder();
    let mut out = Vec::new();
    encoder.encode(rows, &mut out).expect("lines");
    encoder.finish(&mut out).expect("an end");
    let text = String::from_utf8(out).expect("text");
    text.lines().map(str::to_owned).collect()
}

fn sorted(parsed: Vec<Parsed>) -> Vec<i64> {
    let mut found: Vec<i64> = parsed.into_iter().flat_map(ids).collect();
    found.sort_unstable();
    found
}

#[test]
fn every_type_is_read_as_the_table_says() {
    let mut wanted = options(server(), "", "");
    wanted.query = What::Table("default.kinds".to_owned());
    let rows = rows(wanted);
    let names: Vec<&str> = rows
        .schema_ref()
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let expected = "b ti si i bi f d de s vc c ts da bin ar ma st";
    assert_eq!(names.join(" "), expected);
    assert_eq!(
        rows.schema().field(7).data_type(),
        &DataType::Decimal128(20, 4)
    );
    let lines = json(&rows);
    let expected = [
        r#"{"b":true,"ti":-128,"si":-32768,"i":-2147483648,"bi":-9223372036854775808,"f":1.5,"d":0.1,"de":1234567890123456.7891,"s":"text, \"quoted\"","vc":"varchar","c":"char ","ts":"2020-01-02 03:04:05.123456","da":"2020-02-29","bin":"AP8=","ar":"[1,2]","ma":"{\"k\":1,\"l\":2}","st":"{\"a\":7,\"b\":\"seven\"}"}"#,
        r#"{"b":null,"ti":null,"si":null,"i":null,"bi":null,"f":null,"d":null,"de":null,"s":null,"vc":null,"c":null,"ts":null,"da":null,"bin":null,"ar":null,"ma":null,"st":null}"#,
        r#"{"b":false,"ti":127,"si":32767,"i":2147483647,"bi":9223372036854775807,"f":-0.25,"d":1e+300,"de":-0.0001,"s":"数据","vc":"","c":"a    ","ts":"0001-01-01 00:00:00","da":"9999-12-31","bin":"","ar":"[3]","ma":"{}","st":"{\"a\":8,\"b\":\"eight\"}"}"#,
    ];
    assert_eq!(lines, expected);
}

#[test]
fn names_are_without_the_table_and_only_wanted_columns_are_read() {
    let query = "select n.id, n.name as `a.b`, n.id + 1 from numbers n where n.id < 3";
    let source = HiveSource::new(options(server(), "", query)).expect("a source");
    let schema = source.schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, ["id", "b", "_c2"]);
    let source = source.with_projection(&[2, 0]).expect("columns");
    let job = SourceJob::default();
    let mut attempt = job.attempt(&source, 1, None).expect("an attempt");
    let parsed = attempt.read_until(|_| false).expect("rows");
    let Some(Parsed::Rows(rows)) = parsed.into_iter().next() else {
        unreachable!("no rows");
    };
    assert_eq!(
        json(&rows.batch),
        [
            r#"{"_c2":1,"id":0}"#,
            r#"{"_c2":2,"id":1}"#,
            r#"{"_c2":3,"id":2}"#
        ]
    );
}

/// Bounds are looked for by a query, which is a job at the server.
#[test]
fn rows_are_split_by_numbers_dates_and_texts() {
    let hive = server();
    let mut wanted = options(hive, "", "select id, name from numbers");
    for (column, parts) in [("ID", 3), ("name", 4)] {
        wanted.split = Some(split(column, parts, None));
        let found = read(wanted.clone(), 2, None).expect("rows");
        assert_eq!(sorted(found), (0..ROWS).collect::<Vec<_>>(), "{column}");
    }
    let mut days = options(hive, "", "select cast(id as bigint) as id, day from days");
    days.split = Some(split("day", 2, Some(("2020-01-01", "2020-01-03"))));
    assert_eq!(sorted(read(days, 2, None).expect("rows")), [1, 2, 3, 4, 5]);
}

/// Of a table that is partitioned by a number and a text.
#[test]
fn rows_are_split_by_each_column_of_the_partitions() {
    let mut wanted = options(server(), "", "select id, part, region from placed");
    for (column, parts) in [("part", 3), ("region", 3)] {
        wanted.split = Some(split(column, parts, None));
        let found = read(wanted.clone(), 2, None).expect("rows");
        assert_eq!(sorted(found), [1, 2, 3, 4, 5, 6], "{column}");
    }
}

/// Each part would be of other rows of the inner query.
#[test]
fn rows_that_are_others_each_time_are_not_split() {
    let query = "select * from (select id from numbers limit 100) x";
    let mut wanted = options(server(), "", query);
    let found = read(wanted.clone(), 1, None).expect("rows");
    assert_eq!(found.into_iter().flat_map(ids).count(), 100);
    wanted.split = Some(split("id", 3, None));
    let error = HiveSource::new(wanted).expect_err("other rows");
    assert_eq!(error.code(), "MS-6023", "{error}");
    let ordered = "select * from (select id from numbers order by id limit 100) x";
    let mut wanted = options(server(), "", ordered);
    wanted.split = Some(split("id", 3, Some(("0", "100"))));
    let found = read(wanted, 2, None).expect("rows");
    assert_eq!(sorted(found), (0..100).collect::<Vec<_>>());
}

/// What chance makes is another column than the one by which rows are split, or only spreads them.
#[test]
fn rows_that_chance_only_adds_to_are_split() {
    for query in [
        "select id, uuid() as k from numbers",
        "select id from numbers distribute by rand()",
    ] {
        let mut wanted = options(server(), "", query);
        wanted.split = Some(split("id", 3, Some(("0", "1500"))));
        let found = read(wanted, 2, None).expect(query);
        assert_eq!(sorted(found), (0..ROWS).collect::<Vec<_>>(), "{query}");
    }
}

#[test]
fn comments_behind_a_query_are_no_part_of_it() {
    for query in [
        "select id from numbers -- daily",
        "select id from numbers; -- done",
    ] {
        let found = read(options(server(), "", query), 1, None).expect(query);
        assert_eq!(sorted(found), (0..ROWS).collect::<Vec<_>>(), "{query}");
    }
}

#[test]
fn over_http_it_is_the_same() {
    let hive = server();
    let url = format!(
        "jdbc:hive2://{}/default;transportMode=http;http.header.X-A=b",
        hive.http_address()
    );
    let found = read(at(&url, "select id from numbers"), 1, None).expect("rows");
    assert_eq!(sorted(found), (0..ROWS).collect::<Vec<_>>());
    let other = format!(
        "jdbc:hive2://{}/default;transportMode=http;httpPath=other",
        hive.http_address()
    );
    let error = HiveSource::new(at(&other, "select id from numbers")).expect_err("no such path");
    assert_eq!(error.code(), "MS-6022", "{error}");
    assert!(error.message().contains("httpPath"), "{error}");
}

/// A restart would not mend them.
#[test]
fn settings_that_the_server_refuses_are_no_trouble_that_passes() {
    for (setting, next) in [
        ("hive.users.in.admin.role=me", "confwhitelist"),
        ("hive.fetch.task.conversoin=more", "correct that setting"),
        (
            "hive.exec.parallel.thread.number=many",
            "correct that setting",
        ),
    ] {
        let url = format!("jdbc:hive2://{}/default?{setting}", server().address());
        let error = HiveSource::new(at(&url, "select id from numbers")).expect_err(setting);
        assert_eq!(error.code(), "MS-6023", "{error}");
        assert!(error.next_step().contains(next), "{error}");
    }
}

/// As a proxy may have it: more answers than there are connections.
#[test]
fn over_http_connections_may_end_behind_any_answer() {
    let relay = one_answer_each(server().http_address());
    let url = format!("jdbc:hive2://{relay}/default;transportMode=http");
    let mut wanted = at(&url, "select id from numbers");
    wanted.fetch = Some(100);
    let found = read(wanted, 1, None).expect("rows");
    assert_eq!(sorted(found), (0..ROWS).collect::<Vec<_>>());
}

#[test]
fn without_a_login_and_over_tls() {
    let hive = Hive::start_as(Authentication::NoSasl).expect("HiveServer2");
    let certificate = hive.certificate().display().to_string();
    let url = |more: &str| {
        format!(
            "jdbc:hive2://{}/default;auth=noSasl;ssl=true{more}",
            hive.address()
        )
    };
    let query = "select cast(7 as bigint) as seven";
    let well = url(&format!(";sslTrustStore={certificate}"));
    assert_eq!(sorted(read(at(&well, query), 1, None).expect("rows")), [7]);
    // One that takes its time, whose log nobody can read.
    let slow =
        "select sum(x) from (select explode(array(cast(3 as bigint), cast(4 as bigint))) as x) t";
    assert_eq!(sorted(read(at(&well, slow), 1, None).expect("rows")), [7]);
    let error = HiveSource::new(at(&url(""), query)).expect_err("nobody vouches for it");
    assert_eq!(error.code(), "MS-6022", "{error}");
    assert!(error.message().contains("can't be trusted"), "{error}");
}

/// An error is one line that names what is wrong and what to do.
#[test]
fn mistakes_are_told_before_the_first_row() {
    let hive = server();
    let table = [
        (
            "select * from nowhere",
            "MS-6023",
            "nowhere",
            "source.db.table",
        ),
        (
            "select nothing from numbers",
            "MS-6023",
            "nothing",
            "source.db.sql",
        ),
    ];
    for (query, code, words, next) in table {
        let error = HiveSource::new(options(hive, "", query)).expect_err(query);
        assert_eq!(error.code(), code, "{error}");
        let line = error.to_string();
        assert!(line.contains(words) && line.contains(next), "{line}");
        assert!(
            !line.contains('\n') && !line.contains("org.apache"),
            "{line}"
        );
    }
    let other = format!("jdbc:hive2://{}/nowhere", hive.address());
    let error = HiveSource::new(at(&other, "select 1")).expect_err("no database");
    assert_eq!(error.code(), "MS-6023", "{error}");
    assert!(error.next_step().contains("database"), "{error}");
    let mut wanted = options(hive, "", "select id from numbers");
    wanted.split = Some(split("day", 2, None));
    let error = HiveSource::new(wanted).expect_err("no such column");
    assert!(error.to_string().contains("give one of id"), "{error}");
}

/// Of several servers the first that is there is asked; where none is, each is named.
#[test]
fn servers_that_are_away_are_passed_over() {
    let hive = server();
    let url = format!("jdbc:hive2://127.0.0.1:1,{}/default", hive.address());
    let found = read(at(&url, "select id from numbers limit 3"), 1, None).expect("rows");
    assert_eq!(found.into_iter().flat_map(ids).count(), 3);
    let error = HiveSource::new(at("jdbc:hive2://127.0.0.1:1,127.0.0.1:2/d", "select 1"));
    let error = error.expect_err("nobody is there").to_string();
    assert!(error.starts_with("MS-6021"), "{error}");
    assert!(
        error.contains("127.0.0.1:1 can't be reached") && error.contains("127.0.0.1:2 can't"),
        "{error}"
    );
}

/// The rows that were handed out do not come again as they were: `source.db.exactly-once` decides.
#[test]
fn rows_in_another_order_are_told_and_never_counted_off() {
    let hive = server();
    // A table that is another one at the second start.
    let statements =
        "drop table if exists turned;\ncreate table turned (id bigint) stored as textfile;";
    let load = |numbers: &[i64]| {
        let text: String = numbers.iter().map(|id| format!("{id}\n")).collect();
        std::fs::write(hive.directory().join("turned.csv"), text).expect("a file");
        let home = hive.directory().display();
        let load =
            format!("load data local inpath '{home}/turned.csv' overwrite into table turned;");
        hive.run(&load).expect("loaded");
    };
    hive.run(statements).expect("a table");
    load(&[1, 2, 3, 4, 5, 6]);
    let mut wanted = options(hive, "", "select id from turned");
    wanted.fetch = Some(2);
    let job = SourceJob::default();
    let source = HiveSource::new(wanted.clone()).expect("a source");
    let mut attempt = job.attempt(&source, 1, None).expect("an attempt");
    let begun = attempt
        .read_until(|found: &[Parsed]| !found.is_empty())
        .expect("rows");
    let begun = sorted(begun);
    let snapshot = attempt.snapshot(&job, false).expect("a snapshot");
    drop(attempt);
    // As they were: the rest.
    let rest = sorted(read(wanted.clone(), 1, Some((&job, &snapshot))).expect("rows"));
    assert_eq!(
        [begun.as_slice(), rest.as_slice()].concat(),
        [1, 2, 3, 4, 5, 6]
    );
    // More behind what was read: the rest, and what has come.
    load(&[1, 2, 3, 4, 5, 6, 7]);
    let rest = sorted(read(wanted.clone(), 1, Some((&job, &snapshot))).expect("rows"));
    assert_eq!(
        [begun.as_slice(), rest.as_slice()].concat(),
        [1, 2, 3, 4, 5, 6, 7]
    );
    // In another order.
    load(&[2, 1, 3, 4, 5, 6]);
    let error = read(wanted.clone(), 1, Some((&job, &snapshot))).expect_err("another order");
    assert_eq!(error.code(), "MS-6024", "{error}");
    wanted.exactly_once = ExactlyOnce::BestEffort;
    let all = sorted(read(wanted.clone(), 1, Some((&job, &snapshot))).expect("rows"));
    assert_eq!(all, [1, 2, 3, 4, 5, 6]);
    // Another query.
    wanted.query = What::Query("select id from turned where id > 0".to_owned());
    let error = read(wanted, 1, Some((&job, &snapshot))).expect_err("another query");
    assert_eq!(error.code(), "MS-3005", "{error}");
}

/// Other columns of the same query are read behind a restart: those that were read before tell, and where there is none the rows that
/// were handed out are not counted off.
#[test]
fn rows_without_a_column_that_was_read_before_are_never_counted_off() {
    let mut wanted = options(server(), "", "select id, name from numbers");
    wanted.fetch = Some(100);
    let source = |wanted: &HiveSourceOptions, columns: &[usize]| {
        let source = HiveSource::new(wanted.clone()).expect("a source");
        source.with_projection(columns).expect("columns")
    };
    let job = SourceJob::default();
    let before = source(&wanted, &[0]);
    let mut attempt = job.attempt(&before, 1, None).expect("an attempt");
    let begun = attempt
        .read_until(|found: &[Parsed]| !found.is_empty())
        .expect("rows");
    let begun = sorted(begun);
    let snapshot = attempt.snapshot(&job, false).expect("a snapshot");
    drop(attempt);
    let rest = |wanted: &HiveSourceOptions, columns: &[usize]| {
        let source = source(wanted, columns);
        let mut attempt = job
            .attempt(&source, 1, Some(&snapshot))
            .expect("an attempt");
        attempt.read_until(|_| false)
    };
    let both = sorted(rest(&wanted, &[0, 1]).expect("rows"));
    let all: Vec<i64> = (0..ROWS).collect();
    assert_eq!([begun, both].concat(), all);
    let error = rest(&wanted, &[1]).expect_err("nothing tells");
    assert_eq!(error.code(), "MS-6024", "{error}");
    assert!(error.message().contains("stream.sql"), "{error}");
    wanted.exactly_once = ExactlyOnce::BestEffort;
    let again = rest(&wanted, &[1]).expect("rows");
    let rows = again.iter().map(|parsed| match parsed {
        Parsed::Rows(rows) => rows.batch.num_rows(),
        other => unreachable!("no rows: {other:?}"),
    });
    assert_eq!(rows.sum::<usize>(), all.len());
}
