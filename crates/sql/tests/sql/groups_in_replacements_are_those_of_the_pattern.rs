//! What a replacement of `regexp_replace` puts in is there in the pattern, whether the query or a record brings it.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, value};

const SCHEMA: &str = "struct<s:String,p:String,r:String>";

#[test]
fn numbers_go_on_for_as_long_as_there_is_such_a_group() {
    const TEN: &str = "(b)(a)(n)(a)(n)(a)()()()()";
    let row = r#"{"s":"banana","p":"(b)(a)"}"#;
    let of_ten = format!("regexp_replace(s, '{TEN}', '<\\10>')");
    for (expression, expected) in [
        ("regexp_replace(s, '(b)', '<\\10>')", r#""<b0>anana""#),
        ("regexp_replace(s, '(b)', '<$10>')", r#""<b0>anana""#),
        (of_ten.as_str(), r#""<>""#),
        ("regexp_replace(s, p, '<\\20>')", r#""<a0>nana""#),
        ("regexp_replace(s, p, '<$2$1>')", r#""<ab>nana""#),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}

#[test]
fn two_backslashes_are_one_and_begin_no_group() {
    let row = r#"{"s":"banana","p":"(b)","r":"\\\\1"}"#;
    for (expression, expected) in [
        ("regexp_replace(s, '(b)', '\\\\1')", r#""\\1anana""#),
        ("regexp_replace(s, p, '\\\\1')", r#""\\1anana""#),
        ("regexp_replace(s, p, r)", r#""\\1anana""#),
        ("regexp_replace(s, '(b)', '\\\\\\1')", r#""\\banana""#),
        ("regexp_replace(s, '(b)', '\\\\x')", r#""\\xanana""#),
        ("regexp_replace(s, '(b)', '\\\\3', 'g')", r#""\\3anana""#),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}

#[test]
fn a_group_that_a_pattern_of_the_query_does_not_have_is_refused() {
    for by in ["$2", "\\2", "${2}", "${name}"] {
        let sql = format!("select regexp_replace(s, '(a)', '{by}') as x from t1");
        let error = refused(SCHEMA, &sql);
        assert!(
            error.contains("the replacement of regexp_replace puts in group"),
            "{error}"
        );
    }
}

#[test]
fn a_record_whose_pattern_does_not_have_it_is_a_bad_one() {
    let rows = r#"{"s":"banana","p":"(b)","r":"$1"}
{"s":"banana","p":"b","r":"$1"}
{"p":"b","r":"$1"}
{"s":"banana","r":"$1"}"#;
    let rows = batch(&parse_struct(SCHEMA).unwrap(), rows);
    for expression in [
        "regexp_replace(s, p, '<$1>')",
        "regexp_replace(s, p, '<\\1>')",
        "regexp_replace(s, p, '<${1}>')",
        "regexp_replace(s, p, concat('<', r, '>'))",
        "regexp_replace(s, p, '<$1>', 'i')",
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let answer = query.evaluate_isolating(&rows).unwrap();
        let good = [r#"{"x":"<b>anana"}"#, r#"{"x":null}"#, r#"{"x":null}"#];
        assert_eq!(json(&answer.rows), good, "{expression}");
        let [failure] = answer.failures.as_slice() else {
            panic!("{expression}: {:?}", answer.failures);
        };
        assert_eq!(failure.row, 1, "{expression}");
        let told = &failure.message;
        assert!(told.contains("puts in group 1"), "{expression}: {told}");
        assert!(
            told.contains("the pattern of the record"),
            "{expression}: {told}"
        );
    }
}
