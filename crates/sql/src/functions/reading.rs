//! Times that are read by patterns: what a pattern has to name, and what the parts are that it does not name.
//!
//! | a pattern names | what it reads is |
//! |---|---|
//! | the year; the month | the first day of it |
//! | a day | its first instant |
//! | a day and an hour | the full hour |
//! | a day, an hour and a minute | the full minute |
//!
//! What is left out stands at the end. A pattern that leaves out something before (a day and a year without a month, a
//! minute without an hour, an hour of 12 without the half of the day) reads nothing: a part that it names would be lost.
//! Where such a pattern is a constant it is refused before the first record: a time that is written by it does not come
//! back.

mod check;
mod format;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use chrono::format::{Fixed, Item, Numeric, ParseError, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveTime, Utc};
use datafusion_common::{Result, exec_err};

pub(super) use self::check::{Formats, check_strftime};
pub(crate) use self::check::{LONGEST, check_reading, check_reading_strftime};
pub(crate) use self::format::Format;
pub(crate) use super::pattern::is_strftime;

fn time_of(mut parsed: Parsed) -> std::result::Result<DateTime<Utc>, ParseError> {
    complete(&mut parsed)?;
    if !names_time(&parsed) {
        let day = parsed.to_naive_date()?;
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    if parsed.offset().is_some() || parsed.timestamp().is_some() {
        return Ok(parsed.to_datetime()?.to_utc());
    }
    Ok(parsed.to_naive_datetime_with_offset(0)?.and_utc())
}

/// Whether there is any part of a time of the day, or an instant.
fn names_time(parsed: &Parsed) -> bool {
    parsed.timestamp().is_some()
        || parsed.hour_div_12().is_some()
        || parsed.hour_mod_12().is_some()
        || names_part_of_hour(parsed)
}

fn names_part_of_hour(parsed: &Parsed) -> bool {
    parsed.minute().is_some() || parsed.second().is_some() || parsed.nanosecond().is_some()
}

fn names_year(parsed: &Parsed) -> bool {
    parsed.year().is_some() || parsed.year_mod_100().is_some()
}

/// Whether a day is told otherwise than by its month, or in part.
fn names_day(parsed: &Parsed) -> bool {
    parsed.day().is_some()
        || parsed.ordinal().is_some()
        || parsed.weekday().is_some()
        || parsed.week_from_sun().is_some()
        || parsed.week_from_mon().is_some()
        || parsed.isoweek().is_some()
        || parsed.quarter().is_some()
}

/// Adds what is left out at the end: the first month, the first day, the minute 0. Seconds are 0 by themselves.
fn complete(parsed: &mut Parsed) -> std::result::Result<(), ParseError> {
    if parsed.timestamp().is_some() {
        return Ok(());
    }
    let has_hour = parsed.hour_div_12().is_some() && parsed.hour_mod_12().is_some();
    if has_hour && !names_part_of_hour(parsed) {
        parsed.set_minute(0)?;
    }
    if names_year(parsed) && !names_day(parsed) && !names_time(parsed) {
        if parsed.month().is_none() {
            parsed.set_month(1)?;
        }
        parsed.set_day(1)?;
    }
    Ok(())
}

/// Whether a pattern of strftime names a time zone by its name, which is not read.
pub(crate) fn names_zone(format: &str) -> bool {
    format.contains("%Z")
        && is_strftime(format)
        && StrftimeItems::new(format).any(|item| matches!(item, Item::Fixed(Fixed::TimezoneName)))
}

/// Why nothing, or something else, is read by a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In words that follow "the pattern …".
    pub(crate) what: &'static str,
    /// The pattern that is likely meant.
    pub(crate) likely: Option<String>,
}

/// What is wrong with a pattern of Java's or of strftime that has parts of a time; none for one by which what it writes
/// can be read.
pub(crate) fn fault(pattern: &str) -> Option<Fault> {
    let what = comes_back(pattern).err()?;
    let likely = likely(pattern);
    Some(Fault { what, likely })
}

