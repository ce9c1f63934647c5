//! Files of columns that other programs wrote (see `columns_files/README.md`): every type is read as the table in
//! `docs/guide/columns.md` says, whatever the codec.

use crate::columns_support::{format_of, lines, source, written_by_others};
use crate::files_source_support::Attempt;
use millstream_connectors::rows::Parsed;

/// The rows of a file as JSON, and the types as which its columns are read.
fn read(name: &str) -> (Vec<String>, Vec<String>) {
    let source = source(&written_by_others(name), format_of(name), |_| {});
    let schema = source.batch_schema().expect("a file has told it");
    let types = schema.fields().iter();
    let types = types.map(|field| format!("{}: {}", field.name(), field.data_type()));
    let parsed: Vec<Parsed> = Attempt::start(&source, 1).read_to_end().expect("is read");
    (lines(&parsed, false), types.collect())
}

#[test]
fn every_codec_gives_the_same_rows() {
    let (truth, types) = read("pyarrow-none.parquet");
    assert_eq!(truth.len(), 50);
    assert_eq!(
        truth[49],
        r#"{"id":49,"name":"name-000049","mixed":31,"day":"2020-01-01"}"#
    );
    for codec in ["snappy", "gzip", "brotli", "lz4", "zstd"] {
        let file = format!("pyarrow-{codec}.parquet");
        assert_eq!(read(&file), (truth.clone(), types.clone()), "{file}");
    }
    for codec in ["uncompressed", "zlib", "snappy", "lz4", "zstd"] {
        let file = format!("pyarrow-{codec}.orc");
        assert_eq!(read(&file), (truth.clone(), types.clone()), "{file}");
    }
}

/// What stands in every row of one column.
fn column(rows: &[String], name: &str) -> String {
    let cells = rows.iter().map(|row| {
        let (_, behind) = row.split_once(&format!("\"{name}\":")).expect("a column");
        let end = behind.find(",\"").unwrap_or(behind.len() - 1);
        behind[..end].to_owned()
    });
    cells.collect::<Vec<_>>().join(" ")
}

