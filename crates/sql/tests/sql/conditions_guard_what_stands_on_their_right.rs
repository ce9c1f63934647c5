//! What decides on the left of AND and OR keeps the right side from being evaluated, also for each element of an array.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, value};

const SCHEMA: &str = "struct<n:Int,s:String>";
const ROW: &str = r#"{"n":0,"s":"2 0"}"#;

#[test]
fn so_it_is_for_each_element_that_a_lambda_is_given() {
    let mut wrong = Vec::new();
    for (body, expected) in [
        ("x <> '0' and 10 / cast(x as int) > 1", "[true,false]"),
        ("x = '0' or 10 / cast(x as int) > 7", "[false,true]"),
        ("not (x = '0' or 10 / cast(x as int) > 7)", "[true,false]"),
        (
            "x <> '0' and (x <> '1' and 10 / cast(x as int) > 1)",
            "[true,false]",
        ),
        (
            "x <> '0' and x <> '1' and 10 / cast(x as int) > 1",
            "[true,false]",
        ),
        (
            "case when x <> '0' and 10 / cast(x as int) > 3 then 1 else 2 end",
            "[1,2]",
        ),
        ("n <> 0 and 10 / n > 1", "[false,false]"),
        ("x <> '0' and null", "[null,false]"),
        ("(x = '2' or null) and x = '2'", "[true,false]"),
    ] {
        let expression = format!("array_transform(arraySplit(s, ' '), x -> {body})");
        let found = value(SCHEMA, ROW, &expression);
        if found != expected {
            wrong.push(format!("{body}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn so_it_is_in_every_function_that_takes_a_lambda_and_in_lambdas_within_lambdas() {
    let guarded = "x <> '0' and 10 / cast(x as int) > 1";
    for (expression, expected) in [
        (
            format!("array_filter(arraySplit(s, ' '), x -> {guarded})"),
            "[\"2\"]",
        ),
        (
            format!("array_any_match(arraySplit(s, ' '), x -> {guarded})"),
            "true",
        ),
        (
            format!("array_transform([arraySplit(s, ' ')], a -> array_filter(a, x -> {guarded}))"),
            "[[\"2\"]]",
        ),
        (
            format!(
                "array_transform([1, 0], y -> y = 1 and array_any_match(arraySplit(s, ' '), x -> {guarded}))"
            ),
            "[true,false]",
        ),
    ] {
        assert_eq!(value(SCHEMA, ROW, &expression), expected, "{expression}");
    }
}

#[test]
fn what_may_not_be_read_is_guarded_by_try_cast() {
    let row = r#"{"n":0,"s":"2 x"}"#;
    let expression = "array_transform(arraySplit(s, ' '), x -> try_cast(x as int) is not null and 10 / cast(x as int) > 1)";
    assert_eq!(value(SCHEMA, row, expression), "[true,false]");
}

#[test]
fn what_is_not_guarded_makes_its_record_a_bad_one() {
    let rows = "{\"n\":0,\"s\":\"2 0\"}\n{\"n\":1,\"s\":\"2 5\"}";
    let rows = batch(&parse_struct(SCHEMA).unwrap(), rows);
    for body in [
        "x = '0' and 10 / cast(x as int) > 1",
        "10 / cast(x as int) > 1 and x <> '0'",
    ] {
        let sql =
            format!("select n, array_transform(arraySplit(s, ' '), x -> {body}) as v from t1");
        let answer = plan(SCHEMA, &sql).evaluate_isolating(&rows).unwrap();
        let failed: Vec<usize> = answer.failures.iter().map(|failure| failure.row).collect();
        assert_eq!(failed, [0], "{body}");
    }
    let query = plan(SCHEMA, "select n from t1 where n <> 0 and 10 / n > 1");
    let answer = query.evaluate_isolating(&rows).unwrap();
    assert_eq!(json(&answer.rows), [r#"{"n":1}"#]);
    assert!(answer.failures.is_empty());
}
