//! Values from bytes: numbers, booleans, dates and timestamps.

/// Kinds of values that are parsed from the bytes of a field.
pub(crate) trait Parse {
    /// How such a value is kept.
    type Value: Copy + Default;
    /// Words that finish "is not …".
    const KIND: &'static str;

    /// The value; `None` if the bytes are not one.
    fn parse(bytes: &[u8]) -> Option<Self::Value>;
}

/// Days since 1970-01-01.
pub(crate) struct Date;

/// Milliseconds since 1970-01-01T00:00:00, without a time zone.
pub(crate) struct Millis;

/// Microseconds since 1970-01-01T00:00:00, without a time zone.
pub(crate) struct Micros;

/// Takes off blanks around a value.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

impl Parse for i64 {
    type Value = Self;
    const KIND: &'static str = "a BigInt";

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (negative, digits) = match bytes {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        if digits.is_empty() {
            return None;
        }
        let mut value = 0_i64;
        if digits.len() <= 18 {
            for digit in digits {
                let digit = digit.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                value = value * 10 + i64::from(digit);
            }
            return Some(if negative { -value } else { value });
        }
        for digit in digits {
            let digit = i64::from(digit.wrapping_sub(b'0'));
            if digit > 9 {
                return None;
            }
            // Towards the sign's side, so that the smallest number fits.
            let step = if negative { -digit } else { digit };
            value = value.checked_mul(10)?.checked_add(step)?;
        }
        Some(value)
    }
}

impl Parse for i32 {
    type Value = Self;
    const KIND: &'static str = "an Int";

    fn parse(bytes: &[u8]) -> Option<Self> {
        i64::parse(bytes)?.try_into().ok()
    }
}

impl Parse for i16 {
    type Value = Self;
    const KIND: &'static str = "a SmallInt";

    fn parse(bytes: &[u8]) -> Option<Self> {
        i64::parse(bytes)?.try_into().ok()
    }
}

impl Parse for i8 {
    type Value = Self;
    const KIND: &'static str = "a TinyInt";

    fn parse(bytes: &[u8]) -> Option<Self> {
        i64::parse(bytes)?.try_into().ok()
    }
}

impl Parse for f64 {
    type Value = Self;
    const KIND: &'static str = "a Double";

    fn parse(bytes: &[u8]) -> Option<Self> {
        if let Some((mantissa, decimals, negative)) = short_decimal(bytes) {
            // Both are exact in 53 bits, so the one rounding of the division is the right one.
            let power = POWERS.get(decimals).copied()?;
            let value = mantissa as f64 / power;
            return Some(if negative { -value } else { value });
        }
        let value: Self = std::str::from_utf8(bytes).ok()?.parse().ok()?;
        (!value.is_infinite() || says_infinity(bytes)).then_some(value)
    }
}

impl Parse for f32 {
    type Value = Self;
    const KIND: &'static str = "a Float";

    fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Self = std::str::from_utf8(bytes).ok()?.parse().ok()?;
        (!value.is_infinite() || says_infinity(bytes)).then_some(value)
    }
}

/// Whether infinity is what the text says, and not only what is left of a number that is too large.
fn says_infinity(bytes: &[u8]) -> bool {
    !bytes.iter().any(u8::is_ascii_digit)
}

/// An exact decimal of `digits` digits, of which `behind` stand behind the point, as a whole number of its last
/// digit. `None`: it is no number, or needs more digits.
pub(crate) fn decimal(bytes: &[u8], digits: u8, behind: u8) -> Option<i128> {
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mark = bytes.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match mark {
        None => (bytes, 0),
        Some(mark) => (bytes.get(..mark)?, i16::parse(bytes.get(mark + 1..)?)?),
    };
    let (mut value, mut any, mut is_behind) = (0_i128, false, false);
    // Zeros are counted before they are multiplied in: those at the end need no room.
    let (mut zeros, mut fraction) = (0_u32, 0_i64);
    for byte in mantissa {
        match byte {
            b'.' if !is_behind => {
                is_behind = true;
                continue;
            }
            b'0' => zeros += 1,
            b'1'..=b'9' => {
                if value != 0 {
                    value = value.checked_mul(10_i128.checked_pow(zeros)?)?;
                }
                let digit = i128::from(byte - b'0');
                value = value.checked_mul(10)?.checked_add(digit)?;
                zeros = 0;
            }
            _ => return None,
        }
        any = true;
        fraction += i64::from(is_behind);
    }
    if !any || value == 0 {
        return any.then_some(0);
    }
    // How many tens the value is to be multiplied by; less than none would lose digits.
    let tens = i64::from(zeros) - fraction + i64::from(exponent) + i64::from(behind);
    let value = value.checked_mul(10_i128.checked_pow(u32::try_from(tens).ok()?)?)?;
    let fits = value < 10_i128.checked_pow(digits.into())?;
    fits.then_some(if negative { -value } else { value })
}

