//! `json_value` and `get_json_object` find values by the paths of Flink, Hive and the standard of SQL, and refuse what is no path.

use millstream_sql::schema::parse_struct;
use serde_json::json;

use crate::support::{all_give, batch, plan, refused, value};

const SCHEMA: &str = "struct<s:String,p:String>";
const TEXT: &str = r#"{"a b":1,"q\"":2,"a.b":{"c":[10,{"d":"x"}]},"a":"first","a":"last","":5,"b":[{"c":1},{"c":[2]}],"n":null,"it's":7}"#;

fn row(path: &str) -> String {
    json!({"s": TEXT, "p": path}).to_string()
}

/// Paths, and what stands there.
const FOUND: &[(&str, &str)] = &[
    (r#"$."a b""#, r#""1""#),
    ("$['a b']", r#""1""#),
    (r#"$["a b"]"#, r#""1""#),
    ("$.a b", r#""1""#),
    (r#"$."q\"""#, r#""2""#),
    (r#"$."q\u0022""#, r#""2""#),
    (r#"$['q"']"#, r#""2""#),
    ("$['it's']", r#""7""#),
    ("$['a.b'].c[1].d", r#""x""#),
    (r#"$."a.b"["c"][ 1 ]['d']"#, r#""x""#),
    ("$.a", r#""last""#),
    ("$['']", r#""5""#),
    (r#"$."""#, r#""5""#),
    ("$.b[0].c", r#""1""#),
    (" lax $.a ", r#""last""#),
    ("STRICT  $.a", r#""last""#),
    ("$.b[1].c", "null"),
    ("$.n", "null"),
    ("$.a.b", "null"),
    ("$.a[0]", "null"),
    ("$.b.c", "null"),
    ("$.b[2]", "null"),
    (r#"$."b c""#, "null"),
    ("$", "null"),
];

#[test]
fn a_name_may_stand_in_quotes() {
    for (path, expected) in FOUND {
        let found = value(SCHEMA, &row(path), "json_value(s, p)");
        assert_eq!(found, *expected, "{path}");
        if !path.contains('\\') {
            let constant = format!("json_value(s, '{}')", path.replace('\'', "''"));
            assert_eq!(value(SCHEMA, &row(path), &constant), *expected, "{path}");
        }
    }
}

#[test]
fn objects_and_arrays_are_handed_out_as_they_stand() {
    all_give(
        SCHEMA,
        &row(""),
        &[
            ("get_json_object(s, '$.b[1]')", r#""{\"c\":[2]}""#),
            (
                r#"get_json_object(s, '$."a.b".c')"#,
                r#""[10,{\"d\":\"x\"}]""#,
            ),
            ("get_json_object(s, '$.n')", "null"),
            ("get_json_object('[1, 2]', '$[1]')", r#""2""#),
            (
                "get_json_object(' {\"a\": {} } ', '$')",
                r#""{\"a\": {} }""#,
            ),
        ],
    );
}

#[test]
fn a_text_that_is_no_json_has_no_values() {
    for text in ["", "a", "{\"a\":1", "{\"a\":1,}", "[1,2", "{\"a\":1} x"] {
        let row = json!({"s": text, "p": "$.a"}).to_string();
        assert_eq!(value(SCHEMA, &row, "json_value(s, p)"), "null", "{text}");
        let first = value(SCHEMA, &row, "get_json_object(s, '$[0]')");
        assert_eq!(first, "null", "{text}");
    }
}

/// What is no path, and why.
const NO_PATHS: &[(&str, &str)] = &[
    ("", "it does not begin with $, at character 1"),
    ("a.b", "it does not begin with $, at character 1"),
    ("laxity $.a", "it does not begin with $, at character 1"),
    ("$.", "no name stands behind the point, at character 3"),
    ("$.a..b", "it takes several values"),
    (
        "$.*",
        "it takes several values, and one is handed out, at character 3",
    ),
    (
        "$.a[*]",
        "it takes several values, and one is handed out, at character 5",
    ),
    ("$['a','b']", "it takes several values"),
    ("$[0,1]", "it takes several values"),
    ("$[1:2]", "it takes several values"),
    ("$.\"a b", "the quotes are not closed"),
    ("$.'a b'", "a name in single quotes stands in brackets"),
    ("$['a b'", "the quotes and the bracket are not closed"),
    ("$[0", "the bracket is not closed, at character 3"),
    ("$[]", "neither a number from 0 on nor a name"),
    ("$[-1]", "neither a number from 0 on nor a name"),
    ("$[+1]", "neither a number from 0 on nor a name"),
    ("$[a]", "neither a number from 0 on nor a name"),
    ("$[99999999999999999999]", "no array has so many elements"),
    ("$.a]", "a bracket is closed that is not open"),
    ("$.a.length()", "a path has no functions"),
    (
        "$.\"a\"b",
        "neither a point nor a bracket stands there, at character 6",
    ),
    (
        "$a",
        "neither a point nor a bracket stands there, at character 2",
    ),
];

#[test]
fn what_is_no_path_is_refused_at_the_start_with_the_place() {
    for (path, why) in NO_PATHS {
        for function in ["json_value", "get_json_object"] {
            let path = path.replace('\'', "''");
            let said = refused(
                SCHEMA,
                &format!("select {function}(s, '{path}') as x from t1"),
            );
            assert!(said.starts_with("MS-5001: line 1, column 8: "), "{said}");
            assert!(said.contains("is no path in JSON"), "{said}");
            assert!(said.contains(why), "{said}");
        }
    }
}

#[test]
fn one_that_a_record_brings_makes_it_a_bad_one() {
    let query = plan(SCHEMA, "select json_value(s, p) as x from t1");
    let schema = parse_struct(SCHEMA).unwrap();
    for (path, why) in NO_PATHS {
        let rows = batch(&schema, &row(path));
        let said = query.evaluate(&rows).expect_err(path).to_string();
        assert!(said.contains(why), "{said}");
    }
}
