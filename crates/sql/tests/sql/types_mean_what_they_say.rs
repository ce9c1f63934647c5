//! Types in CAST have the names of SQL, Hive, Flink and Java, and a cast to text gives the form that sources read.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<ts:Timestamp,dt:Date,s:String,d:Double,n:Decimal(10,2)>";
const ROW: &str =
    r#"{"ts":"2024-01-02T15:04:05.006007","dt":"2024-11-09","s":"12.345","d":1e300,"n":2.5}"#;

#[test]
fn casts_take_every_spelling() {
    for (expression, expected) in [
        ("cast('7' as integer)", "7"),
        ("cast('7' as Long)", "7"),
        ("cast('7' as short) + 1", "8"),
        ("cast('true' as bool)", "true"),
        ("cast(s as decimal(10,3))", "12.345"),
        ("cast(s as numeric(10,1))", "12.3"),
        ("cast(s as double precision)", "12.345"),
        ("cast(s as real) > 12", "true"),
        ("cast(s as varchar(3))", "\"12.\""),
        ("cast(s as varchar(20))", "\"12.345\""),
        ("cast(s as character varying(4))", "\"12.3\""),
        ("cast(s as char(8))", "\"12.345  \""),
        ("s::varchar(2)", "\"12\""),
        ("cast(s as text)", "\"12.345\""),
        (
            "cast('2024-01-02 03:04:05' as datetime)",
            "\"2024-01-02T03:04:05\"",
        ),
        (
            "cast(ts as timestamp(3) without time zone)",
            "\"2024-01-02T15:04:05.006\"",
        ),
        (
            "cast(ts as timestamp_ntz)",
            "\"2024-01-02T15:04:05.006007\"",
        ),
        ("n * 2", "5.00"),
        ("n + cast('0.01' as decimal(3,2))", "2.51"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    let error = refused(SCHEMA, "select cast(s as integr) as x from t1");
    assert!(
        error.contains("`integr` is no type; did you mean `integer`"),
        "{error}"
    );
}

#[test]
fn a_number_with_a_point_is_exact_beside_a_decimal_and_a_double_beside_anything_else() {
    for (expression, expected) in [
        ("n + 0.1", "2.60"),
        ("-0.1 + n", "2.40"),
        ("n - 0.01", "2.49"),
        ("n * 0.1", "0.250"),
        ("n % 0.7", "0.40"),
        ("n + 0.1 + 0.001", "2.601"),
        ("n = 2.5", "true"),
        ("n > 2.4999", "true"),
        ("n between 2.49 and 2.51", "true"),
        ("n in (0.1, 2.5)", "true"),
        ("cast(n as decimal(38,37)) * 0.01 < 1", "true"),
        ("n / 0.5", "5.0"),
        ("n * 1e20", "2.5e20"),
        ("1.5", "1.5"),
        ("1e308", "1.0e308"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("d * 0.5", "5.0e299"),
        ("d > 1.5", "true"),
        ("cast('0.1' as double) + 0.2", "0.30000000000000004"),
        ("round(2.5)", "3.0"),
        ("power(2.5, 2)", "6.25"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn a_time_as_text_is_what_sources_read() {
    for (expression, expected) in [
        ("cast(ts as string)", "2024-01-02 15:04:05.006007"),
        (
            "cast(timestamp '9999-12-31 23:59:59' as varchar)",
            "9999-12-31 23:59:59",
        ),
        (
            "cast(timestamp '0001-01-01 00:00:00.5' as string)",
            "0001-01-01 00:00:00.500",
        ),
        ("concat('at ', ts)", "at 2024-01-02 15:04:05.006007"),
        ("'at ' || ts", "at 2024-01-02 15:04:05.006007"),
        ("cast(dt as string)", "2024-11-09"),
        ("cast(from_unixtime(0) as string)", "1970-01-01 00:00:00"),
        ("try_cast(ts as string)", "2024-01-02 15:04:05.006007"),
        ("substr(cast(ts as string), 1, 10)", "2024-01-02"),
    ] {
        let expected = format!("\"{expected}\"");
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    assert_eq!(
        value(SCHEMA, ROW, "cast(cast(ts as string) as timestamp) = ts"),
        "true"
    );
    assert_eq!(value(SCHEMA, "{}", "cast(ts as string)"), "null");
}

#[test]
fn a_number_that_is_too_large_is_no_infinity() {
    for (expression, expected) in [
        ("try_cast('1e400' as double)", "null"),
        ("try_cast('1e39' as float)", "null"),
        ("try_cast(d as float)", "null"),
        ("cast('1e300' as double) > 1", "true"),
        ("cast('inf' as double) > d", "true"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
    for expression in ["cast('1e400' as double)", "cast('-1e39' as float)"] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(
            error.contains("is too large for Double") || error.contains("is too large for Float"),
            "{error}"
        );
    }
}
