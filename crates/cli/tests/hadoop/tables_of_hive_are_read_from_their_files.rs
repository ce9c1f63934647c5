//! Tables of Hive by the metastore: what is read from their files is, record by record, what HiveServer2 answers, for Parquet,
//! ORC and text that Hive wrote. A job that watches finds new partitions, reads each row once however it is killed, and waits
//! for a metastore that is away. What can't be read from files is refused by name.

use crate::common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::common::rounds::Rounds;
use crate::common::server::Server;
use crate::common::{ONCE, Running, Said, assert_lines, command, ingest_named, lines, running};
use millstream_services::hive::Hive;
use millstream_services::seaweed::{BUCKET, Seaweed};
use serde_json::Value;

/// Fields that Hive's text files may hold, and what is none of a column's values.
const STAGED: &str = "\
1|one|12.50|2020-02-29|2020-01-02 03:04:05.123456|true|0.5|7|eu|1
2|\\N|-0.01|1969-12-31|1969-12-31 23:59:59.5|false|-1e300|-128|eu|1
3||\\N|\\N|\\N|\\N|\\N|\\N|eu|2
4|\u{e9}\u{4e2d}|99999999.99|9999-12-31|2038-01-19 03:14:08|TRUE|3|127|a/b=c %|1
5|quote \" and , comma|0|2000-01-01|2000-01-01 00:00:00|false|NaN|0|\\N|3
";

const COLUMNS: &str = "id bigint, name string, amount decimal(10,2), day date, at timestamp, flag boolean, score double, small tinyint";

/// Rows of text that are not as their table says.
const ODD: &str = "1,plain,1.5,2020-01-01\n2,with\\,comma,x,2020-02-30\n3\n\n5,,,\n6,\\N,7.999,2020-01-01,more\r\n7.9,back\\\\slash,1,2020-01-01 \n8,day,2.449999999999999999999999999999999999999999,2020-01-05 00:00:00\n9,short,1,2020-1-5\n";

/// The servers of the tests, one after the other.
pub(super) fn hive() -> MutexGuard<'static, Option<Hive>> {
    static SHARED: Mutex<Option<Hive>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.get_or_insert_with(|| {
        let hive = Hive::start_with_metastore().expect("Hive with a metastore");
        let home = hive.directory().to_owned();
        fs::write(home.join("staged.txt"), STAGED).expect("a file");
        fs::write(home.join("odd.txt"), ODD).expect("a file");
        let home = home.display();
        let made = ["as_orc stored as orc", "as_parquet stored as parquet", "as_text stored as textfile"].map(|table| {
            let (name, format) = table.split_once(' ').expect("a name");
            format!("create external table shop.{name} ({COLUMNS}) partitioned by (region string, hour int) {format};")
        });
        let statements = format!(
            "create database shop;
             create external table shop.staged ({COLUMNS}, region string, hour int) row format delimited fields terminated by '|';
             load data local inpath '{home}/staged.txt' into table shop.staged;
             {}
             set hive.exec.dynamic.partition.mode=nonstrict;
             from shop.staged insert into table shop.as_orc partition (region, hour) select *
                 insert into table shop.as_parquet partition (region, hour) select *
                 insert into table shop.as_text partition (region, hour) select *;
             create external table shop.odd (id int, name string, amount decimal(4,1), day date)
                 row format delimited fields terminated by ',' escaped by '\\\\';
             load data local inpath '{home}/odd.txt' into table shop.odd;
             create view shop.seen as select id from shop.staged;
             create external table shop.json (id int) row format serde 'org.apache.hadoop.hive.serde2.JsonSerDe';
             create external table shop.watched (id bigint, text string) partitioned by (part int) row format delimited fields terminated by ','",
            made.concat()
        );
        hive.run(&statements).expect("tables");
        hive
    });
    shared
}

pub(super) fn ingest(directory: &Path, options: &[&str], more: &[&str]) -> Command {
    let mut command = ingest_named(directory, "tables", "30 ms", options);
    command.arg("--source.type=jdbc").args(more);
    command
}

/// Parameters that read a table by the metastore into `out`.
pub(super) fn table(hive: &Hive, name: &str) -> Vec<String> {
    let url = format!("--source.db.url={}", hive.metastore());
    let table = format!("--source.db.table={name}");
    let fixed = [
        "--source.db.type=hive-metastore",
        "--sink.type=file",
        "--sink.path=out",
    ];
    let fixed = fixed.iter().map(|text| (*text).to_owned());
    fixed.chain([url, table]).collect()
}

pub(super) fn read(hive: &Hive, name: &str, more: &[&str]) -> (Said, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = ingest(directory.path(), &["-p", "2"], &[ONCE]);
    command.args(table(hive, name)).args(more);
    let said = running::run(command);
    (said, lines(&directory.path().join("out")))
}

