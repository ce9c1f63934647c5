//! Days, times and decimals within structs meet others in calls as they do by themselves.

use crate::support::{all_give, refused};

const SCHEMA: &str = "struct<n:Int,day:Date,s:String,price:Decimal(10,2)>";
const ROW: &str = r#"{"n":3,"day":"2024-01-02","s":"2024-01-02","price":"1.50"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn a_text_of_the_query_is_the_day_that_it_is() {
    all(&[
        (
            "coalesce(named_struct('a', day), named_struct('a', '2024-01-01'))",
            r#"{"a":"2024-01-02"}"#,
        ),
        (
            "coalesce(named_struct('a', '2024-01-01'), named_struct('a', day))",
            r#"{"a":"2024-01-01"}"#,
        ),
        (
            "[named_struct('a', day), named_struct('a', '2024-01-01')]",
            r#"[{"a":"2024-01-02"},{"a":"2024-01-01"}]"#,
        ),
        (
            "[named_struct('a', [day]), named_struct('a', ['2024-01-01'])]",
            r#"[{"a":["2024-01-02"]},{"a":["2024-01-01"]}]"#,
        ),
        (
            "array_append([named_struct('a', day)], named_struct('a', '2024-01-01'))",
            r#"[{"a":"2024-01-02"},{"a":"2024-01-01"}]"#,
        ),
        (
            "array_has([named_struct('a', day)], named_struct('a', '2024-01-02'))",
            "true",
        ),
        (
            "array_has([named_struct('a', day)], named_struct('a', '2024-01-03'))",
            "false",
        ),
    ]);
}

#[test]
fn a_text_that_is_a_time_makes_times_of_both() {
    all(&[
        (
            "coalesce(named_struct('a', day), named_struct('a', '2024-01-01 10:00:00'))",
            r#"{"a":"2024-01-02T00:00:00"}"#,
        ),
        (
            "array_append([named_struct('a', day)], named_struct('a', timestamp '2024-01-01 10:00:00'))",
            r#"[{"a":"2024-01-02T00:00:00"},{"a":"2024-01-01T10:00:00"}]"#,
        ),
        (
            "array_has([named_struct('a', day)], named_struct('a', '2024-01-02 10:00:00'))",
            "false",
        ),
    ]);
}

#[test]
fn decimals_of_other_digits_are_of_one_type() {
    all(&[
        (
            "array_append([named_struct('a', price)], named_struct('a', 0.125))",
            r#"[{"a":1.500},{"a":0.125}]"#,
        ),
        (
            "array_has([named_struct('a', price)], named_struct('a', 1.501))",
            "false",
        ),
    ]);
}

#[test]
fn a_text_of_a_record_is_refused_beside_a_day() {
    for (expression, name) in [
        (
            "coalesce(named_struct('a', day), named_struct('a', s))",
            "coalesce",
        ),
        ("[named_struct('a', day), named_struct('a', s)]", "an array"),
        (
            "array_has([named_struct('a', day)], named_struct('a', s))",
            "array_has",
        ),
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let told = format!("{name} has Date beside a text, and a text may hold more than a day");
        assert!(said.contains(&told), "{expression}: {said}");
    }
}
