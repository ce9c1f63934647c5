//! Every line of the guide's table of Flink's and Hive's functions gives what stands in it.

use std::path::Path;

use crate::support::{run_into_sink, value};

const SCHEMA: &str =
    "struct<id:BigInt,name:String,tags:String,price:Double,bought:Timestamp,s:String>";
const ROW: &str =
    r#"{"id":1,"name":"Ann","tags":"new|paid","price":2.5,"bought":"2024-02-29T12:30:15.250"}"#;

#[test]
fn each_line_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/sql.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let section = guide
        .split("### Functions of Flink and Hive")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split(" | ").collect();
            let [_, here, gives] = cells.as_slice() else {
                panic!("{line}");
            };
            (
                here.trim_matches('`'),
                gives.trim_end_matches('|').trim().trim_matches('`'),
            )
        });
    let rows: Vec<(&str, &str)> = rows.collect();
    assert!(rows.len() > 35, "{}", rows.len());
    let wrong: Vec<_> = rows
        .iter()
        .map(|(here, gives)| {
            let found = run_into_sink(SCHEMA, ROW, &format!("select {here} as v from t1"));
            (here, format!("{{\"v\":{gives}}}"), found)
        })
        .filter(|(_, gives, found)| *found != [gives.as_str()])
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn they_are_right_of_records_too() {
    let row = r#"{"s":"{\"a\":[{\"b c\":\"x\"},null,12345678901234567890.10],\"t\":true}","name":"2024-02-29","id":2,"tags":"a,b"}"#;
    for (expression, expected) in [
        ("json_value(s, '$.a[0][''b c'']')", r#""x""#),
        (
            "json_value(s, 'lax $.a[2]')",
            r#""12345678901234567890.10""#,
        ),
        ("json_value(s, '$.t')", r#""true""#),
        ("json_value(s, '$.a')", "null"),
        ("json_value(s, '$.a[1]')", "null"),
        ("json_value(s, '$.nope.b')", "null"),
        ("json_value(s, '$.a[9]')", "null"),
        ("json_value(name, '$.a')", "null"),
        ("get_json_object(s, '$.a[0]')", r#""{\"b c\":\"x\"}""#),
        ("get_json_object(s, concat('$.', 't'))", r#""true""#),
        ("cast(json_value('{\"n\":7}', '$.n') as int) + 1", "8"),
        ("split_index(tags, ',', 0)", r#""a""#),
        ("split_index(tags, ',', id)", "null"),
        ("split_index(tags, ',', -1)", "null"),
        ("regexp_extract(tags, '(.),(.)', id)", r#""b""#),
        ("regexp_extract(tags, '[x-z]', 0)", "null"),
        ("regexp_extract(tags, '(.),(.)', null)", "null"),
        ("regexp_extract(tags, '.,')", r#""a,""#),
        ("IF(id = 1, 'one', 'more')", r#""more""#),
        ("unix_timestamp(name, 'yyyy-MM-dd')", "1709164800"),
        ("unix_timestamp(name, '%Y-%m-%d')", "1709164800"),
        (
            "from_unixtime(id, 'yyyy-MM-dd HH:mm:ss')",
            r#""1970-01-01 00:00:02""#,
        ),
        ("split_index('a|b', '|', id - 1)", r#""b""#),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}