/// What HiveServer2 answers, as the same lines.
pub(super) fn answered(hive: &Hive, query: &str) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("--source.db.url=jdbc:hive2://{}/shop", hive.address());
    let query = format!("--source.db.sql={query}");
    let more = [
        "--source.db.username=test",
        "--source.db.password=secret",
        "--sink.type=file",
        "--sink.path=out",
        &url,
        &query,
    ];
    let said = running::run(ingest(directory.path(), &[], &more));
    assert_eq!(said.code, Some(0), "{}", said.err);
    lines(&directory.path().join("out"))
}

/// HiveServer2 shows null in a partition's column of texts as the name of its directory has it.
#[test]
fn rows_are_those_that_hiveserver2_answers() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let mut differences = Vec::new();
    for name in ["as_orc", "as_parquet", "as_text", "odd", "staged"] {
        let (said, found) = read(hive, &format!("shop.{name}"), &[]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        let answered = answered(hive, &format!("select * from {name}"));
        let answered: Vec<String> = answered
            .iter()
            .map(|line| line.replace("\"__HIVE_DEFAULT_PARTITION__\"", "null"))
            .collect();
        if found != answered {
            differences.push(format!("{name}: {found:#?} and not {answered:#?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn partitions_are_left_out_by_the_filter_and_by_the_sql() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    for name in ["as_parquet", "as_text"] {
        let expected = answered(
            hive,
            &format!("select region, id, hour from {name} where region = 'eu' and hour > 1"),
        );
        assert_eq!(expected.len(), 1);
        let sql = "--stream.sql=select region, id, hour from t1 where region = 'eu' and hour > 1";
        let by_sql = ["--stream.sql.enable=true", sql];
        let by_both = [
            "--source.db.partition.filter=region = 'eu' and hour > 1",
            "--stream.sql.enable=true",
            "--stream.sql=select region, id, hour from t1",
        ];
        for more in [&by_sql[..], &by_both[..]] {
            let (said, found) = read(hive, &format!("shop.{name}"), more);
            assert_eq!(
                (said.code, found),
                (Some(0), expected.clone()),
                "{}",
                said.err
            );
        }
    }
    let (said, found) = read(
        hive,
        "shop.as_orc",
        &[
            "--stream.sql.enable=true",
            "--stream.sql=select region from t1",
        ],
    );
    assert_eq!((said.code, found.len()), (Some(0), 5), "{}", said.err);
}

#[test]
fn the_example_of_the_guide_runs() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/hive.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let blocks = guide.split("```sh\n").skip(1);
    let mut examples = blocks.filter_map(|block| block.split("```").next());
    let example = examples.find(|example| example.contains("hive-metastore"));
    let example = example.expect("an example").trim();
    let example = example
        .replacen(
            "millstream run",
            "\"$MILLSTREAM\" run -Dmillstream.data-dir=data",
            1,
        )
        .replace("thrift://hive:9083", &hive.metastore())
        .replace("shop.orders", "shop.as_parquet")
        .replace("dt >= '2024-01-01'", "region = 'eu'");
    let directory = tempfile::tempdir().expect("a directory");
    let mut shell = Command::new("sh");
    common::environment::without_settings(&mut shell);
    shell
        .current_dir(directory.path())
        .env("MILLSTREAM", env!("CARGO_BIN_EXE_millstream"))
        .args(["-e", "-c", &format!("{example} {ONCE}")]);
    let said = running::run(shell);
    assert_eq!(said.code, Some(0), "{example}\n{}", said.err);
    assert_eq!(lines(&directory.path().join("orders-json")).len(), 3);
}

#[test]
fn what_can_not_be_read_is_refused_in_one_line() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    for (name, more, code, words) in [
        ("shop.seen", "", "MS-6061", "table shop.seen is a view"),
        ("shop.json", "", "MS-6061", "read by JsonSerDe"),
        ("shop.none", "", "MS-6061", "no table shop.none"),
        (
            "shop.as_orc",
            "--source.db.partition.filter=region >",
            "MS-6061",
            "table shop.as_orc",
        ),
        (
            "shop.odd",
            "--source.db.partition.filter=id = 1",
            "MS-6061",
            "has no partitions",
        ),
        (
            "shop.odd",
            "--source.db.url=thrift://127.0.0.1:1",
            "MS-6060",
            "127.0.0.1:1",
        ),
        (
            "shop.odd",
            "--source.db.sql=select 1",
            "MS-8001",
            "source.db.sql",
        ),
    ] {
        let more = Some(more).filter(|more| !more.is_empty());
        let (said, _) = read(hive, name, more.as_slice());
        assert_eq!(said.code, Some(1), "{}", said.err);
        let error = said.error();
        assert!(error.contains(code) && error.contains(words), "{error}");
    }
}

#[test]
fn doctor_and_dry_run_tell_what_would_be_read() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let mut doctor = command(directory.path());
    doctor
        .args(["doctor", "ingest", "--source.type=jdbc", ONCE])
        .args(table(hive, "shop.as_orc"));
    let said = running::run(doctor);
    let words = [
        "table shop.as_orc: ORC at ",
        "10 columns, 4 partitions",
        "source metastore",
    ];
    for words in words {
        assert!(said.out.contains(words), "{}{}", said.out, said.err);
    }
    let mut dry = ingest(directory.path(), &["--dry-run"], &[ONCE]);
    dry.args(table(hive, "shop.as_orc"));
    let said = running::run(dry);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("\"region\":\"a/b=c %\""), "{}", said.out);
    assert!(!directory.path().join("out").exists());
}