const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// A number of at most 15 digits without exponent: its digits, how many of them stand behind the point,
/// and its sign (Clinger's fast path, "How to read floating point numbers accurately", 1990).
fn short_decimal(bytes: &[u8]) -> Option<(u64, usize, bool)> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut count, mut point) = (0_u64, 0, None);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
            count += 1;
        } else if *byte == b'.' && point.is_none() {
            point = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    Some((mantissa, count - point.unwrap_or(count), negative))
}

impl Parse for bool {
    type Value = Self;
    const KIND: &'static str = "a Boolean";

    fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"1" => Some(true),
            b"0" => Some(false),
            _ if bytes.eq_ignore_ascii_case(b"true") => Some(true),
            _ if bytes.eq_ignore_ascii_case(b"false") => Some(false),
            _ => None,
        }
    }
}

impl Parse for Date {
    type Value = i32;
    const KIND: &'static str = "a Date (yyyy-MM-dd)";

    fn parse(bytes: &[u8]) -> Option<i32> {
        date(bytes)
    }
}

impl Parse for Millis {
    type Value = i64;
    const KIND: &'static str =
        "a Timestamp (yyyy-MM-dd HH:mm:ss[.SSS], or 13 digits of milliseconds)";

    fn parse(bytes: &[u8]) -> Option<i64> {
        timestamp::<3>(bytes)
    }
}

impl Parse for Micros {
    type Value = i64;
    const KIND: &'static str =
        "a Timestamp (yyyy-MM-dd HH:mm:ss[.SSSSSS], or 13 digits of milliseconds)";

    fn parse(bytes: &[u8]) -> Option<i64> {
        timestamp::<6>(bytes)
    }
}

/// Reads `yyyy-MM-dd`.
fn date(bytes: &[u8]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else {
        return None;
    };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    let month = number(&[*m1, *m2])?;
    day_of(year, month, number(&[*d1, *d2])?)
}

/// Days since 1970-01-01 of a day, if there is one.
pub(crate) fn day_of(year: i32, month: i32, day: i32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=length).contains(&day).then(|| days(year, month, day))
}

/// Reads `yyyy-MM-dd HH:mm:ss`, with or without a fraction of at most `DIGITS` digits, or 13 digits that are
/// milliseconds already. Gives the number of units since 1970 of which `DIGITS` digits count a second.
fn timestamp<const DIGITS: u32>(bytes: &[u8]) -> Option<i64> {
    let per_second = 10_i64.pow(DIGITS);
    if bytes.len() == 13 && bytes.iter().all(u8::is_ascii_digit) {
        return i64::parse(bytes).map(|millis| millis * (per_second / 1_000));
    }
    let (day, time) = bytes.split_at_checked(10)?;
    let [b' ', h1, h2, b':', m1, m2, b':', s1, s2, fraction @ ..] = time else {
        return None;
    };
    let (hour, minute, second) = (
        number(&[*h1, *h2])?,
        number(&[*m1, *m2])?,
        number(&[*s1, *s2])?,
    );
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=DIGITS as usize).contains(&digits.len()) => {
            number(digits)? * 10_i32.pow(DIGITS - digits.len() as u32)
        }
        _ => return None,
    };
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    Some((i64::from(date(day)?) * 86_400 + seconds) * per_second + i64::from(rest))
}

fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0_i32, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i32::from(digit - b'0'))
    })
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms": years begin in March, so that the leap day is the last).
fn days(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests;
