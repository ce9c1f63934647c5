use serde_json::{Map, Value, json};

use super::{check, types, wildcard};

/// Indices by their names, with the alias `both` marked as said.
fn indices(marks: &[Value]) -> Map<String, Value> {
    let index = |mark: &Value| json!({"aliases": {"other": {}, "both": mark}, "mappings": {}});
    let all = marks.iter().enumerate();
    all.map(|(number, mark)| (format!("i{number}"), index(mark)))
        .collect()
}

#[test]
fn an_alias_is_written_where_one_of_its_indices_is() {
    let (none, yes, no) = (
        json!({}),
        json!({"is_write_index": true}),
        json!({"is_write_index": false}),
    );
    for (marks, is_written) in [
        (vec![], true),
        (vec![none.clone()], true),
        (vec![yes.clone()], true),
        (vec![no.clone()], false),
        (vec![none.clone(), none.clone()], false),
        (vec![none.clone(), no], false),
        (vec![none, yes], true),
    ] {
        let told = check("both", &indices(&marks));
        assert_eq!(told.is_ok(), is_written, "{marks:?}");
    }
    // The names of aliases are not shown.
    let hidden = json!({"a": {"aliases": {}}, "b": {}});
    let hidden = hidden.as_object().expect("indices");
    assert!(check("both", hidden).is_ok());
}

#[test]
fn a_data_stream_is_not_written() {
    let found = json!({".ds-logs-000001": {"aliases": {}, "data_stream": "logs"}});
    let told = check("logs", found.as_object().expect("indices"));
    let told = told.expect_err("a data stream").to_string();
    assert!(told.contains("logs stands for a data stream"), "{told}");
}

#[test]
fn a_pattern_finds_what_it_may_write() {
    for (pattern, wanted) in [
        ("orders", "orders"),
        ("orders-{city}", "orders-*"),
        ("{city}-{day|yyyy.MM}-x", "*-*-x"),
        ("o-{now()|yyyy}", "o-*"),
    ] {
        assert_eq!(wildcard(pattern), wanted);
    }
}

#[test]
fn every_type_is_found() {
    let mappings = json!({"_default_": {}, "order": {"properties": {}}, "item": {}});
    let mut found: Vec<&str> = types(&mappings).collect();
    found.sort_unstable();
    assert_eq!(found, ["item", "order"]);
    assert_eq!(types(&Value::Null).count(), 0);
}
