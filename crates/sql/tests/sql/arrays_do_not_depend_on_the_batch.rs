//! Functions of arrays are planned over items of every type, and answer a record as if it were alone.

use crate::support::{plan, run, value};

const SCHEMA: &str = "struct<n:Int,b:Boolean,s:String,t:String>";
const ROW: &str = r#"{"n":1,"b":false,"s":"b|c|a","t":"c"}"#;

#[test]
fn the_largest_and_the_smallest_item_may_be_of_any_type() {
    for (expression, expected) in [
        ("array_max(arraySplit(s, '|'))", r#""c""#),
        ("list_max(arraySplit(s, '|'))", r#""c""#),
        ("array_min(arraySplit(s, '|'))", r#""a""#),
        ("upper(array_max(arraySplit(s, '|')))", r#""C""#),
        ("array_max([b, n = 1])", "true"),
        ("array_min([b, n = 1])", "false"),
        ("array_max([n, n + 1])", "2"),
        (
            "array_max(array_transform(arraySplit(s, '|'), x -> upper(x)))",
            r#""C""#,
        ),
        (
            "array_transform([arraySplit(s, '|')], x -> array_max(x))",
            r#"["c"]"#,
        ),
        ("array_max([[n], [n]])", "[1]"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    for expression in ["array_max([named_struct('a', n)])", "array_min([[s], [t]])"] {
        plan(SCHEMA, &format!("select {expression} as x from t1"));
    }
    plan(
        SCHEMA,
        "select n from t1 where array_max(arraySplit(s, '|')) = 'c'",
    );
}

#[test]
fn all_places_of_an_item_are_found() {
    for (expression, expected) in [
        ("array_positions(arraySplit(s, '|'), 'c')", "[2]"),
        ("list_positions(arraySplit(s, '|'), t)", "[2]"),
        ("array_positions([n], 1)", "[1]"),
        ("array_positions([n, n], n)", "[1,2]"),
        ("array_positions([n], 7)", "[]"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn beside_null_there_is_no_answer_in_any_batch() {
    let alone = r#"{"s":"b|c"}"#;
    let among = "{\"s\":\"b|c\",\"t\":\"c\"}\n{\"s\":\"b|c\"}\n{\"t\":\"c\"}";
    for function in ["array_has_all", "array_has_any", "arrays_overlap"] {
        let call = format!("{function}(arraySplit(s, '|'), arraySplit(t, '|'))");
        assert_eq!(value(SCHEMA, alone, &call), "null", "{call}");
        let sql = format!("select {call} as x from t1");
        let expected = [r#"{"x":true}"#, r#"{"x":null}"#, r#"{"x":null}"#];
        assert_eq!(run(SCHEMA, among, &sql), expected, "{call}");
    }
    for call in [
        "array_has_all(arraySplit(t, '|'), ['c'])",
        "array_has_any(arraySplit(t, '|'), ['c'])",
        "array_has_any(['c'], arraySplit(t, '|'))",
    ] {
        assert_eq!(value(SCHEMA, alone, call), "null", "{call}");
        assert_eq!(value(SCHEMA, ROW, call), "true", "{call}");
    }
}

#[test]
fn null_among_the_items_of_a_constant_is_no_answer_for_others() {
    for (expression, expected) in [
        ("array_has(make_array(null, 'c'), t)", "true"),
        ("array_has(make_array(null, 'x'), t)", "false"),
        ("array_has(make_array(null, t), 'x')", "false"),
        ("array_has(make_array('x', 'y'), t)", "false"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    let without = r#"{"s":"b|c"}"#;
    for list in ["make_array(null, 'x')", "make_array('x', 'y')"] {
        let call = format!("array_has({list}, t)");
        assert_eq!(value(SCHEMA, without, &call), "null", "{call}");
    }
}

#[test]
fn operators_of_arrays_are_null_beside_null() {
    let rows = "{\"s\":\"b|c\",\"t\":\"c\"}\n{\"s\":\"b|c\"}\n{\"t\":\"c\"}";
    let expected = [r#"{"x":true}"#, r#"{"x":null}"#, r#"{"x":null}"#];
    for condition in [
        "arraySplit(s, '|') @> arraySplit(t, '|')",
        "arraySplit(t, '|') <@ arraySplit(s, '|')",
    ] {
        let sql = format!("select {condition} as x from t1");
        assert_eq!(run(SCHEMA, rows, &sql), expected, "{condition}");
    }
}

#[test]
fn there_is_nothing_at_places_that_no_array_has() {
    for (expression, expected) in [
        ("arraySplit(s, '|')[2147483648]", "null"),
        ("arraySplit(s, '|')[n * 9223372036854775807]", "null"),
        ("arraySplit(s, '|')[-9223372036854775807]", "null"),
        ("array_element(arraySplit(s, '|'), 2147483648)", "null"),
        (
            "array_slice(arraySplit(s, '|'), 2, 9223372036854775807)",
            r#"["c","a"]"#,
        ),
        (
            "array_slice(arraySplit(s, '|'), 1, 3, 9223372036854775807)",
            r#"["b"]"#,
        ),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}