/// Columns whose values hold no other names: what stands in them, and the types as which they are read.
const PLAIN: &[(&str, &str, &str)] = &[
    ("bool", "Boolean", "true false null true"),
    ("i8", "Int8", "-128 127 null 0"),
    (
        "i64",
        "Int64",
        "-9223372036854775808 9223372036854775807 null 0",
    ),
    ("f32", "Float32", "0.5 -1.25 null null"),
    ("f64", "Float64", "0.1 -1e+300 null null"),
    (
        "dec",
        "Decimal128(20, 2)",
        "123456789012345678.91 -0.01 null 0.00",
    ),
    (
        "dec38",
        "Decimal128(38, 10)",
        "1.0000000001 -9999999999999999999999999999.9999999999 null 0.0000000000",
    ),
    (
        "day",
        "Date32",
        r#""2024-02-29" "1582-10-04" null "9999-12-31""#,
    ),
    ("text", "Utf8", r#""ä\"\n" "" null "x""#),
    ("bytes", "Binary", r#""AP8=" "" null "YWJj""#),
    ("list", "List(Int32)", "[1,null,3] [] null [4]"),
];

/// Those that ORC has no types for.
const PARQUET: &[(&str, &str, &str)] = &[
    (
        "us",
        "Timestamp(µs)",
        r#""2024-02-03 04:05:06.789123" "0001-02-03 04:05:06.789123" null "9999-02-03 04:05:06.789123""#,
    ),
    (
        "utc",
        "Timestamp(µs)",
        r#""2024-02-03 04:05:06.789123" "1700-02-03 04:05:06.789123" null "2200-02-03 04:05:06.789123""#,
    ),
    ("u8", "UInt8", "0 255 null 1"),
    ("u64", "UInt64", "0 18446744073709551615 null 1"),
    ("f16", "Float32", "0.5 -1.0 null 2.0"),
    ("dec9", "Decimal128(9, 1)", "1.5 -9999999.9 null 0.0"),
    ("dec50", "Decimal256(50, 1)", "1.5 -2.5 null 0.0"),
    (
        "time",
        "Time64(µs)",
        r#""01:02:03.456" "00:00:00" null "23:59:59""#,
    ),
    ("dictionary", "Utf8", r#""a" "b" null "a""#),
    ("large", "Utf8", r#""a" "b" null "c""#),
    (
        "fixed",
        "Binary",
        r#""MTIzNA==" "NTY3OA==" null "OTAxMg==""#,
    ),
    ("nothing", "Utf8", "null null null null"),
];

const ORC: &[(&str, &str, &str)] = &[
    (
        "us",
        "Timestamp(µs)",
        r#""2024-02-03 04:05:06.789123" "0001-02-03 04:05:06" null "9999-02-03 04:05:06.789123""#,
    ),
    (
        "utc",
        "Timestamp(µs)",
        r#""2024-02-03 04:05:06.789123" "1700-02-03 04:05:06" null "2200-02-03 04:05:06.789123""#,
    ),
];

#[test]
fn every_type_is_read_as_the_table_says() {
    for (file, more) in [
        ("pyarrow-types.parquet", PARQUET),
        ("pyarrow-types-v1.parquet", PARQUET),
        ("pyarrow-types.orc", ORC),
    ] {
        let (rows, types) = read(file);
        for (name, data_type, cells) in PLAIN.iter().chain(more) {
            assert_eq!(column(&rows, name), *cells, "{file}: {name}");
            let told = format!("{name}: {data_type}");
            assert!(types.contains(&told), "{file}: {told} is none of {types:?}");
        }
        for nested in [
            r#""struct":{"a":1,"b":"x"},"map":{"k":1,"l":null},"deep":[{"m":{"1":["u"]}}]"#,
            r#""struct":{"a":null,"b":null},"map":{},"deep":[null]"#,
            r#""struct":null,"map":null,"deep":null"#,
        ] {
            let found = rows.iter().any(|row| row.contains(nested));
            assert!(found, "{file}: {nested} is in none of {rows:?}");
        }
    }
}

/// The reader looks at the header of the next page to find out where a row ends, and reads that page afterwards.
#[test]
fn lists_go_over_pages_of_which_no_index_tells() {
    for file in ["none-1.0", "none-2.0", "zstd-1.0", "zstd-2.0"] {
        let (rows, _) = read(&format!("pyarrow-lists-{file}.parquet"));
        assert_eq!(rows.len(), 3_000, "{file}");
        for (id, row) in rows.iter().enumerate() {
            let items: Vec<_> = (id..id + id % 5).map(|item| item.to_string()).collect();
            let list = match id % 7 {
                0 => "null".to_owned(),
                _ => format!("[{}]", items.join(",")),
            };
            assert_eq!(row, &format!(r#"{{"id":{id},"list":{list}}}"#), "{file}");
        }
    }
}

#[test]
fn timestamps_of_older_writers_reach_every_year() {
    let (rows, types) = read("pyarrow-int96.parquet");
    assert_eq!(types, ["old: Timestamp(µs)"]);
    assert_eq!(
        rows,
        [
            r#"{"old":"2024-02-03 04:05:06.789123"}"#,
            r#"{"old":"0001-02-03 04:05:06.789123"}"#,
            r#"{"old":null}"#,
            r#"{"old":"9999-02-03 04:05:06.789123"}"#,
        ]
    );
}

#[test]
fn duckdb_is_read_too() {
    let (rows, _) = read("duckdb.parquet");
    assert_eq!(rows.len(), 2_100);
    let last = &rows[2_099];
    let begins = r#"{"id":2099,"name":"name-2099","amount":2099.250,"list":[2099,2100],"struct":{"a":2099,"b":"x"},"map":{"k":2099},"day":"2029-09-30","at":"2024-03-28 11:00:00","uuid":""#;
    assert!(
        last.starts_with(begins) && last.ends_with(r#"==","flag":false}"#),
        "{last}"
    );
}

/// What parquet-java has written: INT96, decimals in all four of their forms, lists in all of theirs, times of every unit.
#[test]
fn parquet_java_is_read_too() {
    let truth = [
        r#"{"id":0,"old":"2024-02-29 04:05:06.789123","small":12345.67,"medium":123456789012345.678,"fixed":9999999999999999999999999999.9999999999,"free":123456789012345678901234.5678,"text":"ä\"","kind":"A","day":"2024-02-29","ms":"2024-02-03 04:00:00.123","utc":"2024-02-03 04:00:00.123456","ns":"2024-02-03 04:00:00.123456789","list":[1,null],"bag":["x",null],"two":[7,8],"bare":[1,2],"map":{"k":1,"l":null},"deep":[{"a":1,"m":{"5":[0.5]}},null]}"#,
        r#"{"id":1,"old":"1900-01-01 00:00:00","small":-0.01,"medium":-0.001,"fixed":-1.0000000000,"free":-0.0005,"text":"","kind":"A","day":"1600-01-01","ms":"1969-12-31 23:59:59.999","utc":"1969-12-31 23:59:59.999999","ns":"1969-12-31 23:59:59.999999999","list":[],"bag":[],"two":[],"bare":[],"map":{},"deep":[]}"#,
        r#"{"id":2,"old":null,"small":null,"medium":null,"fixed":null,"free":null,"text":null,"kind":null,"day":null,"ms":null,"utc":null,"ns":null,"list":null,"bag":null,"two":null,"bare":[],"map":null,"deep":null}"#,
    ];
    for file in ["java-types-v1.parquet", "java-types-v2.parquet"] {
        let (rows, types) = read(file);
        assert_eq!(rows, truth, "{file}");
        for told in [
            "old: Timestamp(µs)",
            "small: Decimal128(9, 2)",
            "medium: Decimal128(18, 3)",
            "fixed: Decimal128(38, 10)",
            "free: Decimal128(30, 4)",
            "text: Utf8",
            "kind: Utf8",
            "ms: Timestamp(ms)",
            "utc: Timestamp(µs)",
            "ns: Timestamp(ns)",
        ] {
            assert!(
                types.contains(&told.to_owned()),
                "{file}: {told} is none of {types:?}"
            );
        }
    }
}

/// What ORC's own writer has written in New York: a timestamp is the time of the clock there, an instant that of UTC.
#[test]
fn orc_java_is_read_too() {
    let truth = [
        r#"{"flag":true,"tiny":-128,"small":-32768,"int":-2147483648,"id":-9223372036854775808,"f32":0.5,"f64":0.1,"dec":1234567890123456789012345678.0123456789,"money":12345678.90,"text":"ä\"","fixed":"ab   ","short":"xyz","bytes":"AH8=","day":"2024-02-29","at":"2024-07-01 12:30:00.123456","instant":"2024-07-01 12:30:00.123456","list":[1,null],"map":{"k":1,"l":null},"struct":{"a":1,"b":["u"]}}"#,
        r#"{"flag":false,"tiny":127,"small":32767,"int":2147483647,"id":9223372036854775807,"f32":-1.25,"f64":-1e+300,"dec":-0.0000000001,"money":-0.01,"text":"","fixed":"abcde","short":"","bytes":"","day":"1900-01-01","at":"1969-12-31 23:59:59.500","instant":"1969-12-31 23:59:58.500","list":[],"map":{},"struct":{"a":2,"b":[]}}"#,
        r#"{"flag":null,"tiny":null,"small":null,"int":null,"id":null,"f32":null,"f64":null,"dec":null,"money":null,"text":null,"fixed":null,"short":null,"bytes":null,"day":null,"at":null,"instant":null,"list":null,"map":null,"struct":null}"#,
    ];
    for file in ["java-types-none.orc", "java-types-zlib.orc"] {
        let (rows, types) = read(file);
        assert_eq!(rows, truth, "{file}");
        for told in [
            "dec: Decimal128(38, 10)",
            "fixed: Utf8",
            "at: Timestamp(µs)",
            "instant: Timestamp(µs)",
        ] {
            assert!(
                types.contains(&told.to_owned()),
                "{file}: {told} is none of {types:?}"
            );
        }
    }
}

#[test]
fn a_column_of_a_union_is_left_out() {
    let file = written_by_others("java-union.orc");
    let whole = source(&file, format_of("java-union.orc"), |_| {});
    let error = whole.clone().with_all_columns().expect_err("a union");
    let words = "column `either` has the type Union";
    assert!(error.message().starts_with(words), "{error}");
    let id = whole.with_projection(vec![0]).expect("can be read");
    let parsed: Vec<Parsed> = Attempt::start(&id, 1).read_to_end().expect("is read");
    assert_eq!(lines(&parsed, false), [r#"{"id":0}"#, r#"{"id":1}"#]);
}
