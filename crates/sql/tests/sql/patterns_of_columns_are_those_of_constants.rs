//! A pattern of a time that a record brings, or that comes of an expression, is of the dialect of which it were as a constant.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, run, value};

const SCHEMA: &str = "struct<n:Int,s:String,p:String>";

#[test]
fn each_row_is_read_by_the_pattern_that_it_brings() {
    const TIMES: [&str; 4] = [
        "2024-02-29 12:30:15",
        "2024-02-29 12:00:00",
        "2024-02-29 00:00:00",
        "2024-02-29 12:30:15",
    ];
    let rows = r#"{"n":0,"s":"2024-02-29 12:30:15","p":"yyyy-MM-dd HH:mm:ss"}
{"n":0,"s":"29.02.2024 12","p":"%d.%m.%Y %H"}
{"n":0,"s":"20240229","p":"yyyyMMdd"}
{"n":0,"s":"2024-02-29T12:30:15.2","p":"yyyy-MM-dd'T'HH:mm:ss.S"}"#;
    for of_seconds in [
        "to_timestamp_seconds(s, p)",
        "cast(to_timestamp(s, p) as timestamp(0))",
        "cast(to_timestamp_millis(s, p) as timestamp(0))",
        "cast(to_timestamp_micros(s, p) as timestamp(0))",
        "from_unixtime(to_unixtime(s, p))",
        "from_unixtime(unix_timestamp(s, p))",
        "from_unixtime(unix_timestamp(s, coalesce(p, 'yyyy')))",
    ] {
        let sql = format!("select cast({of_seconds} as string) as x from t1");
        let expected = TIMES.map(|time| format!("{{\"x\":\"{time}\"}}"));
        assert_eq!(run(SCHEMA, rows, &sql), expected, "{sql}");
    }
    let sql = "select cast(to_date(s, p) as string) as x from t1";
    assert_eq!(run(SCHEMA, rows, sql), [r#"{"x":"2024-02-29"}"#; 4]);
}

#[test]
fn expressions_of_constants_are_patterns_of_java_too() {
    let row = r#"{"n":1,"s":"29.02.2024"}"#;
    for (expression, expected) in [
        ("to_date(s, concat('dd.MM', '.yyyy'))", "2024-02-29"),
        ("to_date(s, coalesce(p, 'dd.MM.yyyy'))", "2024-02-29"),
        (
            "to_date(s, if(n = 1, 'dd.MM.yyyy', 'yyyy-MM-dd'))",
            "2024-02-29",
        ),
        (
            "to_date(s, case when n = 1 then 'dd.MM.yyyy' else '%Y-%m-%d' end)",
            "2024-02-29",
        ),
        ("to_date(s, 'yyyy-MM-dd', 'dd.MM.yyyy')", "2024-02-29"),
        ("to_date(s, '%Y-%m-%d %Z', 'dd.MM.yyyy')", "2024-02-29"),
        ("to_date(s, p, 'dd.MM.yyyy')", "2024-02-29"),
        ("from_unixtime(n, concat('yyyy', '-MM'))", "1970-01"),
        ("from_unixtime(n, if(n = 1, 'yyyy', 'MM'))", "1970"),
        ("from_unixtime(n, coalesce(p, '%H:%M:%S'))", "00:00:01"),
        (
            "date_format(from_unixtime(n), coalesce(p, 'yyyy-MM'))",
            "1970-01",
        ),
    ] {
        let found = value(SCHEMA, row, &format!("cast({expression} as string)"));
        assert_eq!(found, format!("\"{expected}\""), "{expression}");
    }
    let null = "from_unixtime(n, p)";
    assert_eq!(value(SCHEMA, row, null), "null");
}

#[test]
fn a_day_is_read_by_those_patterns_that_are_there() {
    const OTHER: &str = "yyyy-MM-dd HH:mm:ss.S";
    let rows = r#"{"s":"2024-02-29 12:30:15.2"}
{"s":"2024-02-29 12:30:15.2","p":"yyyy-MM-dd"}
{"s":"2024-02-29 12:30:15.2","p":"%Y-%m-%d %Z"}
{"s":"2024-02-29 23:30 America/New_York","p":"%Y-%m-%d %H:%M %Z"}
{"p":"%Y-%m-%d %Z"}"#;
    let sql = format!("select cast(to_date(s, p, '{OTHER}') as string) as x from t1");
    let expected = [
        r#"{"x":"2024-02-29"}"#,
        r#"{"x":"2024-02-29"}"#,
        r#"{"x":"2024-02-29"}"#,
        // It is the next day in UTC.
        r#"{"x":"2024-03-01"}"#,
        r#"{"x":null}"#,
    ];
    assert_eq!(run(SCHEMA, rows, &sql), expected);
    let rows = r#"{"s":"2024-02-29"}
{"s":"2024-02-29 UTC","p":"%Y-%m-%d %Z"}
{"s":"29.02.2024","p":"dd.MM.yyyy"}"#;
    let sql = "select cast(to_date(s, p) as string) as x from t1";
    // Without a pattern a day is null, whatever others of the batch bring.
    let expected = [
        r#"{"x":null}"#,
        r#"{"x":"2024-02-29"}"#,
        r#"{"x":"2024-02-29"}"#,
    ];
    assert_eq!(run(SCHEMA, rows, sql), expected);
}

#[test]
fn a_pattern_that_is_too_long_is_refused_and_not_repeated() {
    let long = "h ".repeat(100_000);
    let rows = format!(
        "{{\"s\":\"2024-02-29\",\"p\":\"{long}\"}}\n{{\"s\":\"2024-02-29\",\"p\":\"yyyy-MM-dd\"}}"
    );
    let input = batch(&parse_struct(SCHEMA).unwrap(), &rows);
    for name in ["to_timestamp", "to_date", "to_unixtime"] {
        let query = plan(SCHEMA, &format!("select {name}(s, p) as x from t1"));
        let answer = query.evaluate_isolating(&input).unwrap();
        assert_eq!(answer.rows.num_rows(), 1, "{name}");
        let told = &answer.failures[0].message;
        assert!(told.contains("h h h"), "{name}: {told}");
        assert!(told.contains("has at most 1000"), "{name}: {told}");
        assert!(told.len() < 300, "{name}: {told}");
    }
    let constant = "h ".repeat(600);
    let sql = format!("select to_timestamp(s, '{constant}') as x from t1");
    let error = refused(SCHEMA, &sql);
    assert!(error.contains("has at most 1000"), "{error}");
}

#[test]
fn what_is_wrong_with_a_pattern_of_a_record_is_said_of_its_dialect() {
    let rows = r#"{"s":"29/02/2024","p":"dd/mm/yyyy"}
{"s":"2024-02-29","p":"YYYY-MM-DD"}
{"s":"2024-02-29","p":"yyyy-MM-dd XXX"}
{"s":"2024-02-29","p":"yyyy-MM-dd"}
{"s":"2024-02-30","p":"yyyy-MM-dd"}
{"s":"2024-02-29","p":"yyyy-MM-%d"}"#;
    let input = batch(&parse_struct(SCHEMA).unwrap(), rows);
    let query = plan(
        SCHEMA,
        "select cast(to_timestamp(s, p) as string) as x from t1",
    );
    let answer = query.evaluate_isolating(&input).unwrap();
    assert_eq!(json(&answer.rows), [r#"{"x":"2024-02-29 00:00:00"}"#]);
    let bad: Vec<_> = answer.failures.iter().map(|failure| failure.row).collect();
    assert_eq!(bad, [0, 1, 2, 4, 5]);
    let told = answer.failures.iter().map(|failure| &failure.message);
    let words = [
        "write `dd/MM/yyyy`",
        "write `%Y-%m-%d`",
        "`XXX` is the time zone",
        "is not in the format `yyyy-MM-dd`",
        "write `%Y-%m-%d`",
    ];
    for (told, words) in told.zip(words) {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn constants_behind_a_condition_are_looked_at_before_there_are_records() {
    for (expression, words) in [
        (
            "to_timestamp(s, case when n = 1 then 'dd/mm/yyyy' else p end)",
            "write `dd/MM/yyyy`",
        ),
        ("to_date(s, coalesce(p, 'YYYYMMDD'))", "write `%Y%m%d`"),
        ("to_unixtime(s, if(n = 1, p, '%Q'))", "`%Q`"),
        (
            "unix_timestamp(s, if(n = 1, p, 'yyyy-mm-dd'))",
            "write `yyyy-MM-dd`",
        ),
        (
            "to_timestamp_millis(s, 'yyyy-MM-dd hh')",
            "write `yyyy-MM-dd HH`",
        ),
        (
            "from_unixtime(n, if(n = 1, 'UTC', 'Europe/Berlin'))",
            "the pattern `UTC`",
        ),
        (
            "date_format(from_unixtime(n), if(n = 1, 'yyyy', 'YYYY'))",
            "write yyyy",
        ),
        (
            "to_char(from_unixtime(n), coalesce(p, 'Yyyy'))",
            "write `YYYY`",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
        assert!(error.contains(words), "{expression}: {error}");
    }
}

#[test]
fn by_a_pattern_that_is_null_there_is_no_time() {
    let row = r#"{"s":"2024-02-29"}"#;
    for expression in [
        "to_date('2024-02-29', p)",
        "to_date('2024-02-29', null)",
        "to_date(s, null)",
        "to_timestamp(s, p)",
        "to_timestamp(s, null)",
        "to_timestamp_seconds(s, null)",
        "to_timestamp_millis(s, null)",
        "to_timestamp_micros(s, null)",
        "to_timestamp_nanos(s, null)",
        "to_unixtime(s, p)",
        "to_unixtime(s, null)",
        "unix_timestamp(s, null)",
    ] {
        assert_eq!(value(SCHEMA, row, expression), "null", "{expression}");
    }
}
