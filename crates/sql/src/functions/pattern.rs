//! Patterns of times as text: those of Java (Flink, Hive, Spark) and of PostgreSQL and Oracle.
//!
//! Each is read into the same items. What a dialect has and is not offered is refused, and so is what looks like
//! another dialect: `YYYY` in Java is the year of the week, `mm` in PostgreSQL the month.

use chrono::{Datelike, NaiveDateTime, Timelike};

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    /// With so many digits at least.
    Number(Number, usize),
    /// The last two digits of the year.
    ShortYear,
    /// So many digits of the fraction of the second.
    Fraction(usize),
    /// Whether it is morning or afternoon: upper case, with points.
    Half {
        upper: bool,
        points: bool,
    },
    /// The name of the month or of the day of the week.
    Name {
        of: Named,
        short: bool,
        case: Case,
        width: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Year,
    Quarter,
    Month,
    Day,
    DayOfYear,
    /// 1 to 12.
    ShortHour,
    Hour,
    Minute,
    Second,
    /// Sunday is 1.
    DayOfWeek,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Month,
    DayOfWeek,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Title,
    Lower,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Reads a pattern of Java's `DateTimeFormatter`.
///
/// # Errors
/// What is not offered, in words that follow "the pattern …:".
pub(super) fn java(pattern: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (text, behind) = quoted(rest)?;
            push_text(&mut items, &text);
            rest = behind;
            continue;
        }
        let end = rest.find(|next| next != letter).unwrap_or(rest.len());
        let count = rest.get(..end).unwrap_or_default().chars().count();
        if letter.is_ascii_alphabetic() {
            items.push(java_item(letter, count)?);
        } else {
            push_text(&mut items, rest.get(..end).unwrap_or_default());
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(items)
}

fn java_item(letter: char, count: usize) -> Result<Item, String> {
    let name = |of| Item::Name {
        of,
        short: count < 4,
        case: Case::Title,
        width: 0,
    };
    Ok(match (letter, count) {
        ('y' | 'u', 2) => Item::ShortYear,
        ('y' | 'u', _) => Item::Number(Number::Year, count),
        ('M' | 'L', 1 | 2) => Item::Number(Number::Month, count),
        ('M' | 'L', 3 | 4) => name(Named::Month),
        ('d', 1 | 2) => Item::Number(Number::Day, count),
        ('D', 1 | 3) => Item::Number(Number::DayOfYear, count),
        ('Q', 1 | 2) => Item::Number(Number::Quarter, count),
        ('E', 1..=4) => name(Named::DayOfWeek),
        ('H', 1 | 2) => Item::Number(Number::Hour, count),
        ('h', 1 | 2) => Item::Number(Number::ShortHour, count),
        ('m', 1 | 2) => Item::Number(Number::Minute, count),
        ('s', 1 | 2) => Item::Number(Number::Second, count),
        ('S', 1..=9) => Item::Fraction(count),
        ('a', 1) => Item::Half {
            upper: true,
            points: false,
        },
        ('Y', _) => return Err("`Y` is the year of the week in Java; write yyyy".to_owned()),
        ('D', _) => return Err("`D` is the day of the year in Java; write dd".to_owned()),
        _ => {
            let letters = letter.to_string().repeat(count);
            return Err(format!(
                "`{letters}` is not offered; letters that mean themselves stand in single quotes"
            ));
        }
    })
}

/// The text in single quotes at the start of `rest`, in which two stand for one, and what lies behind.
fn quoted(rest: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut behind = rest.strip_prefix('\'').unwrap_or(rest);
    if let Some(behind) = behind.strip_prefix('\'') {
        return Ok(("'".to_owned(), behind));
    }
    loop {
        let Some((piece, more)) = behind.split_once('\'') else {
            return Err("a single quote is not closed".to_owned());
        };
        text.push_str(piece);
        match more.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                behind = more;
            }
            None => return Ok((text, more)),
        }
    }
}

