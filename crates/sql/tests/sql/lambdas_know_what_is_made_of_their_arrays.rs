//! What stands in a lambda is judged by the items that the array has in the end: those of numbers, times and texts that were made one type,
//! also where lambdas are chained or stand in each other.

use crate::support::all_give;

const SCHEMA: &str =
    "struct<n:Int,l:BigInt,m:Decimal(10,2),big:Decimal(20,2),day:Date,ts:Timestamp>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"m":"1.50","big":"9007199254740992.00","day":"2024-01-02","ts":"2024-01-02T10:00:00.123456"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn items_are_compared_as_they_are() {
    all(&[
        (
            "array_filter(array_append([l], 0.5), x -> x = 9007199254740992.0)",
            "[]",
        ),
        (
            "array_transform(array_append([l], 0.5), x -> x = big)",
            "[false,false]",
        ),
        (
            "array_transform(array_append([l], 0.5), x -> x in (big))",
            "[false,false]",
        ),
        (
            "array_transform(array_append([l], 0.5), x -> x between 1 and big)",
            "[false,false]",
        ),
        (
            "array_transform(array_append([l], 0.5), x -> case x when big then 1 else 0 end)",
            "[0,0]",
        ),
        (
            "array_filter(array_append([l], 0.5), x -> array_has([l], x))",
            "[9007199254740993.0]",
        ),
        ("array_filter(array_append([n], '4'), x -> x = m)", "[]"),
        (
            "array_filter([day] || '9999-12-31 10:00:00', x -> x > day)",
            r#"["9999-12-31T10:00:00"]"#,
        ),
    ]);
}

#[test]
fn items_are_handed_on_as_they_are() {
    all(&[
        (
            "array_transform(array_append([l], 0.5), x -> coalesce(x, m))",
            "[9007199254740993.00,0.50]",
        ),
        (
            "array_transform(array_append([n], '4'), x -> coalesce(x, m))",
            "[3.00,4.00]",
        ),
    ]);
}

#[test]
fn a_chain_of_lambdas_knows_them() {
    all(&[
        (
            "array_transform(array_filter(array_append([l], 0.5), x -> x > 1), y -> y + 1)",
            "[9007199254740994.0]",
        ),
        (
            "array_transform(array_filter(array_append([m], 0), x -> x > 0), y -> y * 2)",
            "[3.00]",
        ),
        (
            "array_transform(array_filter(array_append([day], ts), x -> x > ts), y -> y)",
            "[]",
        ),
    ]);
}

#[test]
fn lambdas_within_lambdas_know_them() {
    all(&[
        (
            "array_transform(array_append([l], 0.5), x -> array_transform(array_append([x], 0.25), y -> y + 1))",
            "[[9007199254740994.00,1.25],[1.50,1.25]]",
        ),
        // The inner x is another one.
        (
            "array_transform(array_append([l], 0.5), x -> array_transform([n], x -> x + 1)[1] + x)",
            "[9007199254740997.0,4.5]",
        ),
    ]);
}
