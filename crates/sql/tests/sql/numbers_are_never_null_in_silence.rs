//! A function of numbers gives the right value or fails its record: no infinity and no `NaN` that a sink writes as null.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, plan, value};

const SCHEMA: &str = "struct<d:Double,f:Float,n:BigInt,i:Int,m:Decimal(10,2),p:Int>";

/// Why `expression` fails for a row of `d`.
fn failure(row: &str, expression: &str) -> String {
    let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
    let rows = batch(&parse_struct(SCHEMA).unwrap(), &format!("{row}\n{{}}"));
    let answer = query.evaluate_isolating(&rows).unwrap();
    let failed: Vec<usize> = answer.failures.iter().map(|failure| failure.row).collect();
    assert_eq!(failed, [0], "{expression}: {:?}", answer.rows);
    let first = answer.failures.into_iter().next();
    first.map(|failure| failure.message).unwrap_or_default()
}

#[test]
fn rounding_to_places_that_are_not_there_changes_nothing() {
    let row = r#"{"d":1.5,"f":2.25,"n":1250,"i":-1250,"m":2.55,"p":400}"#;
    for (expression, expected) in [
        ("round(d, 400)", "1.5"),
        ("trunc(d, 400)", "1.5"),
        ("round(d, p)", "1.5"),
        ("trunc(d, p)", "1.5"),
        ("round(f, 400)", "2.25"),
        ("trunc(f, 400)", "2.25"),
        ("round(1.5, 400)", "1.5"),
        ("trunc(1.5, 400)", "1.5"),
        ("round(d * 1e300, 20)", "1.5e300"),
        ("trunc(d * 1e300, 20)", "1.5e300"),
        ("round(d * 1e-300, 400)", "1.5e-300"),
        ("round(d, -400)", "0.0"),
        ("trunc(d, -400)", "0.0"),
        ("round(d, -p)", "0.0"),
        ("round(n, 400)", "1250"),
        ("round(n, -2)", "1300"),
        ("round(i, -2)", "-1300"),
        ("round(n, -400)", "0"),
        ("trunc(n, -2)", "1200.0"),
        ("round(m, 400)", "2.55"),
        ("round(m, 1)", "2.6"),
        ("trunc(m, 400)", "2.55"),
        ("trunc(m, 1)", "2.50"),
        ("round(m, -400)", "0"),
        ("round(d, 1)", "1.5"),
        ("round(1234.5678, 2)", "1234.57"),
        ("round(1234.5678, -2)", "1200.0"),
        ("trunc(1299.5678, -2)", "1200.0"),
        ("round(-2.5)", "-3.0"),
        ("round(cast(null as double), 2)", "null"),
        ("round(d, cast(null as int))", "null"),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}

#[test]
fn what_has_no_value_fails_its_record() {
    let mut wrong = Vec::new();
    for (d, expression, expected) in [
        (
            "-1",
            "sqrt(d)",
            "column `x`: cannot take square root of a negative number",
        ),
        (
            "0",
            "ln(d)",
            "column `x`: ln(0) is infinite, or too large for a Double",
        ),
        ("-1", "ln(d)", "column `x`: ln(-1) is no number"),
        ("0", "log10(d)", "column `x`: log10(0) is infinite"),
        ("0", "log(2, d)", "log(2, 0) is infinite"),
        ("0", "log2(d)", "log"),
        ("0", "log(d, 5)", "column `x`: no logarithm has the base 0"),
        ("400", "power(10.0, d)", "power(10, 400) is infinite"),
        ("400", "pow(10, d)", "power(10, 400) is infinite"),
        ("-8", "power(d, 0.5)", "power(-8, 0.5) is no number"),
        ("1000", "exp(d)", "exp(1000) is infinite"),
        ("1000", "sinh(d)", "sinh(1000) is infinite"),
        ("2", "acos(d)", "acos(2) is no number"),
        ("2", "asin(d)", "asin(2) is no number"),
        ("2", "atanh(d)", "atanh(2) is no number"),
        ("0", "acosh(d)", "acosh(0) is no number"),
        ("0", "cot(d)", "cot(0) is infinite"),
        ("1.7e308", "round(d, -308)", "is infinite"),
        ("1.7e308", "degrees(d)", "is infinite"),
        ("-1", "factorial(cast(d as bigint))", "negative"),
        ("21", "factorial(cast(d as bigint))", "21"),
        (
            "400",
            "power(10, cast(d as bigint))",
            "power(10, 400) is infinite",
        ),
    ] {
        let why = failure(&format!("{{\"d\":{d}}}"), expression);
        if !why.contains(expected) || why.contains('\n') {
            wrong.push(format!("{expression}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_has_a_value_is_answered_beside_it() {
    let row = r#"{"d":2.0,"n":5}"#;
    for (expression, expected) in [
        ("case when d < 0 then null else sqrt(d * 2) end", "2.0"),
        ("factorial(n)", "120"),
        ("power(d, 10)", "1024.0"),
        ("ln(exp(d))", "2.0"),
        // A number that is infinite when it comes is not the fault of the function.
        ("exp(cast('inf' as double)) > 1", "true"),
        ("sqrt(cast('nan' as double)) is null", "false"),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}