/// The words of PostgreSQL's patterns, longest first.
const POSTGRES: &[(&str, Word)] = &[
    ("HH24", Word::Number(Number::Hour, 2)),
    ("HH12", Word::Number(Number::ShortHour, 2)),
    ("YYYY", Word::Number(Number::Year, 4)),
    ("A.M.", Word::Half(true)),
    ("P.M.", Word::Half(true)),
    ("MONTH", Word::Name(Named::Month, false)),
    ("DDD", Word::Number(Number::DayOfYear, 3)),
    ("MON", Word::Name(Named::Month, true)),
    ("DAY", Word::Name(Named::DayOfWeek, false)),
    ("HH", Word::Number(Number::ShortHour, 2)),
    ("YY", Word::ShortYear),
    ("MM", Word::Number(Number::Month, 2)),
    ("DD", Word::Number(Number::Day, 2)),
    ("DY", Word::Name(Named::DayOfWeek, true)),
    ("MI", Word::Number(Number::Minute, 2)),
    ("SS", Word::Number(Number::Second, 2)),
    ("MS", Word::Fraction(3)),
    ("US", Word::Fraction(6)),
    ("AM", Word::Half(false)),
    ("PM", Word::Half(false)),
    ("D", Word::Number(Number::DayOfWeek, 1)),
    ("Q", Word::Number(Number::Quarter, 1)),
];

#[derive(Debug, Clone, Copy)]
enum Word {
    Number(Number, usize),
    ShortYear,
    Fraction(usize),
    Half(bool),
    Name(Named, bool),
}

