//! Functions of JSON answer texts of any depth and with any number of elements: nothing is kept of what is not asked for.

use serde_json::json;

use crate::support::{refused, value};

const SCHEMA: &str = "struct<s:String>";

fn found(text: &str, expression: &str) -> String {
    value(SCHEMA, &json!({ "s": text }).to_string(), expression)
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn a_text_may_be_nested_as_deep_as_it_likes() {
    let levels = 500_000;
    let text = format!(r#"{{"a":{},"b":1}}"#, nested(levels));
    assert_eq!(found(&text, "json_value(s, '$.b')"), r#""1""#);
    assert_eq!(found(&text, "json_value(s, '$.a')"), "null");
    let inner = found(&text, "length(get_json_object(s, '$.a[0][0]'))");
    assert_eq!(inner, (2 * (levels - 2)).to_string());
    // Without its end it is no JSON.
    assert_eq!(found(&text[..levels], "json_value(s, '$.b')"), "null");
}

#[test]
fn an_array_may_have_any_number_of_elements() {
    let text = format!("[{}7]", "{\"a\":0},".repeat(200_000));
    assert_eq!(found(&text, "json_value(s, '$[200000]')"), r#""7""#);
    assert_eq!(found(&text, "json_value(s, '$[199999].a')"), r#""0""#);
    assert_eq!(found(&text, "json_value(s, '$[200001]')"), "null");
    assert_eq!(found(&text, "json_value(s, '$.a')"), "null");
}

#[test]
fn a_path_has_a_thousand_steps_at_most() {
    let text = nested(1_500);
    let path = format!("${}", "[0]".repeat(1_000));
    let inner = found(&text, &format!("length(get_json_object(s, '{path}'))"));
    assert_eq!(inner, "1000");
    let sql = format!("select get_json_object(s, '{path}[0]') as x from t1");
    let said = refused(SCHEMA, &sql);
    assert!(said.contains("it has more than 1000 steps"), "{said}");
}
