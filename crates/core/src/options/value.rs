//! How the text of an option becomes a value.

use std::time::Duration;

/// A type that the value of an option can have.
pub trait FromOptionText: Sized + 'static {
    /// The type and unit in words that finish "give …".
    const TYPE_NAME: &'static str;

    /// Reads the trimmed text.
    ///
    /// # Errors
    /// Words that finish "which is not …".
    fn from_option_text(text: &str) -> Result<Self, String>;
}

/// A number of bytes, written as in Flink: `64 mb`, `1g`, `512`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemorySize(pub u64);

impl FromOptionText for String {
    const TYPE_NAME: &'static str = "a text";

    fn from_option_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromOptionText for bool {
    const TYPE_NAME: &'static str = "true or false";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }
}

macro_rules! numbers {
    ($($type:ty, $name:literal;)*) => {$(
        impl FromOptionText for $type {
            const TYPE_NAME: &'static str = $name;

            fn from_option_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| $name.to_owned())
            }
        }
    )*};
}

numbers! {
    u32, "a whole number";
    u64, "a whole number";
    i32, "a whole number (negative ones allowed)";
    i64, "a whole number (negative ones allowed)";
    f64, "a number";
}

impl FromOptionText for Duration {
    const TYPE_NAME: &'static str =
        "a duration such as `500 ms`, `10 s`, `5 min` (no unit: milliseconds)";

    fn from_option_text(text: &str) -> Result<Self, String> {
        parse_duration(text).ok_or_else(|| "a duration".to_owned())
    }
}

impl FromOptionText for MemorySize {
    const TYPE_NAME: &'static str = "a size such as `64 mb` or `1 gb` (no unit: bytes)";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text).ok_or("a size")?;
        let shift = match unit.as_str() {
            "" | "b" | "bytes" => 0,
            "k" | "kb" | "kib" | "kibibytes" => 10,
            "m" | "mb" | "mib" | "mebibytes" => 20,
            "g" | "gb" | "gib" | "gibibytes" => 30,
            "t" | "tb" | "tib" | "tebibytes" => 40,
            _ => return Err("a size".to_owned()),
        };
        number
            .checked_mul(1 << shift)
            .map(Self)
            .ok_or_else(|| "a size that fits 64 bits".to_owned())
    }
}

fn split_unit(text: &str) -> Option<(u64, String)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim().to_ascii_lowercase()))
}

/// The shortest time that is not none.
const SHORTEST: Duration = Duration::from_millis(1);

fn at_least_shortest(duration: Duration) -> Duration {
    if duration.is_zero() {
        duration
    } else {
        duration.max(SHORTEST)
    }
}

/// Reads a duration as Flink does (`10 s`, `500ms`, `1 min`, `2 h`, `1 d`; no unit: milliseconds). Times are kept in
/// milliseconds in many places, where a shorter one would be none, so it counts as one.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text.trim())?;
    let nanos = match unit.as_str() {
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return None,
    };
    let nanos = number.checked_mul(nanos)?;
    Some(at_least_shortest(Duration::from_nanos(nanos)))
}

/// Prints a duration in the largest unit that needs no fraction, for example `10 s`.
pub fn format_duration(duration: Duration) -> String {
    let millis = at_least_shortest(duration).as_millis();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1_000),
    ] {
        if millis >= size && millis.is_multiple_of(size) {
            return format!("{} {unit}", millis / size);
        }
    }
    format!("{millis} ms")
}
