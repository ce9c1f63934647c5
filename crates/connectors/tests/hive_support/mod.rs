//! HiveServer2 for the tests of a file, and what reads from it.

#![allow(dead_code, reason = "no test needs all of it")]

pub(crate) mod relay;

use std::fs;
use std::sync::OnceLock;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use millstream_connectors::conformance::{SourceJob, TakenSnapshot};
use millstream_connectors::hive::{
    ExactlyOnce, HiveSource, HiveSourceOptions, HiveUrl, Login, SplitBy, What,
};
use millstream_connectors::rows::Parsed;
use millstream_core::Result;
use millstream_engine::connector::Source;
use millstream_services::hive::Hive;

/// Rows of the table `numbers`.
pub(crate) const ROWS: i64 = 1_500;

/// The server that the tests of a file share, with its tables.
pub(crate) fn server() -> &'static Hive {
    static SERVER: OnceLock<Hive> = OnceLock::new();
    SERVER.get_or_init(|| {
        let hive = Hive::start().expect("HiveServer2");
        let write = |name: &str, text: &str| {
            fs::write(hive.directory().join(name), text).expect("a file of a table");
        };
        let numbers: String = (0..ROWS).map(|id| format!("{id},name {}\n", id % 7)).collect();
        write("numbers.csv", &numbers);
        write("kinds.csv", KINDS);
        write("days.csv", "1,2020-01-01\n2,2020-01-02\n3,2020-01-03\n4,\\N\n5,2020-01-02\n");
        let home = hive.directory().display();
        let placed = PLACED.map(|(part, region, ids)| {
            let name = format!("placed-{part}-{region}.csv");
            write(&name, ids);
            format!("load data local inpath '{home}/{name}' into table placed partition (part={part}, region='{region}');\n")
        });
        let load = |name: &str| format!("load data local inpath '{home}/{name}.csv' into table {name};\n");
        let statements = [
            "create table numbers (id bigint, name string) row format delimited fields terminated by ',';\n",
            "create table days (id int, day date) row format delimited fields terminated by ',';\n",
            "create table placed (id bigint) partitioned by (part int, region string) row format delimited fields terminated by ',';\n",
            KINDS_TABLE,
            &load("numbers"),
            &load("days"),
            &load("kinds"),
            &placed.concat(),
        ];
        hive.run(&statements.concat()).expect("tables");
        hive
    })
}

/// The partitions of the table `placed`, and the rows of each.
const PLACED: [(u32, &str, &str); 4] = [
    (1, "eu", "1\n2\n"),
    (1, "us", "3\n"),
    (2, "eu", "4\n"),
    (7, "asia", "5\n6\n"),
];

/// A column of each type.
const KINDS_TABLE: &str = "create table kinds (b boolean, ti tinyint, si smallint, i int, bi bigint, f float, d double, \
    de decimal(20,4), s string, vc varchar(10), c char(5), ts timestamp, da date, bin binary, ar array<int>, \
    ma map<string,int>, st struct<a:int,b:string>) row format delimited fields terminated by '|' \
    collection items terminated by ',' map keys terminated by ':';\n";

const KINDS: &str = "\
true|-128|-32768|-2147483648|-9223372036854775808|1.5|0.1|1234567890123456.7891|text, \"quoted\"|varchar|char|2020-01-02 03:04:05.123456789|2020-02-29|AP8=|1,2|k:1,l:2|7,seven
\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N
false|127|32767|2147483647|9223372036854775807|-0.25|1e300|-0.0001|数据||a|0001-01-01 00:00:00|9999-12-31||3||8,eight
";

/// What reads a query.
pub(crate) fn options(hive: &Hive, more: &str, query: &str) -> HiveSourceOptions {
    at(
        &format!("jdbc:hive2://{}/default{more}", hive.address()),
        query,
    )
}

/// What reads a query of the server at an address.
pub(crate) fn at(url: &str, query: &str) -> HiveSourceOptions {
    let url = HiveUrl::parse(url).expect("an address");
    HiveSourceOptions {
        login: Login::new(Some("test".to_owned()), Some("secret".to_owned()), &url),
        url,
        query: What::Query(query.to_owned()),
        fetch: None,
        exactly_once: ExactlyOnce::Require,
        split: None,
    }
}

/// Rows are split by a column.
pub(crate) fn split(column: &str, parts: u32, bounds: Option<(&str, &str)>) -> SplitBy {
    SplitBy {
        column: column.to_owned(),
        parts: Some(parts),
        lower: bounds.map(|(lower, _)| lower.to_owned()),
        upper: bounds.map(|(_, upper)| upper.to_owned()),
    }
}

/// The source that `options` describe.
pub(crate) fn source(options: HiveSourceOptions) -> Box<dyn Source<Parsed>> {
    Box::new(HiveSource::new(options).expect("a source"))
}

/// The first column of rows, which holds whole numbers of 64 bits.
pub(crate) fn ids(parsed: Parsed) -> Vec<i64> {
    match parsed {
        Parsed::Rows(rows) => {
            let ids = rows.batch.column(0).as_primitive::<Int64Type>();
            assert_eq!(rows.origin.offsets.len(), ids.len());
            ids.values().to_vec()
        }
        other => unreachable!("no rows: {other:?}"),
    }
}

/// Everything that a source hands out.
pub(crate) fn read(
    options: HiveSourceOptions,
    parallelism: usize,
    restored: Option<(&SourceJob, &TakenSnapshot)>,
) -> Result<Vec<Parsed>> {
    let source = HiveSource::new(options)?;
    let own = SourceJob::default();
    let (job, snapshot) = match restored {
        Some((job, snapshot)) => (job, Some(snapshot)),
        None => (&own, None),
    };
    job.attempt(&source, parallelism, snapshot)?
        .read_until(|_| false)
}
