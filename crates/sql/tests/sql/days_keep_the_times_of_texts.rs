//! A text of the query beside a day is the day that it is, and a time where it holds one. Nothing cuts the time off in silence.

use crate::support::{refused, value};

const SCHEMA: &str = "struct<n:Int,d:Date,e:Date,ts:Timestamp,s:String,b:Boolean>";
const ROW: &str = r#"{"n":1,"d":"2024-02-29","ts":"2024-03-01T10:00:00","s":"x","b":true}"#;

fn all(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expression, expected) in cases {
        let found = value(SCHEMA, ROW, expression);
        if found.trim_matches('"') != *expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_text_that_is_a_day_is_that_day() {
    all(&[
        ("coalesce(e, '9999-12-31')", "9999-12-31"),
        ("coalesce(d, '9999-12-31')", "2024-02-29"),
        ("coalesce('2024-01-01', d)", "2024-01-01"),
        ("coalesce(e, '9999-12-31 00:00:00')", "9999-12-31"),
        ("nvl(e, '9999-12-31')", "9999-12-31"),
        ("ifnull(e, '9999-12-31')", "9999-12-31"),
        ("nvl2(n, d, '9999-12-31')", "2024-02-29"),
        ("nvl2(e, d, '9999-12-31')", "9999-12-31"),
        ("nullif(d, '2024-02-29')", "null"),
        ("nullif(d, '2024-03-01')", "2024-02-29"),
        ("greatest(d, '2024-03-01')", "2024-03-01"),
        ("least('2024-03-01', d)", "2024-02-29"),
        ("case when b then d else '9999-12-31' end", "2024-02-29"),
        ("case when not b then d else '9999-12-31' end", "9999-12-31"),
        ("if(b, '9999-12-31', d)", "9999-12-31"),
        ("[d, '2024-03-01']", r#"["2024-02-29","2024-03-01"]"#),
        ("coalesce(e, '9999-12-31') > d", "true"),
        (
            "case when b then d else '2024' || '-01-01' end",
            "2024-02-29",
        ),
        (
            "case when not b then d else '2024' || '-01-01' end",
            "2024-01-01",
        ),
        ("coalesce(e, concat('2024-01-', 15))", "2024-01-15"),
        ("coalesce(d, cast(null as string))", "2024-02-29"),
        ("coalesce(e, cast(null as string))", "null"),
        (
            "case when b then d else cast(null as string) end",
            "2024-02-29",
        ),
    ]);
}

#[test]
fn a_text_that_is_a_time_makes_times_of_all() {
    all(&[
        (
            "case when b then d else '2024-01-01 10:00:00' end",
            "2024-02-29T00:00:00",
        ),
        (
            "case when not b then d else '2024-01-01 10:00:00' end",
            "2024-01-01T10:00:00",
        ),
        ("if(b, '2024-01-01 10:00:00', d)", "2024-01-01T10:00:00"),
        ("coalesce(e, '2024-01-01 10:00:00')", "2024-01-01T10:00:00"),
        ("coalesce(d, '2024-01-01 10:00:00')", "2024-02-29T00:00:00"),
        (
            "coalesce(e, '2024-01-01 10:00:00', '9999-12-31')",
            "2024-01-01T10:00:00",
        ),
        ("greatest(d, '2024-02-29 10:00:00')", "2024-02-29T10:00:00"),
        ("nullif(d, '2024-02-29 10:00:00')", "2024-02-29T00:00:00"),
        ("nvl2(e, d, '2024-01-01 10:00:00')", "2024-01-01T10:00:00"),
        (
            "[d, '2024-01-01 10:00:00']",
            r#"["2024-02-29T00:00:00","2024-01-01T10:00:00"]"#,
        ),
        ("d = '2024-02-29 10:00:00'", "false"),
        ("d < '2024-02-29 10:00:00'", "true"),
        ("d in ('2024-02-29 10:00:00')", "false"),
        ("d between '2024-02-28 10:00:00' and '2024-02-29'", "true"),
        ("case d when '2024-02-29 10:00:00' then 1 else 0 end", "0"),
        ("d = '2024-02-29 00:00:00'", "true"),
        (
            "coalesce(e, '2024-01-01' || ' 10:00:00')",
            "2024-01-01T10:00:00",
        ),
        ("d < ('2024-02-29' || ' 10:00:00')", "true"),
    ]);
}

#[test]
fn a_day_and_a_time_are_handed_on_as_times() {
    all(&[
        ("nvl2(n, d, ts)", "2024-02-29T00:00:00"),
        ("nvl2(e, d, ts)", "2024-03-01T10:00:00"),
        ("coalesce(e, ts)", "2024-03-01T10:00:00"),
        ("ifnull(d, ts)", "2024-02-29T00:00:00"),
        ("greatest(d, ts)", "2024-03-01T10:00:00"),
        ("case when b then d else ts end", "2024-02-29T00:00:00"),
        ("coalesce(ts, d, '2024-01-01')", "2024-03-01T10:00:00"),
        // What is only looked at has no say in what comes of it.
        ("nvl2(s, 1, 2)", "1"),
        ("nvl2(s, ts, d)", "2024-03-01T10:00:00"),
        ("nvl2(d, n, 2)", "1"),
    ]);
}

#[test]
fn what_is_no_day_is_refused() {
    for (expression, word) in [
        ("coalesce(d, 'abc')", "'abc' is no Date"),
        ("nvl(d, '2024-02-30')", "'2024-02-30' is no Date"),
        ("nvl2(n, d, 'abc')", "'abc' is no Date"),
        ("nullif(d, 'abc')", "'abc' is no Date"),
        ("greatest(d, 'abc')", "'abc' is no Date"),
        ("case when b then d else 'n/a' end", "'n/a' is no Date"),
        ("[d, 'abc']", "'abc' is no Date"),
        ("coalesce(d, 'ab' || 'c')", "'abc' is no Date"),
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(said.starts_with("MS-5001: "), "{expression}: {said}");
        assert!(said.contains(word), "{expression}: {said}");
        assert!(!said.contains('\n'), "{expression}: {said}");
    }
}

#[test]
fn a_text_of_a_record_is_not_handed_on_beside_a_day() {
    for (expression, what) in [
        ("coalesce(d, s)", "coalesce"),
        ("ifnull(s, d)", "ifnull"),
        ("greatest(d, s)", "greatest"),
        ("nullif(d, s)", "nullif"),
        ("case when b then d else s end", "CASE"),
        ("if(b, d, substr(s, 1, 10))", "CASE"),
        ("nvl2(n, d, s)", "CASE"),
        ("[d, s]", "an array"),
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        let told = format!(
            "{what} has Date beside a text, and a text may hold more than a day; cast one of them: cast(name as date)"
        );
        assert!(said.contains(&told), "{expression}: {said}");
    }
    let row = r#"{"s":"2024-01-01"}"#;
    for (expression, expected) in [
        ("coalesce(d, cast(s as date))", "\"2024-01-01\""),
        (
            "coalesce(d, cast(s as timestamp))",
            "\"2024-01-01T00:00:00\"",
        ),
        ("coalesce(cast(d as string), s)", "\"2024-01-01\""),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}
