//! A map has a value under what is equal to one of its keys, in brackets and in functions, and under nothing else.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float64Array, Int32Array, MapArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields};
use millstream_sql::Query;

use crate::support::{all_give, json, refused, run};

const SCHEMA: &str =
    "struct<id:Int,l:BigInt,f:Double,m:Decimal(10,2),day:Date,ts:Timestamp,s:String>";
const ROW: &str = r#"{"id":1,"l":9007199254740993,"f":-0.0,"m":"1.50","day":"2024-01-02","ts":"2024-01-02T10:00:00","s":"k"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn what_is_looked_for_keeps_its_digits_and_its_time() {
    all(&[
        ("map_extract(map([m], [1]), '1.501')", "[null]"),
        ("map_extract(map([m], [1]), '1.5')", "[1]"),
        ("map_extract(map([m], [1]), 1.5)", "[1]"),
        ("map_extract(map([m], [1]), 1.501)", "[null]"),
        ("map_extract(map([day], [1]), ts)", "[null]"),
        ("map_extract(map([day], [1]), date_trunc('day', ts))", "[1]"),
        ("element_at(map([id], [1]), 1.4)", "[null]"),
        ("element_at(map([id], [1]), 1.0)", "[1]"),
        ("element_at(map([id], [1]), l)", "[null]"),
        ("map_extract(map([l], [1]), 9007199254740992.0)", "[null]"),
        ("map_extract(map([l], [1]), 9007199254740993)", "[1]"),
        ("map_extract(map([s], [1]), null)", "[null]"),
    ]);
}

#[test]
fn among_texts_a_number_and_a_day_are_looked_for_by_their_texts() {
    all(&[
        ("map_extract(map(['x', '1'], [1, 2]), 1)", "[2]"),
        ("map_extract(map(['x', '1'], [1, 2]), id)", "[2]"),
        ("element_at(map([s, '1'], [1, 2]), id)", "[2]"),
        ("element_at(map(['x', '1'], [1, 2]), id + 1)", "[null]"),
        ("map(['x', '1'], [1, 2])[id]", "2"),
        ("map(['x', '1.50'], [1, 2])[m]", "2"),
        ("map(['x', '2024-01-02'], [1, 2])[day]", "2"),
        (
            "map_extract(map(['x', '2024-01-02'], [1, 2]), date '2024-01-02')",
            "[2]",
        ),
        ("map(['x', '2024-01-02 10:00:00'], [1, 2])[ts]", "2"),
        ("map_extract(map(['x', 'true'], [1, 2]), id = 1)", "[2]"),
        (
            "map(['x', '1'], [1, 2])[case when f = 0.0 then id else 2 end]",
            "2",
        ),
        (
            "array_transform([1, 2], x -> map(['x', '1'], [1, 2])[x])",
            "[2,null]",
        ),
    ]);
}

#[test]
fn what_a_case_looks_for_is_told_once_for_each_record() {
    let rows = vec![ROW; 200].join("\n");
    let key = "case when random() < 0.5 then 'a' else 'b' end";
    let sql = format!("select map(['a', 'b'], [1, 1])[{key}] as v from t1");
    let found = run(SCHEMA, &rows, &sql);
    assert_eq!(found.len(), 200);
    assert!(found.iter().all(|row| row == "{\"v\":1}"), "{found:?}");
    all(&[(
        "map([id, l], ['a', 'b'])[case when s = 'k' then l else 1.5 end]",
        "\"b\"",
    )]);
}

#[test]
fn brackets_find_the_same() {
    all(&[
        ("map([m], [1])[1.5]", "1"),
        ("map([m], [1])[1.501]", "null"),
        ("map([m], [1])['1.50']", "1"),
        ("map([day], [1])['2024-01-02']", "1"),
        ("map([day], [1])[day]", "1"),
        ("map([day], [1])[ts]", "null"),
        ("map([id], [7])[id]", "7"),
        ("map([id], [7])[id + 1]", "null"),
        ("map([id], [7])[l]", "null"),
        ("map(['k', 'j'], [1, 2])[s]", "1"),
        ("map(['k', 'j'], [1, 2])['j']", "2"),
        ("map([id], [7])[case when f = 0.0 then id else l end]", "7"),
        ("map([1], [map([s], [l])])[id][s]", "9007199254740993"),
        ("map(['k'], [1])[map([id], [s])[id]]", "1"),
        (
            "array_transform([1, 2], x -> map([id], ['a'])[x])",
            r#"["a",null]"#,
        ),
        ("map([[id]], [1])[[1]]", "1"),
    ]);
}

