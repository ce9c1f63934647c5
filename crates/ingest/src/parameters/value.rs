//! Types of values that only parameters have.

use std::time::Duration;

use millstream_core::options::{FromOptionText, parse_duration};

/// A number of parallel subtasks, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parallelism(pub(super) u32);

impl FromOptionText for Parallelism {
    const TYPE_NAME: &'static str = "a whole number from 1";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => Err(Self::TYPE_NAME.to_owned()),
        }
    }
}

/// A part of a whole, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ratio(pub(super) f64);

impl FromOptionText for Ratio {
    const TYPE_NAME: &'static str = "a number from 0 to 1";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if (0.0..=1.0).contains(&number) => Ok(Self(number)),
            _ => Err(Self::TYPE_NAME.to_owned()),
        }
    }
}

/// A number of things: from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u32);

impl FromOptionText for Count {
    const TYPE_NAME: &'static str = "a whole number from 1";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| Self::TYPE_NAME.to_owned())
    }
}

/// Names with `,` between them; white space around a name does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names(pub(super) Vec<String>);

impl FromOptionText for Names {
    const TYPE_NAME: &'static str = "names with `,` between them";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err(format!("{}, none of them empty", Self::TYPE_NAME));
        }
        Ok(Self(names))
    }
}

/// A time between two looks; `None`: there is only one. Flink takes a number that is not above 0 for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval(pub(super) Option<Duration>);

impl FromOptionText for Interval {
    const TYPE_NAME: &'static str = "a duration, or a number that is not above 0";

    fn from_option_text(text: &str) -> Result<Self, String> {
        if text.parse().is_ok_and(|number: i64| number < 0) {
            return Ok(Self(None));
        }
        let interval = parse_duration(text).ok_or_else(|| Self::TYPE_NAME.to_owned())?;
        Ok(Self(Some(interval).filter(|interval| !interval.is_zero())))
    }
}
