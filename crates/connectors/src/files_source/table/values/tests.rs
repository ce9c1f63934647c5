use chrono::{NaiveDate, NaiveDateTime};

use super::{Parse, date, decimal, timestamp};

#[test]
fn whole_numbers_have_a_range() {
    assert_eq!(i64::parse(b"-9223372036854775808"), Some(i64::MIN));
    assert_eq!(i64::parse(b"9223372036854775807"), Some(i64::MAX));
    assert_eq!(i64::parse(b"9223372036854775808"), None);
    assert_eq!(i64::parse(b"0000000000000000000000042"), Some(42));
    assert_eq!(i16::parse(b"32768"), None);
    assert_eq!(
        (i16::parse(b"-32768"), i32::parse(b"+7")),
        (Some(i16::MIN), Some(7))
    );
    for text in ["", "-", "+", "1.0", "1a", "1 2", "0x1", "--1", "1e3", "١"] {
        assert_eq!(i64::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn fractions_are_rounded_as_the_standard_library_rounds_them() {
    let texts = [
        "0",
        "-0",
        "1.5",
        ".5",
        "5.",
        "0.1",
        "123456789012.345",
        "999999999999999",
        "1e300",
        "1E-7",
        "9007199254740993",
        "0.000000000000001",
        "3.141592653589793238",
        "NaN",
        "inf",
        "-Infinity",
        "179769313486231570000000000000000000000",
        "-12.25",
    ];
    for text in texts {
        let expected: f64 = text.parse().expect(text);
        let found = f64::parse(text.as_bytes()).expect(text);
        assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
        let short: f32 = text.parse().expect(text);
        // What is too large for 32 bits only is none.
        let short = Some(short).filter(|short| !short.is_infinite() || expected.is_infinite());
        let found = f32::parse(text.as_bytes());
        assert_eq!(found.map(f32::to_bits), short.map(f32::to_bits), "{text}");
    }
    for text in ["", ".", "-", "1,5", "1.2.3", "abc", "1f"] {
        assert_eq!(f64::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_number_that_is_too_large_is_none_and_infinity_is_one() {
    for text in ["1e39", "-1e39", "340282366920938463463374607431768211456"] {
        assert_eq!(f32::parse(text.as_bytes()), None, "{text}");
    }
    for text in ["1e400", "-1E999", &"9".repeat(400)] {
        assert_eq!(f64::parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(f64::parse(b"-Infinity"), Some(f64::NEG_INFINITY));
    assert_eq!(f32::parse(b"inf"), Some(f32::INFINITY));
    assert_eq!(f64::parse(b"1e-400"), Some(0.0));
}

#[test]
fn decimals_are_exact_or_none() {
    for (text, digits, behind, expected) in [
        ("12.34", 10, 2, Some(1_234)),
        ("-0.1", 10, 2, Some(-10)),
        ("+7", 3, 1, Some(70)),
        (".5", 3, 1, Some(5)),
        ("5.", 3, 1, Some(50)),
        ("0", 1, 0, Some(0)),
        ("-0.000", 1, 0, Some(0)),
        (
            "1.500000000000000000000000000000000000000000000",
            3,
            1,
            Some(15),
        ),
        (
            "1000000000000000000000000000000000000000e-37",
            5,
            1,
            Some(1_000),
        ),
        ("1e3", 4, 0, Some(1_000)),
        ("1.5e-1", 4, 2, Some(15)),
        (
            "99999999999999999999999999999999999999",
            38,
            0,
            Some(10_i128.pow(38) - 1),
        ),
        ("100000000000000000000000000000000000000", 38, 0, None),
        ("1.234", 10, 2, None),
        ("1000", 3, 0, None),
        ("9e999", 38, 0, None),
        ("", 3, 0, None),
        (".", 3, 0, None),
        ("-", 3, 0, None),
        ("1e", 3, 0, None),
        ("1,5", 3, 1, None),
        ("NaN", 3, 1, None),
        ("1.2.3", 9, 5, None),
    ] {
        assert_eq!(decimal(text.as_bytes(), digits, behind), expected, "{text}");
    }
}

#[test]
fn every_day_of_nine_thousand_years_is_counted_right() {
    let first = NaiveDate::from_ymd_opt(1, 1, 1).expect("a day");
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day");
    for day in first.iter_days().take(9_000 * 365).step_by(7) {
        let text = day.format("%Y-%m-%d").to_string();
        assert_eq!(
            date(text.as_bytes()).map(i64::from),
            Some(day.signed_duration_since(epoch).num_days()),
            "{text}"
        );
    }
    for text in [
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-04-31",
        "24-01-01",
        "2024/01/01",
    ] {
        assert_eq!(date(text.as_bytes()), None, "{text}");
    }
    assert!(date(b"2024-02-29").is_some());
}

#[test]
fn timestamps_are_read_in_the_three_forms() {
    let millis = |text: &str| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
            .expect("a time")
            .and_utc()
            .timestamp_millis()
    };
    for text in [
        "2020-04-15 08:09:10",
        "2020-04-15 08:09:10.123",
        "1969-12-31 23:59:59.5",
    ] {
        assert_eq!(
            timestamp::<3>(text.as_bytes()),
            Some(millis(text)),
            "{text}"
        );
    }
    assert_eq!(timestamp::<3>(b"1586959594000"), Some(1_586_959_594_000));
    assert_eq!(
        timestamp::<6>(b"1586959594001"),
        Some(1_586_959_594_001_000)
    );
    assert_eq!(
        timestamp::<6>(b"1970-01-01 00:00:01.000002"),
        Some(1_000_002)
    );
    assert_eq!(timestamp::<3>(b"1970-01-01 00:00:01.0002"), None);
    assert_eq!(timestamp::<6>(b"1970-01-01 00:00:01.0000002"), None);
    let wrong = [
        "158695959400",
        "2020-04-15",
        "2020-04-15 24:00:00",
        "2020-04-15 08:09:10.",
        "2020-04-15T08:09:10",
    ];
    for text in wrong {
        assert_eq!(timestamp::<3>(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn booleans_are_words_or_bits() {
    assert_eq!(
        (bool::parse(b"TRUE"), bool::parse(b"0")),
        (Some(true), Some(false))
    );
    assert_eq!(bool::parse(b"yes"), None);
}