#[test]
fn paths_lead_through_maps() {
    all(&[
        (
            "get_field(named_struct('a', map([s], [id])), 'a', 'k')",
            "1",
        ),
        (
            "get_field(map([m], [named_struct('a', id)]), 1.5, 'a')",
            "1",
        ),
        (
            "named_struct('a', map([day], [id]))['a']['2024-01-02']",
            "1",
        ),
    ]);
}

#[test]
fn a_zero_of_either_sign_is_found_wherever_the_map_comes_from() {
    all(&[
        ("map(f, 1)[0.0]", "1"),
        ("map(0.0, 1)[f]", "1"),
        ("map_extract(map(f, 1), 0.0)", "[1]"),
        ("map_keys(map(f, 1))", "[0.0]"),
        ("coalesce(map([f], [1]), map([2.0], [1]))[-0.0]", "1"),
        ("[map([f], [1])][1][0.0]", "1"),
        (
            "map_extract(case when id = 1 then map([f], [1]) end, f)",
            "[1]",
        ),
        ("map([[f]], [1])[[0.0]]", "1"),
    ]);
    let said = refused(SCHEMA, "select map(0.0, 1, -0.0, 2) as x from t1");
    assert!(said.contains("map key must be unique"), "{said}");
}

#[test]
fn keys_and_values_are_given_as_they_are() {
    all(&[
        ("map_keys(map([m], [l]))", "[1.50]"),
        ("map_values(map([m], [l]))", "[9007199254740993]"),
        (
            "map_entries(map([s], [l]))",
            r#"[{"key":"k","value":9007199254740993}]"#,
        ),
    ]);
}

/// Maps of Doubles as files of columns have them: -0.0 and 1.0, none, null (with an entry under it), and 0.0.
fn maps() -> ArrayRef {
    let keys: ArrayRef = Arc::new(Float64Array::from(vec![-0.0, 1.0, 0.0, 0.0]));
    let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "hidden", "c"]));
    let fields = Fields::from(vec![
        Field::new("key", DataType::Float64, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    let entries = StructArray::new(fields, vec![keys, values], None);
    let field = Field::new("entries", Array::data_type(&entries).clone(), false);
    let ends = OffsetBuffer::from_lengths([2, 0, 1, 1]);
    let nulls = NullBuffer::from(vec![true, true, false, true]);
    Arc::new(MapArray::new(
        Arc::new(field),
        ends,
        entries,
        Some(nulls),
        false,
    ))
}

#[test]
fn maps_of_files_are_looked_through_row_by_row() {
    let wanted: ArrayRef = Arc::new(Int32Array::from(vec![1, 1, 0, 0]));
    let columns = [("mf", maps()), ("n", wanted)];
    let whole = RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    for (expression, expected) in [
        ("mf[0.0]", [r#""a""#, "null", "null", r#""c""#]),
        ("mf[-0.0]", [r#""a""#, "null", "null", r#""c""#]),
        ("mf[n]", [r#""b""#, "null", "null", r#""c""#]),
        (
            "map_extract(mf, n)",
            [r#"["b"]"#, "[null]", "[null]", r#"["c"]"#],
        ),
    ] {
        let sql = format!("select {expression} as v from t1");
        let query = Query::plan(&sql, "t1", whole.schema_ref()).unwrap();
        // Also of a part of the batch.
        for first in [0, 1] {
            let rows = whole.slice(first, 4 - first);
            let rows = rows.project(query.columns_needed()).unwrap();
            let expected = expected.iter().skip(first);
            let expected: Vec<String> = expected.map(|v| format!("{{\"v\":{v}}}")).collect();
            assert_eq!(json(&query.evaluate(&rows).unwrap()), expected, "{sql}");
        }
    }
}
