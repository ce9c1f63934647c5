//! Arithmetic of decimals gives the right number or fails its record, and numbers of the query count with all their digits.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, plan, refused, value};

const SCHEMA: &str = "struct<a:Decimal(38,0),b:Decimal(20,18),c:Decimal(3,2),m:Decimal(38,10),n:BigInt,d:Double,s:String>";
const NINES: &str = "99999999999999999999999999999999999999";

fn row() -> String {
    format!(
        r#"{{"a":"{NINES}","b":"0.123456789012345678","c":"9.99","m":"1.5","n":9223372036854775807,"d":1e25,"s":"{NINES}"}}"#
    )
}

/// Why `expression` fails for the row; none if it gives something.
fn failure(expression: &str) -> Option<String> {
    let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
    let rows = batch(&parse_struct(SCHEMA).unwrap(), &format!("{}\n{{}}", row()));
    let answer = query.evaluate_isolating(&rows).unwrap();
    answer.failures.into_iter().next().map(|failure| {
        assert_eq!(failure.row, 0, "{expression}");
        failure.message
    })
}

#[test]
fn a_result_that_its_type_does_not_hold_fails_its_record() {
    let mut wrong = Vec::new();
    for expression in [
        "a + 1",
        "1 + a",
        "a - (-1)",
        "a + a",
        "-a - 1",
        "a * 10",
        "a * 2",
        "a + b",
        "coalesce(a + 1, 0)",
        "case when a > 0 then a + 1 end",
        "abs(-a - 1)",
        "array_transform(['x'], x -> a + 1)[1]",
        "cast(s as decimal(38,0)) + 1",
        "cast(a as decimal(38,1))",
        "cast(a as decimal(37,0))",
        "cast(n as decimal(5,0))",
        "cast(d as decimal(20,0))",
        "cast(s as decimal(20,0))",
        "round(a, -1)",
        "ceil(c)",
    ] {
        match failure(expression) {
            Some(why) if why.starts_with("column `x`: ") && !why.contains('\n') => {}
            other => wrong.push(format!("{expression}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let why = failure("a + 1").unwrap_or_default();
    assert_eq!(
        why,
        format!(
            "column `x`: 1{} has more digits than Decimal(38,0) holds",
            "0".repeat(38)
        )
    );
    assert_eq!(value(SCHEMA, &row(), "try_cast(n as decimal(5,0))"), "null");
}

#[test]
fn what_it_holds_is_exact() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("a - 1", "99999999999999999999999999999999999998"),
        ("a + 0", NINES),
        ("a + 1 - 1", NINES),
        ("-a", "-99999999999999999999999999999999999999"),
        ("abs(-a)", NINES),
        ("a % 10", "9"),
        ("m * 2", "3.0000000000"),
        ("m + 1", "2.5000000000"),
        ("c + c", "19.98"),
        ("round(c)", "10"),
        ("round(c, 1)", "10.0"),
    ] {
        let found = value(SCHEMA, &row(), expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn numbers_of_the_query_count_with_all_their_digits() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        (
            "cast(99999999999999999999 as decimal(38,0))",
            "99999999999999999999",
        ),
        (
            "cast(-99999999999999999999 as decimal(38,0))",
            "-99999999999999999999",
        ),
        (
            "cast(-(99999999999999999999) as decimal(38,0))",
            "-99999999999999999999",
        ),
        (
            "cast(99999999999999999999 + 1 as decimal(38,0))",
            "100000000000000000000",
        ),
        (
            "cast(99999999999999999998 + 1 as decimal(38,0))",
            "99999999999999999999",
        ),
        (
            "cast(0.123456789012345678 as decimal(20,18))",
            "0.123456789012345678",
        ),
        (
            "cast(1.23456789012345678901e3 as decimal(38,17))",
            "1234.56789012345678901",
        ),
        (
            "cast(0.3 as decimal(38,30))",
            "0.300000000000000000000000000000",
        ),
        (
            "try_cast(99999999999999999999 as decimal(38,0))",
            "99999999999999999999",
        ),
        (
            "cast(99999999999999999999 as string)",
            "\"99999999999999999999\"",
        ),
        ("99999999999999999999", "99999999999999999999"),
        ("b = 0.123456789012345678", "true"),
        ("b <> 0.123456789012345678", "false"),
        ("b in (0.123456789012345678, 1.5)", "true"),
        ("b between 0.123456789012345678 and 1", "true"),
        ("a > 99999999999999999999", "true"),
        ("a > 1e20", "true"),
        ("a > -18446744073709551615", "true"),
        ("a = 99999999999999999999999999999999999999", "true"),
        ("a = 99999999999999999999999999999999999998", "false"),
        ("n < 99999999999999999999", "true"),
        ("n = 9223372036854775807", "true"),
        ("n > -9223372036854775808", "true"),
        ("d > 99999999999999999999", "true"),
        ("d > 3.14159265358979323846", "true"),
        ("3.14159265358979323846", "3.141592653589793"),
        ("1e20", "1.0e20"),
        ("d * 1.00000000000000000001", "1.0e25"),
        ("coalesce(d, 100000000000000000000)", "1.0e25"),
        ("coalesce(m, 1e3) > 1", "true"),
        ("b + 0.000000000000000001", "0.123456789012345679"),
    ] {
        let found = value(SCHEMA, &row(), expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_that_can_not_be_exact_is_refused() {
    for expression in [
        "a = 999999999999999999999999999999999999999",
        "m * 0.12345678901234567890123456789",
        "coalesce(m, 99999999999999999999)",
        "case when n > 0 then m else 0.12345678901234567 end",
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(
            error.contains("can't be exact beside a decimal")
                && error.contains("write it like cast('"),
            "{expression}: {error}"
        );
    }
}

#[test]
fn one_that_no_double_holds_is_refused_with_its_place() {
    for (expression, column) in [
        ("1e400", 8),
        ("-1e400", 9),
        ("cast(1e400 as double)", 13),
        ("d > 1e309", 12),
        ("coalesce(d, 1e-400)", 20),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(
            error.contains(&format!("line 1, column {column}: the number 1e"))
                && error.contains("for a Double"),
            "{expression}: {error}"
        );
    }
}

#[test]
fn a_text_that_is_no_day_is_told_in_plain_words() {
    let query = plan("struct<s:String>", "select to_date(s) as x from t1");
    let schema = parse_struct("struct<s:String>").unwrap();
    let rows = batch(&schema, "{\"s\":\"2024-02-29\"}\n{\"s\":\"2024-13-45\"}");
    let answer = query.evaluate_isolating(&rows).unwrap();
    let said: Vec<_> = answer.failures.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(
        said,
        ["column `x`: '2024-13-45' is no day; one is written like 2024-02-29"]
    );
    let error = refused(
        "struct<s:String>",
        "select to_date('2024-13-45') as x from t1",
    );
    assert!(error.contains("'2024-13-45' is no day"), "{error}");
}

#[test]
fn decimals_beside_doubles_fail_no_record() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("a = d", "false"),
        ("a < d", "false"),
        ("d < a", "true"),
        ("c between 0 and d", "true"),
        ("a in (d, 5)", "false"),
        ("c in (9.99, d)", "true"),
        ("a is distinct from d", "true"),
        ("case d when a then 1 else 0 end", "0"),
        ("c + d", "1e25"),
        ("coalesce(c, 0.5)", "9.99"),
        ("nullif(c, 0.0)", "9.99"),
        ("case when n < 0 then c else 0.001 end", "0.001"),
        ("coalesce(cast(c as double), d)", "9.99"),
        (
            "array_sum(array_transform(make_array(c, c), x -> cast(x as double)))",
            "19.98",
        ),
    ] {
        if let Some(why) = failure(expression) {
            wrong.push(format!("{expression}: {why}"));
            continue;
        }
        let found = value(SCHEMA, &row(), expression);
        let same = |found: &str| found.parse::<f64>().ok() == expected.parse::<f64>().ok();
        if found != expected && !(found.parse::<f64>().is_ok() && same(&found)) {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_would_lose_digits_of_decimals_is_refused() {
    for expression in [
        "coalesce(a, d)",
        "ifnull(d, c)",
        "nullif(a, d)",
        "greatest(a, d)",
        "make_array(c, d)",
        "case when n > 0 then a else d end",
        "if(n > 0, a, d)",
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let words = "gives either a decimal or a Double here, and no type holds the values of both; cast one of them";
        assert!(said.contains(words), "{expression}: {said}");
        assert!(said.starts_with("MS-5001: line 1, column 8: "), "{said}");
    }
    for function in ["array_sum", "array_avg", "array_product"] {
        let said = refused(
            SCHEMA,
            &format!("select {function}(make_array(c, c)) as x from t1"),
        );
        let words = format!(
            "{function} reckons with Doubles, which does not give the exact number of decimals; make Doubles"
        );
        assert!(said.contains(&words), "{said}");
    }
}
