//! A number with a point that the query works out, or hands on, is compared with a whole number with all of its digits.

use crate::support::all_give;

const SCHEMA: &str = "struct<n:Int,l:BigInt,d:Double,b:Boolean>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"d":0.5,"b":true}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

#[test]
fn so_is_what_a_call_hands_on() {
    all(&[
        ("l <> coalesce(9007199254740992.0, 1.501)", "true"),
        ("l = coalesce(9007199254740992.0, 1.501)", "false"),
        ("l = coalesce(9007199254740993.0, 1.501)", "true"),
        ("l = nvl(9007199254740992.0, 0.5)", "false"),
        ("l = ifnull(null, 9007199254740993.0)", "true"),
        ("l = nullif(9007199254740992.0, 0.5)", "false"),
        ("l > greatest(9007199254740992.0, 0.5)", "true"),
        ("l >= least(9007199254740994.0, 1e18)", "false"),
        ("l = -coalesce(-9007199254740992.0, 0.5)", "false"),
        ("l in (0.5, coalesce(9007199254740992.0, 1.501))", "false"),
        (
            "l between 0.5 and coalesce(9007199254740992.0, 0.5)",
            "false",
        ),
        (
            "case l when coalesce(9007199254740992.0, 0.5) then 1 else 2 end",
            "2",
        ),
        ("coalesce(9007199254740992.0, 0.5) = l", "false"),
    ]);
}

#[test]
fn so_is_what_a_case_gives() {
    all(&[
        (
            "l = case when b then 9007199254740992.0 else 0.5 end",
            "false",
        ),
        (
            "l = case when b then 9007199254740993.0 else 0.5 end",
            "true",
        ),
        ("l = if(b, 9007199254740992.0, n)", "false"),
        ("l = nvl2(n, 9007199254740992.0, 0.5)", "false"),
        (
            "l = case when b then coalesce(9007199254740992.0, 0.5) else 1.5 end",
            "false",
        ),
        (
            "l > case when b then null else 9007199254740992.0 end",
            "null",
        ),
    ]);
}

#[test]
fn so_is_what_is_worked_out() {
    all(&[
        ("l = 4503599627370496.0 * 2", "false"),
        ("l - 1 = 4503599627370496.0 * 2", "true"),
        ("l = power(2.0, 53)", "false"),
    ]);
}

#[test]
fn among_doubles_of_records_they_are_doubles() {
    all(&[
        ("l = coalesce(9007199254740992.0, d)", "true"),
        ("l > coalesce(d, 9007199254740992.0)", "true"),
    ]);
}

#[test]
fn beyond_the_digits_of_decimals_they_are_doubles() {
    all(&[
        ("l < coalesce(1e300, 0.5)", "true"),
        ("l > case when b then 1e-30 else 1e30 end", "true"),
    ]);
}
