//! `SIMILAR TO` is about the whole text, with `%` and `_`, and as PostgreSQL has it.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<s:String,p:String>";
const ROW: &str = r#"{"s":"ab\nc","p":"a%"}"#;

#[test]
fn patterns_mean_the_whole_text() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("'abc' similar to 'abc'", "true"),
        ("'abc' similar to 'b'", "false"),
        ("'abc' similar to '%b%'", "true"),
        ("'abc' similar to 'a_c'", "true"),
        ("'abc' similar to '%(b|d)%'", "true"),
        ("'abc' similar to '(b|c)%'", "false"),
        ("'abc' similar to 'x|abc'", "true"),
        ("'abcx' similar to 'x|abc'", "false"),
        ("'a.c' similar to 'a.c'", "true"),
        ("'abc' similar to 'a.c'", "false"),
        ("'^a$' similar to '^a$'", "true"),
        ("'aaa' similar to 'a{2,3}'", "true"),
        ("'a1' similar to '[a-c][[:digit:]]'", "true"),
        ("'d1' similar to '[^a-c]1'", "true"),
        ("'[' similar to '[[&~]'", "true"),
        (r"'a%' similar to 'a\%'", "true"),
        (r"'ab' similar to 'a\%'", "false"),
        ("'a%' similar to 'a!%' escape '!'", "true"),
        ("'ab' similar to 'a!%' escape '!'", "false"),
        ("'abc' not similar to 'ab'", "true"),
        ("s similar to 'a%c'", "true"),
        ("s similar to p", "true"),
        ("s not similar to p", "false"),
        ("'xa' similar to p", "false"),
        ("cast(null as string) similar to 'a'", "null"),
    ] {
        let found = value(SCHEMA, ROW, expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_no_pattern_is_refused() {
    for pattern in ["'(a'", "'*a'", "'a!' escape '!'"] {
        let said = refused(
            SCHEMA,
            &format!("select s similar to {pattern} as x from t1"),
        );
        assert!(said.starts_with("MS-5001: "), "{pattern}: {said}");
    }
}