/// Reads a pattern of `to_char` as PostgreSQL and Oracle have it.
///
/// # Errors
/// What is not offered, in words that follow "the pattern …:".
pub(super) fn postgres(pattern: &str) -> Result<Vec<Item>, String> {
    if pattern.contains(":mm") || pattern.contains("H:m") {
        return Err("`mm` is the month here; write HH24:MI:SS".to_owned());
    }
    let mut items = Vec::new();
    let mut fill = true;
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if let Some(more) = rest.strip_prefix('"') {
            let Some((text, behind)) = more.split_once('"') else {
                return Err("a double quote is not closed".to_owned());
            };
            push_text(&mut items, text);
            rest = behind;
            continue;
        }
        if starts_with(rest, "FM") {
            fill = false;
            rest = rest.get(2..).unwrap_or_default();
            continue;
        }
        let word = POSTGRES.iter().find(|(word, _)| starts_with(rest, word));
        if let Some((word, meaning)) = word {
            let (written, behind) = rest.split_at(word.len());
            items.push(item_of(*meaning, written, fill));
            fill = true;
            rest = behind;
        } else if letter.is_ascii_alphabetic() {
            return Err(format!(
                "`{letter}` is not offered; letters that mean themselves stand in double quotes"
            ));
        } else {
            push_text(&mut items, &letter.to_string());
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(items)
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn item_of(word: Word, written: &str, fill: bool) -> Item {
    let upper = |at: usize| written.chars().nth(at).is_some_and(char::is_uppercase);
    match word {
        Word::Number(number, digits) => Item::Number(number, if fill { digits } else { 1 }),
        Word::ShortYear => Item::ShortYear,
        Word::Fraction(digits) => Item::Fraction(digits),
        Word::Half(points) => Item::Half {
            upper: upper(0),
            points,
        },
        Word::Name(of, short) => Item::Name {
            of,
            short,
            case: match (upper(0), upper(1)) {
                (true, true) => Case::Upper,
                (true, false) => Case::Title,
                _ => Case::Lower,
            },
            // Names are filled to the longest there is.
            width: if short || !fill { 0 } else { 9 },
        },
    }
}

fn push_text(items: &mut Vec<Item>, text: &str) {
    if let Some(Item::Text(before)) = items.last_mut() {
        before.push_str(text);
    } else {
        items.push(Item::Text(text.to_owned()));
    }
}

/// Appends `time` in the form of `items`.
pub(super) fn append(items: &[Item], time: NaiveDateTime, out: &mut String) {
    for item in items {
        match item {
            Item::Text(text) => out.push_str(text),
            Item::Number(number, digits) => {
                let value = value_of(*number, time);
                let sign = if value < 0 { "-" } else { "" };

                out.push_str(&format!("{sign}{:0digits$}", value.unsigned_abs()));
            }
            Item::ShortYear => out.push_str(&format!("{:02}", time.year().rem_euclid(100))),
            Item::Fraction(digits) => {
                let nanos = format!("{:09}", time.nanosecond() % 1_000_000_000);
                out.push_str(nanos.get(..*digits).unwrap_or(&nanos));
            }
            Item::Half { upper, points } => {
                let half = match (time.hour() < 12, points) {
                    (true, false) => "AM",
                    (false, false) => "PM",
                    (true, true) => "A.M.",
                    (false, true) => "P.M.",
                };
                if *upper {
                    out.push_str(half);
                } else {
                    out.push_str(&half.to_lowercase());
                }
            }
            Item::Name {
                of,
                short,
                case,
                width,
            } => append_name(*of, *short, *case, *width, time, out),
        }
    }
}

fn append_name(
    of: Named,
    short: bool,
    case: Case,
    width: usize,
    time: NaiveDateTime,
    out: &mut String,
) {
    let name = match of {
        Named::Month => MONTHS.get(time.month0() as usize),
        Named::DayOfWeek => DAYS.get(time.weekday().num_days_from_sunday() as usize),
    };
    let name = name.copied().unwrap_or_default();
    let name = if short {
        name.get(..3).unwrap_or(name)
    } else {
        name
    };
    let name = match case {
        Case::Title => name.to_owned(),
        Case::Upper => name.to_uppercase(),
        Case::Lower => name.to_lowercase(),
    };
    out.push_str(&format!("{name:width$}"));
}

fn value_of(number: Number, time: NaiveDateTime) -> i64 {
    let value = match number {
        Number::Year => return time.year().into(),
        Number::Quarter => time.month0() / 3 + 1,
        Number::Month => time.month(),
        Number::Day => time.day(),
        Number::DayOfYear => time.ordinal(),
        Number::ShortHour => (time.hour() + 11) % 12 + 1,
        Number::Hour => time.hour(),
        Number::Minute => time.minute(),
        Number::Second => time.second(),
        Number::DayOfWeek => time.weekday().num_days_from_sunday() + 1,
    };
    value.into()
}

/// The pattern of strftime that means the same; `None` where it has none.
pub(super) fn strftime(items: &[Item]) -> Option<String> {
    let mut pattern = String::new();
    for item in items {
        match item {
            Item::Text(text) => pattern.push_str(&text.replace('%', "%%")),
            Item::Number(number, digits) => {
                let (letter, usual) = match number {
                    Number::Year => ('Y', 4),
                    Number::Month => ('m', 2),
                    Number::Day => ('d', 2),
                    Number::DayOfYear => ('j', 3),
                    Number::ShortHour => ('I', 2),
                    Number::Hour => ('H', 2),
                    Number::Minute => ('M', 2),
                    Number::Second => ('S', 2),
                    Number::Quarter | Number::DayOfWeek => return None,
                };
                pattern.push_str(if *digits == usual { "%" } else { "%-" });
                pattern.push(letter);
            }
            Item::ShortYear => pattern.push_str("%y"),
            Item::Fraction(digits @ (3 | 6 | 9)) => pattern.push_str(&format!("%{digits}f")),
            Item::Fraction(_) => return None,
            Item::Half { upper, .. } => pattern.push_str(if *upper { "%p" } else { "%P" }),
            Item::Name { of, short, .. } => pattern.push_str(match (of, short) {
                (Named::Month, true) => "%b",
                (Named::Month, false) => "%B",
                (Named::DayOfWeek, true) => "%a",
                (Named::DayOfWeek, false) => "%A",
            }),
        }
    }
    Some(pattern)
}
