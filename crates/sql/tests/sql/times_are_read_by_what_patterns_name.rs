//! What a pattern leaves out at its end is the first there is: a full hour, the first day of a month. One that leaves out
//! more is refused at the start where it is a constant, and makes its record a bad one where a record brings it.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, value};

const SCHEMA: &str = "struct<s:String,p:String>";

fn of(text: &str, expression: &str) -> String {
    value(SCHEMA, &format!("{{\"s\":\"{text}\"}}"), expression)
}

/// A text, the pattern of it in Java and in strftime, and the time.
const CASES: [(&str, &str, &str, &str); 7] = [
    (
        "2024020110",
        "yyyyMMddHH",
        "%Y%m%d%H",
        "2024-02-01 10:00:00",
    ),
    (
        "2024-02-01 10",
        "yyyy-MM-dd HH",
        "%Y-%m-%d %H",
        "2024-02-01 10:00:00",
    ),
    (
        "01.02.2024 10:30",
        "dd.MM.yyyy HH:mm",
        "%d.%m.%Y %H:%M",
        "2024-02-01 10:30:00",
    ),
    (
        "1.2.24 12 AM",
        "d.M.yy h a",
        "%-d.%-m.%y %-I %p",
        "2024-02-01 00:00:00",
    ),
    (
        "01/02/2024",
        "dd/MM/yyyy",
        "%d/%m/%Y",
        "2024-02-01 00:00:00",
    ),
    ("2024-02", "yyyy-MM", "%Y-%m", "2024-02-01 00:00:00"),
    ("2024", "yyyy", "%Y", "2024-01-01 00:00:00"),
];

#[test]
fn what_is_left_out_at_the_end_is_the_first() {
    for (text, java, strftime, expected) in CASES {
        let time = format!("\"{expected}\"");
        let day = format!("\"{}\"", &expected[..10]);
        for of_time in [
            format!("to_timestamp(s, '{java}')"),
            format!("to_timestamp(s, '{strftime}')"),
            format!("to_timestamp_seconds(s, '{strftime}')"),
            format!("to_timestamp_millis(s, '{strftime}')"),
            format!("to_timestamp_micros(s, '{strftime}')"),
            format!("to_timestamp_nanos(s, '{strftime}')"),
            format!("from_unixtime(to_unixtime(s, '{java}'))"),
            format!("from_unixtime(unix_timestamp(s, '{java}'))"),
        ] {
            let found = of(text, &format!("cast({of_time} as string)"));
            assert_eq!(found, time, "{of_time}");
        }
        for pattern in [java, strftime] {
            let found = of(text, &format!("to_date(s, '{pattern}')"));
            assert_eq!(found, day, "{pattern}");
        }
    }
}

