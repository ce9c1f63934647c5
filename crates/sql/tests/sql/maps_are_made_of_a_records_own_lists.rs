//! `map(keys, values)` takes the keys and the values of the same record, whatever the records around it have.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, LargeListArray, ListArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema};
use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, run};

const SCHEMA: &str = "struct<k:String,v:String>";
const MAPS: &str = "select map(arraySplit(k, '|'), arraySplit(v, '|')) as m from t1";

#[test]
fn lists_of_two_lengths_make_their_record_a_bad_one() {
    let query = plan(SCHEMA, MAPS);
    let rows = r#"{"k":"a","v":"1|2"}
{"k":"b","v":"3"}
{"k":"c","v":"4"}
{"k":"d|e","v":"5|6"}
{"k":"f|g","v":"7"}"#;
    let rows = batch(&parse_struct(SCHEMA).unwrap(), rows);
    let answer = query.evaluate_isolating(&rows).unwrap();
    let expected = [
        r#"{"m":{"b":"3"}}"#,
        r#"{"m":{"c":"4"}}"#,
        r#"{"m":{"d":"5","e":"6"}}"#,
    ];
    assert_eq!(json(&answer.rows), expected);
    let failures = answer.failures.iter();
    let failures: Vec<(usize, &str)> = failures.map(|it| (it.row, it.message.as_str())).collect();
    let same = "column `m`: map takes lists of the same length, and is given";
    let expected = [
        (0, format!("{same} 1 key and 2 values")),
        (4, format!("{same} 2 keys and 1 value")),
    ];
    assert_eq!(
        failures,
        expected.each_ref().map(|(row, said)| (*row, said.as_str()))
    );
}

#[test]
fn a_list_that_is_null_makes_no_map_and_moves_no_other() {
    let rows = r#"{"k":"a|b","v":"1|2"}
{"k":null,"v":"3|4"}
{"k":"c"}
{}
{"k":"","v":""}
{"k":"d","v":"5"}"#;
    let expected = [
        r#"{"m":{"a":"1","b":"2"}}"#,
        r#"{"m":null}"#,
        r#"{"m":null}"#,
        r#"{"m":null}"#,
        r#"{"m":{}}"#,
        r#"{"m":{"d":"5"}}"#,
    ];
    assert_eq!(run(SCHEMA, rows, MAPS), expected);
}

#[test]
fn constants_stand_beside_every_record() {
    let rows = "{\"k\":\"a|b\",\"v\":\"1|2\"}\n{\"k\":\"c|d\",\"v\":\"3|4\"}";
    for (maps, expected) in [
        (
            "map(arraySplit(k, '|'), ['x', 'y'])",
            [r#"{"a":"x","b":"y"}"#, r#"{"c":"x","d":"y"}"#],
        ),
        (
            "map(['x', 'y'], arraySplit(v, '|'))",
            [r#"{"x":"1","y":"2"}"#, r#"{"x":"3","y":"4"}"#],
        ),
        ("map(['x', 'y'], [1, 2])", [r#"{"x":1,"y":2}"#; 2]),
        (
            "map(['x'], [map_values(map(arraySplit(k, '|'), arraySplit(v, '|')))[2]])",
            [r#"{"x":"2"}"#, r#"{"x":"4"}"#],
        ),
    ] {
        let found = run(SCHEMA, rows, &format!("select {maps} as m from t1"));
        let expected = expected.map(|map| format!("{{\"m\":{map}}}"));
        assert_eq!(found, expected, "{maps}");
    }
    let said = refused(SCHEMA, "select map(['x', 'y'], ['1']) as m from t1");
    assert!(said.contains("2 keys and 1 value"), "{said}");
}

#[test]
fn no_key_is_null_or_there_twice() {
    let query = plan(
        SCHEMA,
        "select map([k, 'b'], [v, 'w']) as m, map(arraySplit(k, '|'), arraySplit(v, '|')) as n from t1",
    );
    let rows = r#"{"k":"a","v":"1"}
{"k":"b","v":"1"}
{"v":"1"}
{"k":"c|c","v":"1|2"}
{"k":"a","v":"1"}"#;
    let rows = batch(&parse_struct(SCHEMA).unwrap(), rows);
    let answer = query.evaluate_isolating(&rows).unwrap();
    assert_eq!(answer.origins().collect::<Vec<_>>(), [0, 4]);
    let failures = answer.failures.iter();
    let failures: Vec<(usize, &str)> = failures.map(|it| (it.row, it.message.as_str())).collect();
    assert_eq!(
        failures,
        [
            (
                1,
                "column `m`: map key must be unique, duplicate key found: b"
            ),
            (2, "column `m`: map key cannot be null"),
            (
                3,
                "column `n`: map key must be unique, duplicate key found: c"
            ),
        ]
    );
}

#[test]
fn parts_of_a_batch_have_their_own_values() {
    let lists = |first: i64| {
        let lists = (first..first + 4).map(|n| Some(vec![Some(n), Some(n + 10)]));
        lists.collect::<Vec<_>>()
    };
    let keys = [7, 8, 9, 5].map(|n| Some(vec![Some(n), Some(n + 10)]));
    let keys: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(keys));
    let large = LargeListArray::from_iter_primitive::<Int64Type, _, _>(lists(100));
    let fixed = FixedSizeListArray::from_iter_primitive::<Int64Type, _, _>(lists(200), 2);
    let columns: [(&str, ArrayRef); 3] = [
        ("k", keys),
        ("large", Arc::new(large)),
        ("fixed", Arc::new(fixed)),
    ];
    let whole = RecordBatch::try_from_iter(columns).unwrap();
    let schema: &Schema = whole.schema_ref();
    for (values, expected) in [
        ("large", ["101 111", "102 112"]),
        ("fixed", ["201 211", "202 212"]),
    ] {
        let maps = format!("map(k, {values})");
        let sql = format!(
            "select concat({maps}[8], ' ', {maps}[18]) as x, concat({maps}[9], ' ', {maps}[19]) as y from t1"
        );
        let query = Query::plan(&sql, "t1", schema).unwrap();
        let answer = query.evaluate(&whole.slice(1, 2).project(query.columns_needed()).unwrap());
        let [first, second] = expected;
        let expected = [
            format!("{{\"x\":\"{first}\",\"y\":\" \"}}"),
            format!("{{\"x\":\" \",\"y\":\"{second}\"}}"),
        ];
        assert_eq!(json(&answer.unwrap()), expected, "{values}");
    }
}
