//! `coalesce`, `nvl` and `ifnull` of a text and then a number are refused at the start: as numbers most texts would fail.

use crate::support::{all_give, refused};

const SCHEMA: &str = "struct<s:String,l:BigInt,d:Double>";

#[test]
fn it_is_told_by_the_name_that_was_written() {
    for (expression, said) in [
        (
            "nvl(s, 0)",
            "MS-5001: line 1, column 8: nvl takes values of one type, and no number behind a text: write a text such as '0'",
        ),
        (
            "ifnull(s, l)",
            ": ifnull takes values of one type, and no number",
        ),
        (
            "coalesce(null, s, d)",
            ": coalesce takes values of one type, and no number",
        ),
        (
            "coalesce(s, 99999999999999999999999)",
            ": coalesce takes values of one type, and no number",
        ),
        (
            "coalesce(json_value(s, '$.n'), 0)",
            ": coalesce takes values of one type, and no number",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.contains(said), "{expression}: {error}");
    }
}

#[test]
fn texts_alone_and_texts_behind_numbers_are_taken() {
    all_give(
        SCHEMA,
        r#"{"s":"5","l":null,"d":0.5}"#,
        &[
            ("nvl(s, '0')", r#""5""#),
            ("nvl(cast(s as bigint), 0)", "5"),
            ("coalesce(null, s, cast(l as string))", r#""5""#),
            ("nvl(l, '7')", "7"),
            ("coalesce(null, d, 1)", "0.5"),
            (
                r#"coalesce(cast(json_value('{"n":4}', '$.n') as bigint), 0)"#,
                "4",
            ),
        ],
    );
}

#[test]
fn nulls_of_the_query_are_of_every_kind() {
    all_give(
        SCHEMA,
        r#"{"s":"a","l":7,"d":0.5}"#,
        &[
            ("coalesce(s, cast(null as int))", r#""a""#),
            ("coalesce(cast(null as string), l)", "7"),
            ("nvl(cast(null as double), s)", r#""a""#),
            ("coalesce(cast(null as int), s, 'x')", r#""a""#),
        ],
    );
}
