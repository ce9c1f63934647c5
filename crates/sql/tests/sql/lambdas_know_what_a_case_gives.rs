//! A lambda over an array in which a CASE gives values of several types is given items of the type that holds all of them.

use crate::support::all_give;

const SCHEMA: &str = "struct<n:Int,l:BigInt,m:Decimal(10,2),s:String>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"m":"1.50","s":"x"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn items_of_an_array() {
    all(&[
        (
            "array_transform([case when n = 3 then n else l end], x -> x + 1)",
            "[4]",
        ),
        (
            "array_transform([case when n = 4 then n else l end], x -> x + 1)",
            "[9007199254740994]",
        ),
        (
            "array_transform([case when n = 3 then n else l end, m], x -> x + 1)",
            "[4.00,2.50]",
        ),
        ("array_filter([nvl2(s, n, m)], x -> x > 1)", "[3.00]"),
        ("array_transform([coalesce(n, m)], x -> x + 1)", "[4.00]"),
    ]);
}

#[test]
fn items_are_compared_as_they_are() {
    all(&[
        (
            "array_filter([case when n = 4 then n else m end], x -> x = '1.501')",
            "[]",
        ),
        (
            "array_filter([case when n = 4 then n else m end], x -> x = '1.5')",
            "[1.50]",
        ),
    ]);
}

#[test]
fn an_array_that_a_case_gives() {
    all(&[(
        "array_transform(case when n = 4 then [n] else [m] end, x -> x + 1)",
        "[2.50]",
    )]);
}

#[test]
fn lambdas_behind_and_within_lambdas() {
    all(&[
        (
            "array_transform(array_transform([n], x -> case when x = 3 then x else m end), y -> y + 1)",
            "[4.00]",
        ),
        (
            "array_transform([n], x -> array_transform([case when x = 3 then x else m end], y -> y * 2))",
            "[[6.00]]",
        ),
    ]);
}
