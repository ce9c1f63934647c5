//! `date_format` as in Flink, Hive and Spark; `to_char` as in PostgreSQL and Oracle; both as in strftime.

use crate::support::value;

const SCHEMA: &str = "struct<ts:Timestamp,dt:Date,s:String>";
const ROW: &str =
    r#"{"ts":"2024-01-02T15:04:05.006007","dt":"2024-11-09","s":"2024-01-02 03:04:05"}"#;

#[track_caller]
fn is(expression: &str, expected: &str) {
    let expected = format!("\"{expected}\"");
    assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
}

#[test]
fn date_format_takes_the_patterns_of_java() {
    for (pattern, expected) in [
        ("yyyy-MM-dd HH:mm:ss", "2024-01-02 15:04:05"),
        ("yyyyMMdd", "20240102"),
        ("yy/M/d", "24/1/2"),
        ("yyyy-MM-dd''T''HH:mm:ss.SSS", "2024-01-02T15:04:05.006"),
        ("HH:mm:ss.SSSSSS", "15:04:05.006007"),
        ("h:m:s a", "3:4:5 PM"),
        ("hh", "03"),
        ("EEE, d MMM yyyy", "Tue, 2 Jan 2024"),
        ("EEEE d MMMM", "Tuesday 2 January"),
        ("DDD", "002"),
        ("Q", "1"),
        ("", ""),
        ("年yyyy月", "年2024月"),
    ] {
        is(&format!("date_format(ts, '{pattern}')"), expected);
    }
    is("date_format(dt, 'yyyy-MM')", "2024-11");
    is("date_format(s, 'yyyy-MM-dd HH:mm')", "2024-01-02 03:04");
    is("DATE_FORMAT('2024-01-02', 'dd.MM.yyyy')", "02.01.2024");
    is("date_format(ts, concat('yyyy', '-MM'))", "2024-01");
    is(
        "date_format(ts, case when s <> '' then 'yyyy' else 'MM' end)",
        "2024",
    );
    is(
        "date_format(timestamp '9999-12-31 23:59:59', 'yyyy')",
        "9999",
    );
    assert_eq!(value(SCHEMA, "{}", "date_format(ts, 'yyyy')"), "null");
}

#[test]
fn to_char_takes_the_patterns_of_postgresql() {
    for (pattern, expected) in [
        ("YYYY-MM-DD", "2024-01-02"),
        ("YYYY-MM-DD HH24:MI:SS", "2024-01-02 15:04:05"),
        ("HH12:MI:SS.MS AM", "03:04:05.006 PM"),
        ("HH:MI:SS.US p.m.", "03:04:05.006007 p.m."),
        ("DD Mon YYYY", "02 Jan 2024"),
        ("FMDD FMMonth YYYY", "2 January 2024"),
        ("DAY", "TUESDAY  "),
        ("Dy DDD", "Tue 002"),
        ("D Q", "3 1"),
        (r#"YYYY"x"MM"#, "2024x01"),
    ] {
        is(&format!("to_char(ts, '{pattern}')"), expected);
    }
    is("to_char(dt, 'DD.MM.YY')", "09.11.24");
}

#[test]
fn both_take_patterns_of_strftime() {
    is("date_format(ts, '%Y-%m-%d')", "2024-01-02");
    is("to_char(ts, '%H:%M:%S%.3f')", "15:04:05.006");
    is("to_char(dt, '%d.%m.%Y')", "09.11.2024");
}