#[test]
fn a_pattern_by_which_its_own_text_can_not_be_read_is_refused() {
    for (pattern, words) in [
        ("dd/mm/yyyy", "names a day and no month; write `dd/MM/yyyy`"),
        ("yyyy-mm-dd hh:mm:ss", "write `yyyy-MM-dd HH:mm:ss`"),
        (
            "yyyy-MM-dd hh:mm:ss",
            "half of the day; write `yyyy-MM-dd HH:mm:ss`",
        ),
        ("yyyyMMddhh", "write `yyyyMMddHH`"),
        (
            "yyyy-MM-dd HH:MM",
            "behind the hour, where the minute stands; write `yyyy-MM-dd HH:mm`",
        ),
        ("yyyy-mm-dd HH:MM:ss", "write `yyyy-MM-dd HH:mm:ss`"),
        (
            "HH:mm:ss",
            "names no year; write it like 'yyyy-MM-dd HH:mm:ss'",
        ),
        ("%d/%M/%Y", "names a day and no month; write `%d/%m/%Y`"),
        (
            "%Y-%m-%d %I:%M:%S",
            "half of the day; write `%Y-%m-%d %H:%M:%S`",
        ),
        (
            "%Y-%m-%d %M",
            "no hour; write one such as `%Y-%m-%d %H:%M:%S`",
        ),
    ] {
        for name in ["to_timestamp", "to_date", "to_unixtime", "unix_timestamp"] {
            let sql = format!("select {name}(s, '{pattern}') as x from t1");
            let error = refused(SCHEMA, &sql);
            assert!(
                error.starts_with("MS-5001: line 1, column 8: "),
                "{sql}: {error}"
            );
            assert!(error.contains(words), "{sql}: {error}");
        }
    }
    for (expression, words) in [
        (
            "to_timestamp_nanos(s, '%Y-%m-%d %I')",
            "write `%Y-%m-%d %H`",
        ),
        ("to_timestamp(s, '%F', '%d/%M/%Y')", "write `%d/%m/%Y`"),
        ("to_timestamp(s, '%Y-%m-%d %Z')", "read an offset with %z"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
        assert!(error.contains(words), "{expression}: {error}");
    }
}

#[test]
fn a_pattern_of_a_record_reads_whole_times_or_makes_it_a_bad_one() {
    let rows = r#"{"s":"2024020110","p":"%Y%m%d%H"}
{"s":"2024-02-01 10:00:00","p":"%Y-%m-%d %I:%M:%S"}
{"s":"2024-02-01 30","p":"%Y-%m-%d %M"}
{"s":"2024-02","p":"%Y-%m"}"#;
    let input = batch(&parse_struct(SCHEMA).unwrap(), rows);
    for (expression, expected) in [
        (
            "cast(to_timestamp(s, p) as string)",
            ["2024-02-01 10:00:00", "2024-02-01 00:00:00"],
        ),
        (
            "cast(to_date(s, p) as string)",
            ["2024-02-01", "2024-02-01"],
        ),
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let answer = query.evaluate_isolating(&input).unwrap();
        let expected = expected.map(|value| format!("{{\"x\":\"{value}\"}}"));
        assert_eq!(json(&answer.rows), expected, "{expression}");
        let bad: Vec<_> = answer.failures.iter().map(|failure| failure.row).collect();
        assert_eq!(bad, [1, 2], "{expression}");
    }
}

#[test]
fn fractions_of_a_second_are_read_as_they_are_written() {
    for (pattern, text) in [
        ("yyyy-MM-dd HH:mm:ss.S", "2024-02-01 10:30:15.1"),
        ("yyyy-MM-dd HH:mm:ss.SS", "2024-02-01 10:30:15.12"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2024-02-01 10:30:15.123"),
        ("yyyy-MM-dd HH:mm:ss,SSSS", "2024-02-01 10:30:15,1234"),
        ("yyyy-MM-dd HH:mm:ss.SSSSS", "2024-02-01 10:30:15.12345"),
        ("yyyyMMddHHmmssS", "202402011030151"),
        ("SSS ss:mm:HH dd.MM.yyyy", "123 15:30:10 01.02.2024"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-02-01 10:30:15.123456"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSSS", "2024-02-01 10:30:15.1234560"),
        (
            "yyyy-MM-dd HH:mm:ss.SSSSSSSSS",
            "2024-02-01 10:30:15.123456000",
        ),
    ] {
        let time = format!("to_timestamp(s, '{pattern}')");
        let again = of(text, &format!("date_format({time}, '{pattern}')"));
        assert_eq!(again, format!("\"{text}\""), "{pattern}");
        let by_column =
            format!("date_format(to_timestamp(s, concat(p, '{pattern}')), '{pattern}')");
        let row = format!("{{\"s\":\"{text}\",\"p\":\"\"}}");
        let again = value(SCHEMA, &row, &by_column);
        assert_eq!(again, format!("\"{text}\""), "{by_column}");
    }
    let micros = of(
        "2024-02-01 10:30:15.05",
        "cast(to_timestamp(s, 'yyyy-MM-dd HH:mm:ss.SS') as string)",
    );
    assert_eq!(micros, r#""2024-02-01 10:30:15.050""#);
}

#[test]
fn a_fraction_has_as_many_digits_as_its_pattern_has_letters() {
    let rows = r#"{"s":"2024-02-01 10:30:15.12"}
{"s":"2024-02-01 10:30:15.123"}
{"s":"2024-02-01 10:30:15.1234"}
{"s":"2024-02-01 10:30:15."}
{"s":"2024-02-01 10:30:15.1ö"}
{"s":"2024-02-01 10:30:15.-12"}"#;
    let input = batch(&parse_struct(SCHEMA).unwrap(), rows);
    for (pattern, right) in [
        ("yyyy-MM-dd HH:mm:ss.SSS", 1),
        ("yyyy-MM-dd HH:mm:ss.SS", 0),
    ] {
        let sql = format!("select to_timestamp(s, '{pattern}') as x from t1");
        let answer = plan(SCHEMA, &sql).evaluate_isolating(&input).unwrap();
        let bad: Vec<_> = answer.failures.iter().map(|failure| failure.row).collect();
        let expected: Vec<_> = (0..6).filter(|row| *row != right).collect();
        assert_eq!(bad, expected, "{pattern}");
    }
}

#[test]
fn a_percent_sign_in_quotes_of_java_is_text() {
    for (pattern, text, expected) in [
        (
            "yyyy-MM-dd ''at 100% ''HH",
            "2024-02-01 at 100% 10",
            "2024-02-01 10:00:00",
        ),
        ("yyyy''%''", "2024%", "2024-01-01 00:00:00"),
        ("yyyy''%Z''", "2024%Z", "2024-01-01 00:00:00"),
        // All of its quotes are strftime's text.
        ("''%Y-%m''", "'2024-02'", "2024-02-01 00:00:00"),
    ] {
        for name in ["to_timestamp", "to_date"] {
            let expression =
                format!("cast(cast({name}(s, '{pattern}') as timestamp(0)) as string)");
            let expected = match name {
                "to_date" => format!("\"{} 00:00:00\"", &expected[..10]),
                _ => format!("\"{expected}\""),
            };
            assert_eq!(of(text, &expression), expected, "{expression}");
        }
    }
}
