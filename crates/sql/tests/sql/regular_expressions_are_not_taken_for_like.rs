//! A backslash that a regular expression looks for is a sign of the text, and of null there is no answer.

use crate::support::{run, value};

const SCHEMA: &str = "struct<s:String,p:String>";
const PATH: &str = r#"{"s":"C:\\Users\\ann","p":"^C:\\\\Users"}"#;
const OTHER: &str = r#"{"s":"C:Users%ann","p":"^C:\\\\Users"}"#;

#[test]
fn a_backslash_is_one() {
    for condition in [
        r"regexp_like(s, '^C:\\Users')",
        r"regexp_like(s, '^c:\\users', 'i')",
        r"regexp_like(s, concat('^C:\\', 'Users'))",
        r"regexp_like(s, p)",
        r"s ~ '^C:\\Users'",
        r"s ~* '^c:\\users'",
        r"s ~ p",
        r"s rlike '^C:\\Users'",
        r"s ~ 'Users\\'",
        r"s ~ 'x|Users\\'",
        r"s ~ '^C:\\Users\\ann$'",
        r"s ~ '[\\]Users'",
    ] {
        assert_eq!(value(SCHEMA, PATH, condition), "true", "{condition}");
        assert_eq!(value(SCHEMA, OTHER, condition), "false", "{condition}");
        let rows = format!("{OTHER}\n{PATH}");
        let sql = format!("select s from t1 where {condition}");
        let kept = run(SCHEMA, &rows, &sql);
        assert_eq!(kept, [r#"{"s":"C:\\Users\\ann"}"#], "{condition}");
    }
    for condition in [r"s !~ '^C:\\Users'", r"s !~* '^c:\\users'"] {
        assert_eq!(value(SCHEMA, PATH, condition), "false", "{condition}");
        assert_eq!(value(SCHEMA, OTHER, condition), "true", "{condition}");
    }
}

#[test]
fn of_null_there_is_no_answer() {
    for condition in [
        "regexp_like(s, '.*')",
        "regexp_like(s, '.*', 'i')",
        "s ~ '.*'",
        "s !~ '.*'",
        "s ~* '.*'",
        "s rlike '.*'",
        "s ~ ''",
        r"s ~ '\\'",
    ] {
        assert_eq!(value(SCHEMA, "{}", condition), "null", "{condition}");
    }
    assert_eq!(value(SCHEMA, PATH, "s ~ '.*'"), "true");
    assert_eq!(value(SCHEMA, PATH, "s !~ '.*'"), "false");
}