#[test]
fn files_are_told_by_the_paths_of_their_partitions() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let parameters = table(hive, "shop.as_parquet");
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let parameters = [
        &[
            "--source.type=jdbc",
            "--source.watch.interval=50",
            "--source.file.settle=0",
        ],
        &parameters[..],
    ];
    let options = ["-Dexecution.checkpointing.interval=30 ms"];
    let job = server.submit_with("told", &options, &parameters.concat());
    let mut names = Vec::new();
    server.await_that("files that are done", || {
        let (_, answer) = server.call("GET", &format!("/jobs/{job}/files"), None);
        let files = answer
            .get("files")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let done = files
            .iter()
            .filter(|file| file.get("state").is_some_and(|state| state == "done"));
        let name = |file: &Value| file.get("name")?.as_str().map(str::to_owned);
        names = done.filter_map(name).collect();
        names.len() == 4
    });
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("region=eu/hour=2/")),
        "{names:?}"
    );
    server.kill();
}

/// The metastore knows a table in a bucket by `s3a://`, whose files are in an object store.
#[test]
fn tables_may_lie_in_an_object_store() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let place = format!("s3a://{BUCKET}/tables/objects");
    let statements = format!(
        "create external table shop.objects (id bigint, text string) partitioned by (part int)
             row format delimited fields terminated by ',' location '{place}';
         alter table shop.objects add partition (part=1) partition (part=2)"
    );
    hive.run(&statements).expect("a table");
    let store = Seaweed::start().expect("an object store");
    for part in [1, 2] {
        let key = format!("tables/objects/part={part}/000000_0");
        let text = format!("{part},a\n1{part},b\n");
        store.put(&key, text.as_bytes()).expect("is put");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let options = store.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut command = ingest(directory.path(), &options, &[ONCE]);
    command.args(table(hive, "shop.objects"));
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let rows = [
        r#"{"id":1,"text":"a","part":1}"#,
        r#"{"id":11,"text":"b","part":1}"#,
        r#"{"id":12,"text":"b","part":2}"#,
        r#"{"id":2,"text":"a","part":2}"#,
    ];
    assert_eq!(lines(&directory.path().join("out")), rows, "{}", said.err);
}

/// Rows of each partition, and how many partitions there are in the end.
const ROWS: u64 = 3_000;
const PARTS: u64 = 8;

/// Adds a partition with a file of its own, which is there before.
fn add(hive: &Hive, part: u64) {
    let place = hive.directory().join("parts").join(format!("part={part}"));
    fs::create_dir_all(&place).expect("a directory");
    let rows: String = (0..ROWS)
        .map(|row| format!("{},text {row}\n", part * ROWS + row))
        .collect();
    fs::write(place.join("000000_0"), rows).expect("a file");
    let place = place.display();
    let statement =
        format!("alter table shop.watched add partition (part={part}) location 'file:{place}'");
    hive.run(&statement).expect("a partition");
}

#[test]
fn every_row_comes_once_whoever_dies_and_new_partitions_come() {
    let mut hive = hive();
    let hive = hive.as_mut().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let mut rounds = Rounds::begin(4);
    let watch = [
        "--source.watch.interval=100",
        "--source.file.settle=0",
        "--job.retry.maxNumberRestartAttempts=0",
    ];
    let watch = watch.iter().map(|text| (*text).to_owned());
    let parameters: Vec<String> = table(hive, "shop.watched")
        .into_iter()
        .chain(watch)
        .collect();
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let mut part = 0;
    for round in 0..rounds.count {
        let parallelism = rounds.next_parallelism(3).to_string();
        let latest = ["-p", &parallelism, "-s", "latest"];
        let options = if round > 0 { &latest[..] } else { &latest[..2] };
        if part < PARTS - 1 {
            add(hive, part);
            part += 1;
        }
        let mut job = Running::start(ingest(directory.path(), options, &parameters));
        job.await_log("Completed checkpoint");
        let how = rounds.wait_below(500);
        job.kill();
        println!("round {round}: killed at {how}");
    }
    let mut job = Running::start(ingest(
        directory.path(),
        &["-p", "2", "-s", "latest"],
        &parameters,
    ));
    job.await_log("Completed checkpoint");
    hive.kill_metastore();
    job.await_log("can't be looked at");
    hive.restart_metastore().expect("the metastore");
    while part < PARTS {
        add(hive, part);
        part += 1;
    }
    let out = directory.path().join("out");
    job.await_that("all rows", || lines(&out).len() as u64 >= PARTS * ROWS);
    job.suspend();
    let truth = (0..PARTS * ROWS).map(|id| {
        format!(
            "{{\"id\":{id},\"text\":\"text {}\",\"part\":{}}}",
            id % ROWS,
            id / ROWS
        )
    });
    assert_lines(&lines(&out), truth);
}
