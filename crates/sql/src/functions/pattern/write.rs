//! Times in the form of a pattern.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::{Case, Item, Named, Number, Years};

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

/// Appends `time` in the form of `items`.
pub(in crate::functions) fn append(items: &[Item], time: NaiveDateTime, out: &mut String) {
    for item in items {
        match item {
            Item::Text(text) => out.push_str(text),
            Item::Number(number, digits) => {
                out.push_str(&format!("{:0digits$}", value_of(*number, time)));
            }
            Item::Year { of, digits, plus } => {
                append_year(year_of(*of, time), *digits, *plus, out);
            }
            Item::ShortYear { of, digits } => {
                let year = year_of(*of, time).unsigned_abs() % 100;
                out.push_str(&format!("{year:0digits$}"));
            }
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
            Item::Section(_) => {}
        }
    }
}

fn append_year(year: i64, digits: usize, plus: bool, out: &mut String) {
    let text = format!("{:0digits$}", year.unsigned_abs());
    if year < 0 {
        out.push('-');
    } else if plus && text.len() > digits {
        out.push('+');
    }
    out.push_str(&text);
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

fn year_of(of: Years, time: NaiveDateTime) -> i64 {
    let year = i64::from(match of {
        Years::OfEra | Years::Proleptic => time.year(),
        Years::OfWeeks => time.iso_week().year(),
    });
    match of {
        Years::OfEra | Years::OfWeeks if year < 1 => 1 - year,
        _ => year,
    }
}

fn value_of(number: Number, time: NaiveDateTime) -> u32 {
    match number {
        Number::Quarter => time.month0() / 3 + 1,
        Number::Month => time.month(),
        Number::Week => time.ordinal0() / 7 + 1,
        Number::WeekOfMonth => time.day0() / 7 + 1,
        Number::IsoWeek => time.iso_week().week(),
        Number::Day => time.day(),
        Number::DayOfYear => time.ordinal(),
        Number::ShortHour => (time.hour() + 11) % 12 + 1,
        Number::Hour => time.hour(),
        Number::Minute => time.minute(),
        Number::Second => time.second(),
        Number::SecondOfDay => time.num_seconds_from_midnight(),
        Number::DayOfWeek => time.weekday().num_days_from_sunday() + 1,
        Number::IsoDayOfWeek => time.weekday().number_from_monday(),
    }
}
