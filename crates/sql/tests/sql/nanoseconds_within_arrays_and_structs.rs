//! Times in nanoseconds that arrays and structs hold meet other times in microseconds, as they do by themselves: the one at or before
//! each of them, also before 1970.

use crate::support::value;

const SCHEMA: &str = "struct<ts:Timestamp,far:Date,s:String,old:String>";
const ROW: &str = r#"{"ts":"2024-01-02T10:00:00.123456","far":"9999-12-31","s":"2024-01-02 10:00:00.123456789","old":"1969-12-31 23:59:59.999999999"}"#;

fn all(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expression, expected) in cases {
        // Written item by item, each of them would be cast by itself.
        let expression = expression.replace("NANOS", "array_reverse([to_timestamp_nanos(s)])");
        let found = value(SCHEMA, ROW, &expression);
        if found != *expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wholes_are_compared_in_microseconds() {
    all(&[
        ("NANOS = [ts]", "true"),
        ("[ts] = NANOS", "true"),
        ("NANOS < [far]", "true"),
        (
            "array_reverse([to_timestamp_nanos(old)]) = ['1969-12-31 23:59:59.999999']",
            "true",
        ),
        (
            "array_element([named_struct('t', to_timestamp_nanos(s))], 1) = struct(ts)",
            "true",
        ),
    ]);
}

#[test]
fn items_are_looked_for_and_joined_in_microseconds() {
    all(&[
        ("array_has(NANOS, ts)", "true"),
        ("array_has(NANOS, far)", "false"),
        (
            "array_append(NANOS, far)",
            r#"["2024-01-02T10:00:00.123456","9999-12-31T00:00:00"]"#,
        ),
    ]);
}

#[test]
fn wholes_are_handed_on_in_microseconds() {
    all(&[(
        "coalesce(NANOS, [far])",
        r#"["2024-01-02T10:00:00.123456"]"#,
    )]);
}

#[test]
fn among_themselves_all_of_their_digits_count() {
    all(&[
        ("NANOS = [to_timestamp_nanos(s)]", "true"),
        (
            "NANOS = [to_timestamp_nanos('2024-01-02 10:00:00.123456788')]",
            "false",
        ),
    ]);
}
