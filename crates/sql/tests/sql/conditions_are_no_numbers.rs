//! What is asked for a condition takes no number and no text for one.

use crate::support::{plan, refused, value};

const SCHEMA: &str = "struct<n:Int,l:BigInt,d:Double,s:String,b:Boolean>";

#[test]
fn numbers_and_texts_are_refused_with_the_comparison_to_write() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        (
            "case when n then 1 end",
            "CASE and if take a condition, and no Int",
        ),
        (
            "case when b then 1 when l then 2 end",
            "CASE and if take a condition, and no BigInt",
        ),
        ("if(n, 1, 2)", "CASE and if take a condition, and no Int"),
        ("if(d, 1, 2)", "CASE and if take a condition, and no Double"),
        (
            "case when s then 1 end",
            "CASE and if take a condition, and no String",
        ),
        (
            "case when 1 then 1 end",
            "CASE and if take a condition, and no BigInt",
        ),
        (
            "case when (case when (case when b then 1 else 0 end) = 1 then 1 else 0 end) then 1 end",
            "CASE and if take a condition, and no BigInt",
        ),
        ("not n", "NOT takes a condition, and no Int"),
        ("n and b", "there is no Int AND Boolean"),
        ("b or n", "there is no Boolean OR Int"),
        ("b and s", "there is no Boolean AND String"),
    ] {
        let queries = [
            format!("select {expression} as x from t1"),
            format!("select n from t1 where ({expression}) is not null"),
        ];
        for sql in queries {
            let said = refused(SCHEMA, &sql);
            let told = format!("{expected}; write a comparison, such as id <> 0");
            if !said.starts_with("MS-5001: line 1, column ") || !said.contains(&told) {
                wrong.push(format!("{sql}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn where_takes_none_either() {
    for (condition, expected) in [
        ("n", "WHERE takes a condition, and no Int"),
        ("d", "WHERE takes a condition, and no Double"),
        ("not l", "NOT takes a condition, and no BigInt"),
        ("n and b", "there is no Int AND Boolean"),
    ] {
        let said = refused(SCHEMA, &format!("select n from t1 where {condition}"));
        let told = format!("{expected}; write a comparison, such as id <> 0");
        assert!(said.contains(&told), "{condition}: {said}");
    }
}

#[test]
fn conditions_are_taken() {
    let row = r#"{"n":2,"b":true}"#;
    for (expression, expected) in [
        ("case when n <> 0 then 1 else 0 end", "1"),
        ("case when b then 1 else 0 end", "1"),
        ("if(not b, 1, 0)", "0"),
        ("case when cast(n as boolean) then 1 else 0 end", "1"),
        ("case n when 2 then 1 else 0 end", "1"),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
    plan(SCHEMA, "select n from t1 where b and n <> 0");
}
