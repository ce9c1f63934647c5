//! `date_format` as in Flink, Hive and Spark; `to_char` as in PostgreSQL and Oracle; both as in strftime.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, run, value};

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

#[test]
fn a_percent_sign_in_quotes_is_text() {
    for (pattern, expected) in [
        ("yyyy''%''", "2024%"),
        ("''at 100% ''HH", "at 100% 15"),
        ("''%d''yyyy", "%d2024"),
        // It is one of strftime where a percent sign stands outside, or nothing outside is a part of a time.
        ("''%Y'' %m", "'2024' 01"),
        ("''%Y''", "'2024'"),
        ("o''clock %H", "o'clock 15"),
        ("at ''%H:%M'' sharp", "at '15:04' sharp"),
    ] {
        is(&format!("date_format(ts, '{pattern}')"), expected);
        let by_column = format!("date_format(ts, case when s <> '' then '{pattern}' end)");
        is(&by_column, expected);
    }
    // In double quotes where it is PostgreSQL's.
    for (pattern, expected) in [("YYYY\"%\"", "2024%"), ("\"100%\" HH24", "100% 15")] {
        is(&format!("to_char(ts, '{pattern}')"), expected);
    }
    is_refused("to_char", "%Y \"%\" %m", "is no pattern of strftime");
}

