//! `LIKE … ESCAPE` with any character, as the standard has it.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<s:String>";

#[test]
fn the_escaped_character_means_itself() {
    for (text, condition, expected) in [
        ("10%", "s like '10!%' escape '!'", "true"),
        ("100", "s like '10!%' escape '!'", "false"),
        ("a_b%c", "s like 'a#_b%' escape '#'", "true"),
        ("axb%c", "s like 'a#_b%' escape '#'", "false"),
        ("!x", "s like '!!%' escape '!'", "true"),
        (r"a\\b", r"s like 'a\b' escape '!'", "true"),
        (r"10%", r"s like '10\%' escape '\'", "true"),
        ("10%", "s not like '10!%' escape '!'", "false"),
        ("ABC%", "s ilike 'abc|%' escape '|'", "true"),
    ] {
        let row = format!("{{\"s\":\"{text}\"}}");
        assert_eq!(
            value(SCHEMA, &row, condition),
            expected,
            "{text} {condition}"
        );
    }
}

#[test]
fn an_escape_that_means_nothing_is_refused() {
    for condition in [
        "s like '10!' escape '!'",
        "s like '1!0' escape '!'",
        "s like s escape '!'",
        "s like '1' escape '!!'",
    ] {
        let error = refused(SCHEMA, &format!("select s from t1 where {condition}"));
        assert!(error.starts_with("MS-5001: line 1"), "{error}");
        assert!(error.contains("ESCAPE '!'"), "{error}");
    }
}
