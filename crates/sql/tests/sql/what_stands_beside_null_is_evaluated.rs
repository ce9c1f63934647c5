//! A null in the query hides no error of what stands beside it.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, value};

const SCHEMA: &str = "struct<n:Int,s:String>";

#[test]
fn a_record_at_which_it_fails_is_a_bad_one() {
    let rows = batch(
        &parse_struct(SCHEMA).unwrap(),
        "{\"n\":1,\"s\":\"x\"}\n{\"n\":1,\"s\":\"2\"}",
    );
    for expression in [
        "cast(s as int) = null",
        "null = cast(s as int)",
        "cast(s as int) <> null",
        "cast(s as int) in (null)",
        "cast(s as int) not in (null)",
        "null in (cast(s as int))",
        "cast(s as int) between null and null",
        "cast(s as int) + null",
        "cast(s as int) * 2 > null",
        "cast(cast(s as int) as string) like null",
        "null like cast(cast(s as int) as string)",
        "null not like cast(cast(s as int) as string)",
        "cast(s as int) = any(null)",
        "null ilike cast(cast(s as int) as string)",
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as v from t1"));
        let answer = query.evaluate_isolating(&rows).unwrap();
        assert_eq!(json(&answer.rows), [r#"{"v":null}"#], "{expression}");
        let failed: Vec<usize> = answer.failures.iter().map(|f| f.row).collect();
        assert_eq!(failed, [0], "{expression}");
    }
}

#[test]
fn what_does_not_fail_is_null_beside_it() {
    for expression in ["null like upper(s)", "upper(s) like null", "n + 1 = null"] {
        let row = r#"{"n":1,"s":"x"}"#;
        assert_eq!(value(SCHEMA, row, expression), "null", "{expression}");
    }
}

#[test]
fn case_compares_an_operand_that_is_null_with_nothing() {
    let row = r#"{"n":0,"s":null}"#;
    for operand in ["null", "cast(s as int)"] {
        let expression = format!("case {operand} when 10 / n then 1 else 2 end");
        assert_eq!(value(SCHEMA, row, &expression), "2", "{expression}");
    }
}

#[test]
fn joined_with_an_array_a_null_is_an_item_of_it_and_with_a_text_it_is_null() {
    let row = r#"{"n":1,"s":"x"}"#;
    for (expression, expected) in [
        ("['a'] || null", r#"["a",null]"#),
        ("s || null", "null"),
        ("concat(s, null)", r#""x""#),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}

#[test]
fn so_it_is_in_a_part_of_a_condition() {
    let rows = batch(
        &parse_struct(SCHEMA).unwrap(),
        "{\"n\":1,\"s\":\"x\"}\n{\"n\":1,\"s\":\"2\"}",
    );
    let query = plan(
        SCHEMA,
        "select s from t1 where cast(s as int) in (null) or n = 1",
    );
    let answer = query.evaluate_isolating(&rows).unwrap();
    assert_eq!(json(&answer.rows), [r#"{"s":"2"}"#]);
    assert_eq!(answer.failures.len(), 1);
}

#[test]
fn a_condition_that_is_null_for_every_record_is_refused_all_the_same() {
    for condition in [
        "cast(s as int) = null",
        "cast(s as int) in (null)",
        "not (cast(s as int) = null)",
        "n = 1 and cast(s as int) + null > 3",
        "try_cast(cast(s as int) + null as bigint) > 3",
        "null like upper(s)",
        "cast(s as int) = any(null)",
    ] {
        let error = refused(SCHEMA, &format!("select s from t1 where {condition}"));
        let words = "WHERE is null for every record, and keeps none; look for null by";
        assert!(error.contains(words), "{condition}: {error}");
    }
}
