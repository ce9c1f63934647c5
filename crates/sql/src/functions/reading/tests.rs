use chrono::format::ParseError;
use chrono::{DateTime, Utc};

use super::{Change, Format, check_fields, check_time_of_day, fault, names_zone, with};

fn read(text: &str, pattern: &str) -> Result<DateTime<Utc>, ParseError> {
    let format = Format::of(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
    format.read(text)
}

#[test]
fn what_is_left_out_at_the_end_is_the_first() {
    for (format, text, time) in [
        ("%Y%m%d%H", "2024020110", "2024-02-01 10:00:00"),
        ("%Y-%m-%d %H", "2024-02-01 10", "2024-02-01 10:00:00"),
        ("%Y-%m-%d %H:%M", "2024-02-01 10:30", "2024-02-01 10:30:00"),
        ("%Y-%m-%d %I %p", "2024-02-01 12 AM", "2024-02-01 00:00:00"),
        (
            "%Y-%m-%d %I:%M %p",
            "2024-02-01 12:30 PM",
            "2024-02-01 12:30:00",
        ),
        ("%Y-%m-%d", "2024-02-29", "2024-02-29 00:00:00"),
        ("%Y-%m", "2024-02", "2024-02-01 00:00:00"),
        ("%b %y", "Feb 24", "2024-02-01 00:00:00"),
        ("%Y", "2024", "2024-01-01 00:00:00"),
        ("%Y-%j", "2024-060", "2024-02-29 00:00:00"),
        ("%G-W%V-%u", "2024-W09-4", "2024-02-29 00:00:00"),
        ("%Y-%m-%d%z", "2024-02-29+0800", "2024-02-29 00:00:00"),
        ("%Y-%m-%dT%H%z", "2024-02-29T10+0800", "2024-02-29 02:00:00"),
        ("%s", "1709209815", "2024-02-29 12:30:15"),
        ("%s %H", "1709209815 12", "2024-02-29 12:30:15"),
    ] {
        let found = read(text, format).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert_eq!(found.naive_utc().to_string(), time, "{format}");
    }
}

#[test]
fn nothing_is_read_where_a_part_before_is_left_out() {
    for (format, text) in [
        ("%Y-%m-%d %I:%M:%S", "2024-02-01 10:00:00"),
        ("%Y-%m-%d %I", "2024-02-01 10"),
        ("%Y-%m-%d %p", "2024-02-01 AM"),
        ("%Y-%m-%d %M", "2024-02-01 30"),
        ("%Y-%m-%d %S", "2024-02-01 30"),
        ("%Y-%m-%d %H:%S", "2024-02-01 10:30"),
        ("%Y-%m-%d %H:%M.%3f", "2024-02-01 10:30.250"),
        ("%Y-%m %H:%M", "2024-02 10:30"),
        ("%Y %H", "2024 10"),
        ("%d/%M/%Y", "01/02/2024"),
        ("%m-%d", "02-01"),
        ("%H:%M:%S", "10:30:00"),
        ("%A %Y", "Thursday 2024"),
        ("%U %Y", "08 2024"),
        ("%s %Y-%m-%d", "1709209815 2024-03-01"),
    ] {
        let found = read(text, format);
        assert!(found.is_err(), "{format}: {found:?}");
    }
}

#[test]
fn a_fault_is_told_with_the_pattern_that_is_meant() {
    let no_month = "names a day and no month";
    let half = "counts its hours to 12";
    let month = "the month behind the hour";
    for (pattern, what, likely) in [
        ("dd/mm/yyyy", no_month, Some("dd/MM/yyyy")),
        ("d.m.yy", no_month, Some("d.M.yy")),
        ("yyyymmdd", no_month, Some("yyyyMMdd")),
        ("dd/mm/yyyy HH:mm", no_month, Some("dd/MM/yyyy HH:mm")),
        ("yyyy-mm-dd hh:mm:ss", no_month, Some("yyyy-MM-dd HH:mm:ss")),
        ("%d/%M/%Y", no_month, Some("%d/%m/%Y")),
        ("yyyy-MM-dd hh:mm:ss", half, Some("yyyy-MM-dd HH:mm:ss")),
        ("yyyyMMddhh", half, Some("yyyyMMddHH")),
        ("yyyy-MM-dd'h'h", half, Some("yyyy-MM-dd'h'H")),
        ("%Y-%m-%d %I:%M:%S", half, Some("%Y-%m-%d %H:%M:%S")),
        ("%Y-%m-%dI%-I", half, Some("%Y-%m-%dI%-H")),
        ("yyyy-MM-dd HH:MM", month, Some("yyyy-MM-dd HH:mm")),
        ("yyyy-MM-dd HH:MM:ss", month, Some("yyyy-MM-dd HH:mm:ss")),
        ("yyyy-mm-dd HH:MM:ss", month, Some("yyyy-MM-dd HH:mm:ss")),
        ("yyyy-mm-dd hh:MM", month, Some("yyyy-MM-dd HH:mm")),
        ("yyyyMMddHHMM", month, Some("yyyyMMddHHmm")),
        ("%Y-%m-%d %H:%m", month, Some("%Y-%m-%d %H:%M")),
        ("yyyy-MM-dd mm", "no hour", None),
        ("yyyy-MM-dd a", "a half of the day and no hour", None),
        ("yyyy-MM-dd HH:ss", "seconds and no minute", None),
        ("yyyy-MM-dd HH:mm SSS", "and no second", None),
        ("yyyy-MM HH", "a time of the day and no day", None),
        ("HH:mm:ss", "names no year", None),
        ("dd.MM", "names no year", None),
        ("EEEE yyyy", "names no whole day", None),
        ("yyyyMd", "can't read what it writes", None),
    ] {
        let found = fault(pattern).unwrap_or_else(|| panic!("{pattern}"));
        assert!(found.what.contains(what), "{pattern}: {found:?}");
        assert_eq!(found.likely.as_deref(), likely, "{pattern}");
    }
}

#[test]
fn what_comes_back_has_no_fault() {
    for pattern in [
        "yyyyMMddHH",
        "yyyy-MM-dd HH",
        "yyyyMMddHHmmss",
        "yyyyMMddHHmmssSSS",
        "yyyyMMddHHmmssS",
        "yyyy-MM-dd HH:mm:ss.S",
        "yyyy-MM-dd HH:mm:ss.SSSSSSSSS",
        "yyyy-MM-dd 'at 100% 'HH",
        "yyyy-MM",
        "yyyy",
        "yy/M/d",
        "dd.MM.yyyy",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
        "EEE, d MMM yyyy",
        "EEEE d MMMM yyyy",
        "yyyyDDD",
        "h:mm a dd.MM.yyyy",
        "HH MM/dd/yyyy",
        "HH:mm MM/dd/yyyy",
        "yyyy/MM/dd/yyyyMMddHH",
        "%c",
        "%+",
        "%s",
        "%F %T",
        "%D %R",
        "%D %r",
        "%v",
        "%Y-%m-%d %H:%M:%S%.f %z",
        "%Y-%m-%d %H:%M:%S%.3f%:z",
        "%Y-%m-%d %H:%M:%S%#z",
        "%Y-%m-%dT%H:%M:%S%::z",
        "%Y-%m-%dT%H:%M:%S%:::z",
        "%Y-%m-%d %H:%M:%S.%f",
        "%G-W%V-%u",
        "%Y %U %w",
        "%C%y-%m-%d",
        "%d %b %Y %l:%M %p",
        "%Y-%m-%d 100%%",
    ] {
        assert_eq!(fault(pattern), None, "{pattern}");
    }
}

#[test]
fn a_zone_is_told_from_a_percent_sign_before_a_letter() {
    assert!(names_zone("%Y-%m-%d %Z"));
    assert!(!names_zone("%Y-%m-%d %%Z"));
    let error = check_fields("%Y-%m-%d %Z").expect_err("of a zone");
    assert!(error.to_string().contains("with %z"), "{error}");
    check_fields("%Y-%m-%d %%Z").expect("a day");
}

#[test]
fn a_time_of_the_day_has_an_hour_of_24_and_a_minute() {
    for pattern in ["%H:%M", "%T", "%H:%M:%S%.f", "%I:%M %p", "%F %T", "%H%M%z"] {
        let told = check_time_of_day(pattern);
        assert!(told.is_ok(), "{pattern}: {told:?}");
    }
    for pattern in ["%Y-%m-%d", "%H", "%I:%M", "%M:%S", "%s", "%%"] {
        let error = check_time_of_day(pattern).expect_err(pattern).to_string();
        assert!(error.contains("no whole time of the day"), "{error}");
    }
}

#[test]
fn a_letter_that_stands_in_many_places_is_mended_in_all_of_them() {
    let hours = "h ".repeat(200);
    let pattern = format!("yyyy-MM-dd '{hours}' hh:mm");
    let fault = fault(&pattern).expect("hours of 12");
    let likely = format!("yyyy-MM-dd '{hours}' HH:mm");
    assert_eq!(fault.likely.as_deref(), Some(likely.as_str()));
    let changed = with("h h 'h' hh h", Change::Hours);
    assert_eq!(changed, "H H 'h' HH H");
    let long = "h ".repeat(100_000);
    assert_eq!(with(&long, Change::Hours), long.replace('h', "H"));
}
