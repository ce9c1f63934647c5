//! Tables of Hive that the metastore knows by `hdfs://` are read from a real HDFS, with a partition that lies outside of the table's
//! directory: ORC and Parquet that Hive wrote, with types within types, and text.

use std::fs;
use std::path::Path;

use super::tables_of_hive_are_read_from_their_files::{hive, ingest, table};
use crate::common::{ONCE, lines, running};
use millstream_services::hdfs::Hdfs;
use millstream_services::hive::Hive;

const PLAIN: &str = "id int, amount float, code char(4), bytes binary";
const NESTED: &str = "numbers array<int>, words map<string,int>, pair struct<a:int,b:string>";

/// The fields of [`PLAIN`] and of [`NESTED`] in text of Hive.
const ROWS: [[&str; 2]; 3] = [
    ["1|0.1|ab|AP8=", "1,2|k:1,l:2|7,seven"],
    ["2|-1.25|abcd|dGV4dA==", "3|m:3|8,eight"],
    ["3|\\N|\\N|\\N", "\\N|\\N|\\N"],
];

/// The same in JSON.
const SAID: [[&str; 2]; 3] = [
    [
        r#""id":1,"amount":0.1,"code":"ab  ","bytes":"AP8=""#,
        r#""numbers":[1,2],"words":{"k":1,"l":2},"pair":{"a":7,"b":"seven"},"#,
    ],
    [
        r#""id":2,"amount":-1.25,"code":"abcd","bytes":"dGV4dA==""#,
        r#""numbers":[3],"words":{"m":3},"pair":{"a":8,"b":"eight"},"#,
    ],
    [
        r#""id":3,"amount":null,"code":null,"bytes":null"#,
        r#""numbers":null,"words":null,"pair":null,"#,
    ],
];

/// The places of both partitions of a table: in its directory, and elsewhere.
fn places(name: &str) -> [String; 2] {
    [
        format!("/tables/{name}/part=1"),
        format!("/elsewhere/{name}"),
    ]
}

/// Makes a table in HDFS with two partitions, each of which holds the file.
fn make(hive: &Hive, hdfs: &Hdfs, name: &str, columns: &str, format: &str, file: &[u8]) {
    let [within, elsewhere] = places(name);
    let statements = format!(
        "create external table shop.{name} ({columns}) partitioned by (part int) {format} location '{}';
         alter table shop.{name} add partition (part=1) location '{}' partition (part=2) location '{}'",
        hdfs.url(&format!("/tables/{name}")),
        hdfs.url(&within),
        hdfs.url(&elsewhere)
    );
    hive.run(&statements).expect("a table");
    for place in [within, elsewhere] {
        let path = format!("{place}/000000_0");
        hdfs.put(&path, file).expect("is put");
    }
}

/// The only file with rows that Hive wrote into a directory.
fn written(place: &Path) -> Vec<u8> {
    let entries = fs::read_dir(place).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_visible = |path: &Path| {
        let name = path.file_name().expect("a name");
        !name.to_string_lossy().starts_with(['.', '_'])
    };
    let mut files = paths.filter(|path| path.is_file() && is_visible(path));
    let file = files.next().expect("a file");
    assert_eq!(files.next(), None, "one file");
    fs::read(file).expect("bytes")
}

/// Has Hive write the rows on this machine, as each of both formats of columns.
fn columns(hive: &Hive) -> [(&'static str, Vec<u8>); 2] {
    let home = hive.directory().join("near");
    fs::create_dir(&home).expect("a directory");
    let rows: String = ROWS
        .iter()
        .map(|fields| format!("{}\n", fields.join("|")))
        .collect();
    fs::write(home.join("000000_0"), rows).expect("a file");
    let home = home.display().to_string();
    let statements = format!(
        "create external table shop.near ({PLAIN}, {NESTED}) row format delimited fields terminated by '|'
             collection items terminated by ',' map keys terminated by ':' location 'file:{home}';
         create external table shop.near_orc ({PLAIN}, {NESTED}) stored as orc location 'file:{home}-orc';
         create external table shop.near_parquet ({PLAIN}, {NESTED}) stored as parquet location 'file:{home}-parquet';
         from shop.near insert into table shop.near_orc select * insert into table shop.near_parquet select *"
    );
    hive.run(&statements).expect("tables");
    ["orc", "parquet"].map(|format| {
        let place = format!("{home}-{format}");
        (format, written(Path::new(&place)))
    })
}

/// What is to be read of a table with both partitions.
fn expected(is_nested: bool) -> Vec<String> {
    let row = |[plain, nested]: &[&str; 2], part: u32| {
        let nested = if is_nested { *nested } else { "" };
        format!("{{{plain},{nested}\"part\":{part}}}")
    };
    let both = SAID.iter().flat_map(|said| [row(said, 1), row(said, 2)]);
    let mut rows: Vec<String> = both.collect();
    rows.sort();
    rows
}

fn found(hive: &Hive, hdfs: &Hdfs, name: &str) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = ingest(directory.path(), &["-p", "2"], &[ONCE]);
    command
        .env("HADOOP_CONF_DIR", hdfs.configuration())
        .args(table(hive, &format!("shop.{name}")));
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{name}: {}", said.err);
    lines(&directory.path().join("out"))
}

#[test]
fn and_their_rows_are_those_that_hive_wrote() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let hdfs = Hdfs::start().expect("HDFS");
    let all = format!("{PLAIN}, {NESTED}");
    for (format, file) in columns(hive) {
        let (name, stored) = (format!("far_{format}"), format!("stored as {format}"));
        make(hive, &hdfs, &name, &all, &stored, &file);
    }
    let rows: String = ROWS.iter().map(|[plain, _]| format!("{plain}\n")).collect();
    let delimited = "row format delimited fields terminated by '|'";
    make(hive, &hdfs, "far_text", PLAIN, delimited, rows.as_bytes());
    let tables = [
        ("far_orc", true),
        ("far_parquet", true),
        ("far_text", false),
    ];
    for (name, is_nested) in tables {
        assert_eq!(found(hive, &hdfs, name), expected(is_nested), "{name}");
    }
}
