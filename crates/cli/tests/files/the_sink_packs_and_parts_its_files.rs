//! `sink.file.compression` and `sink.partition.columns`: files that gunzip, zstd and the sources read, in directories as Hive
//! has them, each record there once behind kills; and `sink.format` orc, which our source reads back.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::common::running::{self, Running, Said};
use crate::common::{ONCE, ingest, lines, put};

const INPUT: &str = "id,day,city,amount\n\
    1,2024-02-29,Rome,1.5\n\
    2,2024-02-29,\"a/b:c\",2.5\n\
    3,,Rome,3.5\n\
    4,2024-03-01,\"\",4.5\n";

const SOURCE: [&str; 6] = [
    "--source.type=csv",
    "--source.firstLine.schema=true",
    "--stream.sql.enable=true",
    "--stream.sql.schema=struct<id:BigInt,day:Date,city:String,amount:Double>",
    "--sink.type=file",
    "--sink.path=out",
];

fn run(directory: &Path, parameters: &[&str]) -> Said {
    put(directory, "in/a.csv", INPUT);
    let parameters = [&SOURCE[..], &[ONCE], parameters].concat();
    running::run(ingest(directory, &[], &parameters))
}

/// The visible files below a directory by their paths, without their own names.
fn files(directory: &Path, below: &str, found: &mut BTreeMap<String, Vec<Vec<u8>>>) {
    for entry in fs::read_dir(directory.join(below)).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        if entry.path().is_dir() {
            files(directory, &format!("{below}{name}/"), found);
        } else if !name.starts_with('.') {
            let content = fs::read(entry.path()).expect("readable");
            found.entry(below.to_owned()).or_default().push(content);
        }
    }
}

