use serde_json::{Value, json};

use super::{blocked, one_type};

#[test]
fn the_mapping_of_the_one_type_is_found() {
    let properties = json!({"properties": {"a": {"type": "long"}}});
    for (mappings, mapping, doc_type) in [
        (properties.clone(), properties.clone(), None),
        (
            json!({"order": properties}),
            properties.clone(),
            Some("order"),
        ),
        (
            json!({"_default_": {}, "order": properties}),
            properties.clone(),
            Some("order"),
        ),
        (
            json!({"dynamic": "strict"}),
            json!({"dynamic": "strict"}),
            None,
        ),
        (json!({}), json!({}), None),
        (Value::Null, Value::Null, None),
    ] {
        let found = one_type(mappings);
        assert_eq!(found, (mapping, doc_type.map(str::to_owned)));
    }
}

#[test]
fn blocks_are_told_by_name() {
    let block =
        |name: &str, value: &str| blocked("i", &json!({"index": {"blocks": {name: value}}}));
    assert!(block("read_only_allow_delete", "true").is_some_and(|why| why.contains("disk")));
    assert!(block("write", "true").is_some());
    assert_eq!(block("write", "false"), None);
    assert_eq!(blocked("i", &json!({})), None);
}
