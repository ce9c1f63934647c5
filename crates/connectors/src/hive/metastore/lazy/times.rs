//! Dates and times as Hive 4 reads them out of text. Pure.

use std::ops::RangeInclusive;

use crate::files_source::values::day_of;

/// Bytes of a field below which Hive does not look for a date.
const SHORTEST: usize = 8;
/// Digits of a fraction of a second that Hive keeps, and those that are kept here.
const NANOS: usize = 9;
const MICROS: usize = 6;
/// Years have four digits at most: Hive itself shows others wrongly, where it reads them.
const LAST_YEAR: i32 = 9_999;

/// A date in days: a year, a month and a day. What stands behind is dropped unless it begins with a digit.
pub(super) fn date(field: &[u8]) -> Option<i32> {
    if field.len() < SHORTEST || std::str::from_utf8(field).is_err() {
        return None;
    }
    let mut rest = trimmed(field);
    let day = day(&mut rest, 1..=4, 1..=2)?;
    (!rest.first().is_some_and(u8::is_ascii_digit)).then_some(day)
}

/// A time in microseconds, of which the digits behind are left out. A day alone is none.
pub(super) fn timestamp(field: &[u8]) -> Option<i64> {
    if field.len() < SHORTEST {
        return None;
    }
    let text = trimmed(field);
    spaced(text).or_else(|| iso(text))
}

/// `2020-1-2 3:4:5.6`.
fn spaced(mut rest: &[u8]) -> Option<i64> {
    let day = day(&mut rest, 1..=10, 1..=2)?;
    sign(&mut rest, b' ')?;
    let hour = number(&mut rest, 1..=2)?;
    sign(&mut rest, b':')?;
    let minute = number(&mut rest, 1..=2)?;
    sign(&mut rest, b':')?;
    let second = number(&mut rest, 1..=2)?;
    time(day, [hour, minute, second], fraction(rest, 1)?)
}

/// `2020-01-02T03:04:05.6`, where the seconds may be missing.
fn iso(mut rest: &[u8]) -> Option<i64> {
    let day = day(&mut rest, 4..=4, 2..=2)?;
    sign(&mut rest, b'T').or_else(|| sign(&mut rest, b't'))?;
    let hour = number(&mut rest, 2..=2)?;
    sign(&mut rest, b':')?;
    let minute = number(&mut rest, 2..=2)?;
    if rest.is_empty() {
        return time(day, [hour, minute, 0], 0);
    }
    sign(&mut rest, b':')?;
    let second = number(&mut rest, 2..=2)?;
    time(day, [hour, minute, second], fraction(rest, 0)?)
}

/// Takes a day from the beginning, whose year has as many digits as `years` says, and month and day as `others`.
fn day(
    rest: &mut &[u8],
    years: RangeInclusive<usize>,
    others: RangeInclusive<usize>,
) -> Option<i32> {
    let year = number(rest, years)?;
    sign(rest, b'-')?;
    let month = number(rest, others.clone())?;
    sign(rest, b'-')?;
    let day = number(rest, others)?;
    if year > LAST_YEAR {
        return None;
    }
    day_of(year, month, day)
}

fn time(day: i32, [hour, minute, second]: [i32; 3], micros: i64) -> Option<i64> {
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    Some((i64::from(day) * 86_400 + seconds) * 1_000_000 + micros)
}

/// What stands behind seconds to the end, in microseconds: nothing, or a point and at least so many digits.
fn fraction(rest: &[u8], least: usize) -> Option<i64> {
    let digits = match rest {
        [] => return Some(0),
        [b'.', digits @ ..] => digits,
        _ => return None,
    };
    if !(least..=NANOS).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    let kept = padded.take(MICROS);
    Some(kept.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Takes the sign from the beginning, if it is there.
fn sign(rest: &mut &[u8], wanted: u8) -> Option<()> {
    let (first, behind) = rest.split_first()?;
    (*first == wanted).then(|| *rest = behind)
}

/// Takes a number from the beginning: as many digits as there are, up to the most.
fn number(rest: &mut &[u8], digits: RangeInclusive<usize>) -> Option<i32> {
    let there = rest.iter().take(*digits.end());
    let count = there.take_while(|byte| byte.is_ascii_digit()).count();
    if count < *digits.start() {
        return None;
    }
    let (taken, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    taken.iter().try_fold(0_i32, |value, digit| {
        value.checked_mul(10)?.checked_add(i32::from(digit - b'0'))
    })
}

/// Without what Java takes for blanks: everything up to the blank itself.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [0..=b' ', rest @ ..] | [rest @ .., 0..=b' '] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{date, timestamp};

    /// What `LazyDate` of Hive 4.0.1 answers.
    #[test]
    fn dates_are_those_of_hive() {
        for text in [
            "2020-01-05",
            "2020-1-5",
            " 2020-01-05\u{1}",
            "2020-01-05 00:00:00",
            "2020-01-05T01",
            "2020-01-05x",
            "2020-1-5 x",
            "2020-01-05\u{660}",
        ] {
            assert_eq!(date(text.as_bytes()), Some(18_266), "{text}");
        }
        assert_eq!(date(b"20-01-05"), Some(-712_219));
        assert_eq!(date(b"0000-01-01"), Some(-719_528));
        for text in [
            "20-1-5",
            "2020-01-055",
            "2020-02-30",
            "2021-02-29",
            "2020-13-01",
            "2020-1-0x",
            "2020-001-05",
            "2020--1-05",
            "2020-01-+5",
            "2020/01/05",
            "+2020-01-05",
            "12345-01-05",
            "\u{a0}2020-01-05",
        ] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
        assert_eq!(date(b"2020-01-05\xff"), None);
    }

    /// What `LazyTimestamp` of Hive 4.0.1 answers.
    #[test]
    fn times_are_those_of_hive() {
        const AT: i64 = 1_577_934_245_000_000;
        for (text, more) in [
            ("2020-01-02 03:04:05", 0),
            ("2020-1-2 3:4:5", 0),
            (" 2020-01-02 03:04:5 ", 0),
            ("2020-01-02T03:04:05", 0),
            ("2020-01-02t03:04:05.", 0),
            ("2020-01-02T03:04", -5_000_000),
            ("2020-01-02 3:4:5.1", 100_000),
            ("2020-01-02 03:04:05.123456789", 123_456),
            ("2020-01-02T03:04:05.000000999", 0),
        ] {
            assert_eq!(timestamp(text.as_bytes()), Some(AT + more), "{text}");
        }
        for text in [
            "2020-01-02",
            "2020-01-02 03:04",
            "2020-01-02 03:04:05.",
            "2020-01-02 03:04:05.1234567891",
            "2020-01-02  03:04:05",
            "2020-01-02 03:04:05 x",
            "2020-01-02 03:04:05Z",
            "2020-01-02T03:04:05Z",
            "2020-1-2T03:04:05",
            "2020-01-02T3:4:5",
            "20-01-02T03:04:05",
            "2020-01-02 24:00:00",
            "2020-01-02 23:59:60",
            "2020-02-30 00:00:00",
            "12345-01-02 03:04:05",
            "+2020-01-02 03:04:05",
            "1600000000000",
        ] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
        let old = timestamp(b"20-1-2 3:4:5");
        assert_eq!(old, Some(-61_535_969_755_000_000));
    }
}