#[test]
fn packed_files_are_read_by_everybody() {
    for (codec, ending) in [("gzip", ".json.gz"), ("zstd", ".json.zst")] {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path();
        let compression = format!("--sink.file.compression={codec}");
        let said = run(directory, &[&compression]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let entry = fs::read_dir(directory.join("out")).expect("output").next();
        let path = entry.expect("a file").expect("a file").path();
        assert!(
            path.to_string_lossy().ends_with(ending),
            "{}",
            path.display()
        );
        let bytes = fs::read(&path).expect("readable");
        let mut text = String::new();
        if codec == "gzip" {
            let mut unpacked = flate2::read::GzDecoder::new(bytes.as_slice());
            unpacked.read_to_string(&mut text).expect("gzip");
        } else {
            let unpacked = zstd::decode_all(bytes.as_slice()).expect("zstd");
            text = String::from_utf8(unpacked).expect("text");
        }
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.starts_with(r#"{"id":1,"day":"2024-02-29","city":"Rome","amount":1.5}"#));
        // Our own source takes them, too: each line is a field.
        let said = running::run(ingest(
            directory,
            &[],
            &[
                ONCE,
                "--job.name=back",
                "--source.type=txt",
                "--source.path=out",
                "--source.quote=none",
                "--source.field.delimiter=|",
                "--sink.type=print",
            ],
        ));
        assert_eq!(said.out.lines().count(), 4, "{} {}", said.out, said.err);
    }
    let said = run(
        tempfile::tempdir().expect("a directory").path(),
        &["--sink.file.compression=gzip", "--sink.format=parquet"],
    );
    assert!(
        said.error().contains("parquet compresses what is in it"),
        "{}",
        said.err
    );
}

#[test]
fn values_name_directories() {
    let place = tempfile::tempdir().expect("a directory");
    let said = run(place.path(), &["--sink.partition.columns=day,city"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut found = BTreeMap::new();
    files(&place.path().join("out"), "", &mut found);
    let texts = found.iter().map(|(path, contents)| {
        let contents = contents
            .iter()
            .map(|content| String::from_utf8_lossy(content));
        format!("{path} {}", contents.collect::<String>().trim_end())
    });
    assert_eq!(
        texts.collect::<Vec<_>>(),
        [
            r#"day=2024-02-29/city=Rome/ {"id":1,"amount":1.5}"#,
            r#"day=2024-02-29/city=a%2Fb%3Ac/ {"id":2,"amount":2.5}"#,
            r#"day=2024-03-01/city=__HIVE_DEFAULT_PARTITION__/ {"id":4,"amount":4.5}"#,
            r#"day=__HIVE_DEFAULT_PARTITION__/city=Rome/ {"id":3,"amount":3.5}"#,
        ]
    );
    let refused = run(place.path(), &["--sink.partition.columns=dey"]);
    let words = "sink.partition.columns: there is no column `dey`";
    assert!(refused.error().contains(words), "{}", refused.err);
}

#[test]
fn parted_records_are_there_once_behind_kills() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let start = |options: &[&str], parameters: &[&str]| {
        let parameters = [
            &SOURCE[..],
            &[
                "--sink.partition.columns=city",
                "--stream.sql=select id, concat('c', cast(id % 7 as string)) as city from t1",
            ],
            parameters,
        ]
        .concat();
        Running::start(ingest(directory, options, &parameters))
    };
    for round in 0..3 {
        let rows = (round * 20_000..(round + 1) * 20_000).map(|id| format!("{id},,x,\n"));
        let text = format!("id,day,city,amount\n{}", rows.collect::<String>());
        put(directory, &format!("in/{round}.csv"), text);
        let parallelism = (1 + round % 2).to_string();
        let mut options = vec!["-p", parallelism.as_str()];
        if round > 0 {
            options.extend(["-s", "latest"]);
        }
        let mut running = start(&options, &[]);
        running.await_checkpoint();
        running.kill();
    }
    let said = start(&["-p", "2", "-s", "latest"], &[ONCE]).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut found = Vec::new();
    for city in 0..7 {
        let lines = lines(&directory.join(format!("out/city=c{city}")));
        for line in lines {
            let id = line.trim_start_matches("{\"id\":").trim_end_matches('}');
            let id: u64 = id.parse().expect("a number");
            assert_eq!(id % 7, city, "{line}");
            found.push(id);
        }
    }
    found.sort_unstable();
    assert!(
        found == (0..60_000).collect::<Vec<_>>(),
        "{} records",
        found.len()
    );
    let hidden = fs::read_dir(directory.join("out"))
        .expect("output")
        .flatten();
    let mut hidden = hidden.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert!(hidden.next().is_none(), "nothing is left behind");
}

/// The rows of ORC in a directory, as our source reads them.
fn orc_rows(directory: &Path) -> Vec<String> {
    let back = [
        ONCE,
        "--job.name=back",
        "--source.type=orc",
        "--source.path=out",
        "--sink.type=print",
    ];
    let said = running::run(ingest(directory, &[], &back));
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.out.lines().map(str::to_owned).collect()
}

#[test]
fn orc_is_read_back() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let said = run(directory, &["--sink.format=orc"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let rows = orc_rows(directory);
    let first = r#"{"id":1,"day":"2024-02-29","city":"Rome","amount":1.5}"#;
    assert_eq!(rows.first().map(String::as_str), Some(first));
    assert_eq!(rows.len(), 4, "{rows:?}");
}

#[test]
fn orc_holds_what_sql_makes() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let sql = "--stream.sql=select cast(0 - amount as decimal(38,10)) as exact, [city, null] as list, map([city],[id]) as map, \
        struct(id, day) as parts, cast('1969-12-31 23:59:58.25' as timestamp) as at from t1 where id in (1, 3)";
    let said = run(directory, &["--sink.format=orc", sql]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = [
        r#"{"exact":-1.5000000000,"list":["Rome",null],"map":{"Rome":1},"parts":{"c0":1,"c1":"2024-02-29"},"at":"1969-12-31 23:59:58.250"}"#,
        r#"{"exact":-3.5000000000,"list":["Rome",null],"map":{"Rome":3},"parts":{"c0":3,"c1":null},"at":"1969-12-31 23:59:58.250"}"#,
    ];
    assert_eq!(orc_rows(directory), expected);
}

#[test]
fn a_time_that_orc_has_not_is_a_bad_record() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let sql = "--stream.sql=select id, cast(concat('1969-12-31 23:59:5', cast(7 + id as string), '.5') as timestamp) as at from t1 where id < 3";
    let said = run(
        directory,
        &[
            "--sink.format=orc",
            "--error.policy=dead-letter",
            "--error.dead-letter.path=dead",
            sql,
        ],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        orc_rows(directory),
        [r#"{"id":1,"at":"1969-12-31 23:59:58.500"}"#]
    );
    let dead = lines(&directory.join("dead"));
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert!(
        dead[0].contains("column `at`: parts of the last second before 1970"),
        "{dead:?}"
    );
}

#[test]
fn a_value_that_no_directory_can_be_named_by_is_a_bad_record() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let long = "x".repeat(300);
    let input = format!("id,day,city,amount\n1,2024-02-29,Rome,1.5\n2,2024-02-29,{long},2.5\n");
    put(directory, "in/a.csv", input);
    let parted = ["--sink.partition.columns=city", ONCE];
    let policy = [
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
        "--stream.sql=select id, city from t1",
    ];
    let parameters = [&SOURCE[..], &parted, &policy].concat();
    let said = running::run(ingest(directory, &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.join("out/city=Rome")), ["{\"id\":1}"]);
    let dead = lines(&directory.join("dead"));
    assert_eq!(dead.len(), 1);
    assert!(
        dead[0].contains("a directory's name of 305 bytes"),
        "{dead:?}"
    );
}

#[test]
fn what_waits_for_room_in_the_parts_is_counted_where_it_is_committed() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let rows: String = (0..20_000).map(|id| format!("{id},{}\n", id % 3)).collect();
    put(directory, "in/a.csv", rows);
    let parameters = [
        "--source.type=csv",
        "--stream.sql.enable=true",
        "--stream.sql.schema=struct<id:Int,p:Int>",
        "--stream.sql=select id, p from t1",
        "--sink.type=file",
        "--sink.path=out",
        "--sink.rolling.size=4kb",
        "--sink.partition.columns=p",
    ];
    let mut running = Running::start(ingest(directory, &[], &parameters));
    running.await_checkpoint();
    running.kill();
    let once = [&parameters[..], &[ONCE]].concat();
    let said = running::run(ingest(directory, &["-s", "latest"], &once));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let equation = "20000 read = 20000 written";
    assert!(said.err.contains(equation), "{}", said.err);
    let mut found = BTreeMap::new();
    files(&directory.join("out"), "", &mut found);
    let lines = found.values().flatten().flatten();
    assert_eq!(lines.filter(|byte| **byte == b'\n').count(), 20_000);
}