/// Refuses a pattern of strftime or of Java's by which what it writes can't be read, and says how to write it.
pub(crate) fn check_fields(format: &str) -> Result<()> {
    if names_zone(format) {
        return exec_err!("the format `{format}` names a time zone; read an offset with %z");
    }
    let Some(Fault { what, likely }) = fault(format) else {
        return Ok(());
    };
    match likely {
        Some(likely) => exec_err!("the pattern `{format}` {what}; write `{likely}`"),
        None if is_strftime(format) => {
            exec_err!("the pattern `{format}` {what}; write one such as `%Y-%m-%d %H:%M:%S`")
        }
        None => {
            exec_err!("the pattern `{format}` {what}; write one such as `yyyy-MM-dd HH:mm:ss`")
        }
    }
}

/// Refuses a format of strftime by which no time of the day is read, whatever the text.
pub(crate) fn check_time_of_day(pattern: &str) -> Result<()> {
    let Ok(format) = Format::of(pattern) else {
        return Ok(());
    };
    let [micros, _] = SAMPLES;
    let time = DateTime::from_timestamp_micros(micros);
    let Some(text) = time.and_then(|time| format.written(time)) else {
        return Ok(());
    };
    let read = format.parsed(&text);
    if read.is_ok_and(|parsed| parsed.to_naive_time().is_err()) {
        return exec_err!(
            "the pattern `{pattern}` names no whole time of the day; write one such as `%H:%M:%S`"
        );
    }
    Ok(())
}

/// Times by which patterns are tried, in microseconds: 2024-11-23 14:35:46.123456, of parts with two digits, and
/// 2024-01-02 03:04:05.123456, of parts with one.
const SAMPLES: [i64; 2] = [1_732_372_546_123_456, 1_704_164_645_123_456];

const UNREADABLE: &str = "can't read what it writes";

/// Whether the parts of a time that a pattern names are the same once they were written and read by it; else why not.
fn comes_back(pattern: &str) -> std::result::Result<(), &'static str> {
    let format = Format::of(pattern).map_err(|_| UNREADABLE)?;
    if has_month_for_minute(&format.parts()) {
        return Err("names the month behind the hour, where the minute stands");
    }
    for micros in SAMPLES {
        let time = DateTime::from_timestamp_micros(micros);
        let Some(text) = time.and_then(|time| format.written(time)) else {
            // It is no pattern, which is told elsewhere.
            return Ok(());
        };
        let parsed = format.parsed(&text).map_err(|_| UNREADABLE)?;
        let what = missing(&parsed);
        let time = time_of(parsed).map_err(|_| what)?;
        if format.written(time).as_deref() != Some(text.as_str()) {
            return Err(UNREADABLE);
        }
    }
    Ok(())
}

/// Whether the month stands where the minute is meant, as in `yyyy-MM-dd HH:MM` and `yyyy-mm-dd HH:MM:ss`: where both
/// parts are named, or the month twice, what is written comes back, and other texts are read as something else.
fn has_month_for_minute(parts: &[Numeric]) -> bool {
    let is_behind_hour = |part: &Numeric| {
        let mut pairs = parts.windows(2);
        pairs.any(|pair| matches!(pair, [Numeric::Hour | Numeric::Hour12, next] if next == part))
    };
    let is_of_day = |part: &Numeric| {
        matches!(
            part,
            Numeric::Year | Numeric::YearMod100 | Numeric::Day | Numeric::Ordinal
        )
    };
    let among_days = parts.windows(2).any(|pair| match pair {
        [Numeric::Minute, other] | [other, Numeric::Minute] => is_of_day(other),
        _ => false,
    });
    let months = parts.iter().filter(|part| **part == Numeric::Month).count();
    let twice = months > 1 && !parts.contains(&Numeric::Minute);
    is_behind_hour(&Numeric::Month) && !is_behind_hour(&Numeric::Minute) && (among_days || twice)
}

