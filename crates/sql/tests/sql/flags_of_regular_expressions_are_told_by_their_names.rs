//! A flag that a function does not have, or that stands twice, is told by its name, and null flags make null.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, run, value};

const SCHEMA: &str = "struct<s:String,f:String>";

#[test]
fn a_flag_that_is_none_or_stands_twice_is_refused() {
    for (expression, told) in [
        (
            "regexp_replace(s, 'a', 'b', 'gg')",
            "the flag `g` of `regexp_replace` stands twice",
        ),
        (
            "regexp_replace(s, 'a', 'b', 'igi')",
            "the flag `i` of `regexp_replace` stands twice",
        ),
        (
            "regexp_replace(s, 'a', 'b', 'gz')",
            "`regexp_replace` has no flag `z`; its flags are i, m, s, x, R, U, g",
        ),
        (
            "regexp_like(s, 'a', 'z')",
            "`regexp_like` has no flag `z`; its flags are i, m, s, x, R, U",
        ),
        (
            "regexp_like(s, 'a', 'ii')",
            "the flag `i` of `regexp_like` stands twice",
        ),
        (
            "regexp_like(s, f, 'gg')",
            "`regexp_like` has no flag `g`, the global one",
        ),
        (
            "regexp_match(s, 'a', 'n')",
            "`regexp_match` has no flag `n`",
        ),
        (
            "regexp_count(s, 'a', 1, 'ss')",
            "the flag `s` of `regexp_count` stands twice",
        ),
        (
            "regexp_count(s, 'a', 1, 'g')",
            "`regexp_count` has no flag `g`, the global one",
        ),
        (
            "regexp_instr(s, 'a', 1, 1, 'I')",
            "`regexp_instr` has no flag `I`",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
        assert!(error.contains(told), "{expression}: {error}");
    }
}

#[test]
fn flags_of_a_record_that_are_none_make_that_record_a_bad_one() {
    let rows = r#"{"s":"BAnana","f":"gg"}
{"s":"BAnana","f":"ig"}
{"s":"BAnana","f":"q"}
{"s":"BAnana","f":""}"#;
    let input = batch(&parse_struct(SCHEMA).unwrap(), rows);
    let query = plan(SCHEMA, "select regexp_replace(s, 'a', 'x', f) as x from t1");
    let answer = query.evaluate_isolating(&input).unwrap();
    assert_eq!(
        json(&answer.rows),
        [r#"{"x":"Bxnxnx"}"#, r#"{"x":"BAnxna"}"#]
    );
    let bad: Vec<_> = answer.failures.iter().map(|failure| failure.row).collect();
    assert_eq!(bad, [0, 2]);
}

#[test]
fn null_flags_make_null() {
    let row = r#"{"s":"banana"}"#;
    for expression in [
        "regexp_replace(s, 'a', 'x', null)",
        "regexp_like(s, 'a', null)",
        "regexp_match(s, '(a)', null)[1]",
        "regexp_count(s, 'a', 1, null)",
        "regexp_instr(s, 'a', 1, 1, null)",
        "regexp_replace(s, 'a', 'x', f)",
        "regexp_like(s, 'a', f)",
        "regexp_match(s, '(a)', f)[1]",
        "regexp_count(s, 'a', 1, f)",
        "regexp_instr(s, 'a', 1, 1, f)",
    ] {
        assert_eq!(value(SCHEMA, row, expression), "null", "{expression}");
    }
}

#[test]
fn null_flags_of_one_record_are_nothing_to_another() {
    let rows = r#"{"s":"bAnana","f":"i"}
{"s":"bAnana"}
{"s":"bAnana","f":""}"#;
    for (expression, expected) in [
        ("regexp_like(s, 'bA', f)", ["true", "null", "true"]),
        ("regexp_count(s, 'a', 1, f)", ["3", "null", "2"]),
        ("regexp_instr(s, 'a', 1, 1, f)", ["2", "null", "4"]),
        ("regexp_match(s, '(A)', f)[1]", [r#""A""#, "null", r#""A""#]),
    ] {
        let sql = format!("select {expression} as x from t1");
        let expected = expected.map(|value| format!("{{\"x\":{value}}}"));
        assert_eq!(run(SCHEMA, rows, &sql), expected, "{sql}");
    }
}

#[test]
fn flags_of_a_record_without_a_text_are_not_looked_at() {
    let rows = r#"{"f":"gg"}
{"s":"bAnana","f":"i"}
{"f":"q"}
{"f":""}"#;
    for (expression, expected) in [
        ("regexp_like(s, 'BA', f)", "true"),
        ("regexp_match(s, '(BA)', f)[1]", r#""bA""#),
        ("regexp_replace(s, 'BA', 'x', f)", r#""xnana""#),
    ] {
        let sql = format!("select {expression} as x from t1");
        let expected = ["null", expected, "null", "null"];
        let expected = expected.map(|value| format!("{{\"x\":{value}}}"));
        assert_eq!(run(SCHEMA, rows, &sql), expected, "{sql}");
    }
    for expression in [
        "regexp_count(s, 'a', 1, f)",
        "regexp_instr(s, 'a', 1, 1, f)",
    ] {
        let input = batch(&parse_struct(SCHEMA).unwrap(), rows);
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let answer = query.evaluate_isolating(&input).unwrap();
        let bad = &answer.failures;
        assert!(bad.is_empty(), "{expression}: {bad:?}");
    }
}