#[test]
fn each_row_has_the_pattern_that_it_brings() {
    const SCHEMA: &str = "struct<b:String,t:Timestamp,d:Date>";
    let row = |pattern: &str| {
        format!(r#"{{"b":"{pattern}","t":"2024-01-02T15:04:05","d":"2024-11-09"}}"#)
    };
    let rows = [
        row("yyyy-MM-dd"),
        row("%Y"),
        r#"{"t":"2024-01-02T15:04:05","d":"2024-11-09"}"#.to_owned(),
        row("HH:mm"),
        row("%d.%m. %H"),
        r#"{"b":"%Y"}"#.to_owned(),
    ];
    let null = "null";
    for (expression, expected) in [
        (
            "date_format(t, b)",
            ["2024-01-02", "2024", null, "15:04", "02.01. 15", null],
        ),
        (
            "date_format(d, b)",
            ["2024-11-09", "2024", null, "00:00", "09.11. 00", null],
        ),
        // One time and many patterns.
        (
            "date_format(timestamp '2024-01-02 15:04:05', b)",
            ["2024-01-02", "2024", null, "15:04", "02.01. 15", "2024"],
        ),
        (
            "to_char(t, case when strpos(b, '%') > 0 then b when b is not null then 'YYYY' end)",
            ["2024", "2024", null, "2024", "02.01. 15", null],
        ),
    ] {
        let sql = format!("select {expression} as x from t1");
        let expected = expected.map(|text| match text {
            "null" => r#"{"x":null}"#.to_owned(),
            text => format!(r#"{{"x":"{text}"}}"#),
        });
        assert_eq!(run(SCHEMA, &rows.join("\n"), &sql), expected, "{sql}");
        let alone = rows.iter().flat_map(|row| run(SCHEMA, row, &sql));
        let alone: Vec<String> = alone.collect();
        assert_eq!(alone, expected, "{sql}, of each row alone");
    }
}

#[test]
fn a_pattern_of_a_record_that_is_none_makes_that_record_a_bad_one() {
    const SCHEMA: &str = "struct<b:String,t:Timestamp>";
    let rows = ["yyyy", "%Q", "%Y", "yyyy %H", "yyyy]", "%m"]
        .map(|pattern| format!(r#"{{"b":"{pattern}","t":"2024-01-02T15:04:05"}}"#));
    let input = batch(&parse_struct(SCHEMA).unwrap(), &rows.join("\n"));
    let query = plan(SCHEMA, "select date_format(t, b) as x from t1");
    let answer = query.evaluate_isolating(&input).unwrap();
    let expected = ["2024", "2024", "01"].map(|text| format!(r#"{{"x":"{text}"}}"#));
    assert_eq!(json(&answer.rows), expected);
    let bad: Vec<_> = answer.failures.iter().map(|failure| failure.row).collect();
    assert_eq!(bad, [1, 3, 4]);
}

/// Refuses `function(ts, pattern)`, in these words.
#[track_caller]
fn is_refused(function: &str, pattern: &str, told: &str) {
    let sql = format!("select {function}(ts, '{pattern}') as x from t1");
    let error = refused(SCHEMA, &sql);
    assert!(error.starts_with("MS-5001: "), "{sql}: {error}");
    assert!(error.contains(told), "{sql}: {error}");
}

#[test]
fn the_signs_that_java_keeps_mean_what_they_do_there() {
    for (pattern, expected) in [
        // Sections are written if their parts are there, which they are.
        ("yyyy[-MM]", "2024-01"),
        ("yyyy[-MM[-dd]]", "2024-01-02"),
        ("[[yyyy]-MM", "2024-01"),
        ("yyyy[]", "2024"),
        // In SQL each quote is written twice.
        ("''[''yyyy'']''", "[2024]"),
        ("''{''yyyy''#}''", "{2024#}"),
        ("yyyy''''MM", "2024'01"),
        ("''''''''", "'"),
        ("''o''''clock''", "o'clock"),
        ("yyy", "2024"),
        ("yyyyy", "02024"),
        ("u uu uuuu", "2024 24 2024"),
        ("QQ", "01"),
        ("LLL EE", "Jan Tue"),
    ] {
        is(&format!("date_format(ts, '{pattern}')"), expected);
    }
    for (pattern, told) in [
        ("yyyy]", "a `]` stands behind no `[`"),
        ("[yyyy]]", "a `]` stands behind no `[`"),
        ("{yyyy}", "`{` has no meaning yet in Java"),
        ("yyyy}", "`}` has no meaning yet in Java"),
        ("yyyy#", "written '#' in single quotes"),
        ("yyyy-MM-dd HH:mmXXX", "`XXX` is the time zone"),
        ("yyyy-MM-ddTHH", "`T` is not offered"),
        ("yyyy ww", "`ww` is not offered"),
        ("kk", "`kk` is not offered"),
        ("hhh", "`hhh` is not offered"),
        ("yyyyyyyyyyyyyyyyyyyy", "is not offered"),
        ("yyyy''", "a single quote is not closed"),
    ] {
        is_refused("date_format", pattern, told);
    }
}

#[test]
fn every_word_of_postgresql_is_written_as_there() {
    for (pattern, expected) in [
        ("SSSS", "54245"),
        ("SSSSS", "54245"),
        ("FMSSSS sssss", "54245 54245"),
        ("SS.FF1 FF3 FF6 ff4", "05.0 006 006007 0060"),
        ("MSUS FMMS", "006006007 006"),
        ("FMYY FMYYYY yyyy", "24 2024 2024"),
        ("FMDD.MM.FMMM", "2.01.1"),
        ("IYYY-IW-ID", "2024-01-2"),
        ("WW W FMWW", "01 1 1"),
        ("DDD FMDDD", "002 2"),
        ("HH24MISS", "150405"),
        ("hh12 hh FMHH", "03 03 3"),
        ("MONTH|Month|month|", "JANUARY  |January  |january  |"),
        ("FMMONTH|FMMonth|fmmonth|", "JANUARY|January|january|"),
        ("MON Mon mon", "JAN Jan jan"),
        ("DAY|Day|day|", "TUESDAY  |Tuesday  |tuesday  |"),
        ("DY Dy dy", "TUE Tue tue"),
        ("AM PM am pm A.M. p.m.", "PM PM pm pm P.M. p.m."),
        ("DDDD", "0023"),
        ("[YYYY]{#}", "[2024]{#}"),
    ] {
        is(&format!("to_char(ts, '{pattern}')"), expected);
    }
    let quoted = value(SCHEMA, ROW, r#"to_char(ts, '"a\"b" \"YYYY\MM')"#);
    assert_eq!(quoted, r#""a\"b \"2024\\01""#);
    is(
        "to_char(timestamp '2023-01-01 00:00:00', 'IYYY-IW-ID D WW SSSS')",
        "2022-52-7 1 01 0",
    );
}

#[test]
fn words_of_postgresql_that_are_not_offered_are_taken_for_no_others() {
    for (pattern, told) in [
        ("Y,YYY", "`Y,YYY` is not offered"),
        ("YYY", "`YYY` is not offered"),
        ("YYYYY", "`Y` is not offered"),
        ("Yyyy", "write `YYYY`"),
        ("IYY", "`IYY` is not offered"),
        ("IDDD", "`IDDD` is not offered"),
        ("YYYY BC", "`BC` is not offered"),
        ("YYYY a.d.", "`a.d.` is not offered"),
        ("CC", "`CC` is not offered"),
        ("J", "`J` is not offered"),
        ("FMRM", "`RM` is not offered"),
        ("HH24 TZ", "`TZ` is not offered"),
        ("TZH:TZM", "`TZH` is not offered"),
        ("HH24OF", "`OF` is not offered"),
        ("FXYYYY", "`FX` is not offered"),
        ("TMMonth", "`TM` is not offered"),
        ("DDth", "`th` makes an ordinal"),
        (
            "YYYY-MM-DDTHH24:MI",
            "a T that means itself stands in double",
        ),
        ("DDSP", "`S` is not offered"),
        ("SSS", "`S` is not offered"),
        ("FF7", "`F` is not offered"),
        ("FM-DD", "`FM` stands before no word"),
        ("MOnth", "write `MONTH`"),
    ] {
        is_refused("to_char", pattern, told);
    }
}

#[test]
fn years_of_all_lengths_are_written_as_there() {
    // 10024-12-31 12:30:15 and -0005-02-28 12:30:15.
    let far = "to_timestamp(254191264215)";
    let before = "to_timestamp(-62319929385)";
    for (time, pattern, expected) in [
        (far, "yyyy", "+10024"),
        (far, "yyyy-MM-dd HH:mm:ss", "+10024-12-31 12:30:15"),
        (far, "uuuu", "+10024"),
        (far, "y yyy yyyyy yy", "10024 10024 10024 24"),
        (before, "y yyyy yy", "6 0006 06"),
        (before, "u uuuu uu", "-5 -0005 05"),
        // As strftime has it.
        (far, "%Y", "+10024"),
    ] {
        is(&format!("date_format({time}, '{pattern}')"), expected);
    }
    for (time, pattern, expected) in [
        (far, "YYYY FMYYYY YY IYYY", "10024 10024 24 10025"),
        (before, "YYYY FMYYYY YY FMYY", "0006 6 06 6"),
    ] {
        is(&format!("to_char({time}, '{pattern}')"), expected);
    }
    is(&format!("cast({far} as string)"), "+10024-12-31 12:30:15");
}

#[test]
fn sections_are_not_read_and_what_to_write_is_told() {
    const FORMS: &str = "'%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d'";
    for name in ["to_timestamp", "to_date", "to_unixtime", "unix_timestamp"] {
        let sql = format!("select {name}(s, 'yyyy-MM-dd[ HH:mm[:ss]]') as x from t1");
        let error = refused(SCHEMA, &sql);
        assert!(error.contains(FORMS), "{sql}: {error}");
    }
    // Strftime has no fraction of one digit.
    let error = refused(
        SCHEMA,
        "select to_timestamp(s, 'yyyy-MM-dd HH:mm:ss[.S]') as x from t1",
    );
    let both = "to_timestamp(…, 'yyyy-MM-dd HH:mm:ss.S', '%Y-%m-%d %H:%M:%S')";
    assert!(error.contains(both), "{error}");
    let sql = "select to_timestamp(s, '{yyyy}-MM-dd') as x from t1";
    let error = refused(SCHEMA, sql);
    assert!(error.contains("`{` has no meaning yet in Java"), "{error}");
    for (text, expected) in [
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05"),
        ("2024-01-02 03:04", "2024-01-02 03:04:00"),
        ("2024-01-02", "2024-01-02 00:00:00"),
    ] {
        is(
            &format!("cast(to_timestamp('{text}', {FORMS}) as string)"),
            expected,
        );
    }
}