/// What keeps the parts of a time from being one.
fn missing(parsed: &Parsed) -> &'static str {
    if parsed.to_naive_date().is_err() {
        let has_year = names_year(parsed) || parsed.isoyear().is_some();
        return if !has_year && parsed.isoyear_mod_100().is_none() {
            "names no year"
        } else if parsed.day().is_some() && parsed.month().is_none() {
            "names a day and no month"
        } else if names_time(parsed) {
            "names a time of the day and no day"
        } else {
            "names no whole day"
        };
    }
    match (parsed.hour_div_12(), parsed.hour_mod_12()) {
        (None, Some(_)) => "counts its hours to 12 and does not name the half of the day",
        (Some(_), None) => "names a half of the day and no hour",
        (None, None) => "names a part of an hour and no hour",
        _ if parsed.minute().is_none() => "names seconds and no minute",
        _ if parsed.second().is_none() => "names a part of a second and no second",
        _ => UNREADABLE,
    }
}

/// A letter that is often taken for another.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// Hours of 12 become hours of 24.
    Hours,
    /// The first minute becomes a month.
    Month,
    /// The last month becomes a minute.
    Minute,
}

/// What is tried, in this order.
const CHANGES: &[&[Change]] = &[
    &[Change::Hours],
    &[Change::Month],
    &[Change::Month, Change::Hours],
    &[Change::Minute],
    &[Change::Minute, Change::Hours],
    &[Change::Month, Change::Minute],
    &[Change::Month, Change::Minute, Change::Hours],
];

/// The pattern in which letters were mistaken, if they make one by which each part is read.
fn likely(pattern: &str) -> Option<String> {
    let changed = |changes: &&[Change]| {
        let mut changed_pattern = pattern.to_owned();
        for change in *changes {
            changed_pattern = with(&changed_pattern, *change);
        }
        changed_pattern
    };
    let mut candidates = CHANGES.iter().map(changed);
    candidates.find(|candidate| comes_back(candidate).is_ok() && names_each_once(candidate))
}

fn names_each_once(pattern: &str) -> bool {
    let Ok(format) = Format::of(pattern) else {
        return false;
    };
    let parts = format.parts();
    let different: HashSet<&Numeric> = parts.iter().collect();
    different.len() == parts.len()
}

fn with(pattern: &str, change: Change) -> String {
    let is_java = !is_strftime(pattern);
    let (month, minute, hour_of_12, hour) = if is_java {
        ('M', 'm', 'h', 'H')
    } else {
        ('m', 'M', 'I', 'H')
    };
    let (from, to) = match change {
        Change::Hours => (hour_of_12, hour),
        Change::Month => (minute, month),
        Change::Minute => (month, minute),
    };
    let mut places = runs(pattern, from, is_java);
    match change {
        Change::Hours => {}
        Change::Month => places.truncate(1),
        Change::Minute => places = places.pop().into_iter().collect(),
    }
    // Both go forward: a pattern has as many places as it likes.
    let mut places = places.into_iter().peekable();
    let changed = pattern.char_indices().map(|(at, letter)| {
        while places.next_if(|place| place.end <= at).is_some() {}
        let is_there = places.peek().is_some_and(|place| place.contains(&at));
        if is_there { to } else { letter }
    });
    changed.collect()
}

/// Where `letter` stands for a part of a time: outside of quotes in Java, and behind a percent sign in strftime.
fn runs(pattern: &str, letter: char, is_java: bool) -> Vec<Range<usize>> {
    let sign = if is_java { '\'' } else { '%' };
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut counts = is_java;
    for (at, character) in pattern.char_indices() {
        if character == sign {
            counts = !counts;
            continue;
        }
        if counts && character == letter {
            match runs.last_mut() {
                Some(run) if run.end == at => run.end = at + 1,
                _ => runs.push(at..at + 1),
            }
        }
        // Other signs may stand between a percent sign and its letter.
        counts &= is_java || !character.is_ascii_alphabetic();
    }
    runs
}
