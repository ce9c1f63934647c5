//! Values that Hive sends as text. Pure.

/// The number of a decimal with `behind` digits behind the point and `digits` in all. `None`: it is none, or has more.
pub(super) fn decimal(text: &[u8], digits: u8, behind: i8) -> Option<i128> {
    let behind = u8::try_from(behind).ok()?;
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (mut value, mut seen, mut after) = (0_i128, 0_u32, None::<u8>);
    for sign in text {
        match sign {
            b'0'..=b'9' => {
                seen += 1;
                let digit = i128::from(sign - b'0');
                match &mut after {
                    // Digits that there is no room for must say nothing.
                    Some(count) if *count == behind => {
                        if digit != 0 {
                            return None;
                        }
                        continue;
                    }
                    Some(count) => *count += 1,
                    None => {}
                }
                value = value.checked_mul(10)?.checked_add(digit)?;
            }
            b'.' if after.is_none() => after = Some(0),
            _ => return None,
        }
    }
    if seen == 0 {
        return None;
    }
    for _ in after.unwrap_or(0)..behind {
        value = value.checked_mul(10)?;
    }
    let limit = 10_i128.checked_pow(u32::from(digits)).unwrap_or(i128::MAX);
    (value < limit).then_some(if negative { -value } else { value })
}

/// The days between 1970-01-01 and a date, `yyyy-MM-dd`.
pub(super) fn date(text: &[u8]) -> Option<i32> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut parts = text.split(|sign| *sign == b'-');
    let year = number(parts.next()?)?;
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let year = if negative { -year } else { year };
    let days = days(year, month, day)?;
    i32::try_from(days).ok()
}

/// The microseconds between 1970-01-01 00:00:00 and a time, `yyyy-MM-dd HH:mm:ss[.fraction]`. Digits behind the sixth of
/// the fraction are cut off.
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    let space = text.iter().position(|sign| *sign == b' ')?;
    let days = date(text.get(..space)?)?;
    let clock = text.get(space + 1..)?;
    let (clock, fraction) = match clock.iter().position(|sign| *sign == b'.') {
        Some(point) => (clock.get(..point)?, clock.get(point + 1..)?),
        None => (clock, &[][..]),
    };
    let mut parts = clock.split(|sign| *sign == b':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = number(parts.next()?)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut micros = 0;
    for place in 0..6 {
        let digit = fraction.get(place).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        micros = micros * 10 + i64::from(digit - b'0');
    }
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = i64::from(days) * 86_400 + hour * 3_600 + minute * 60 + second;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

/// Digits alone, at most nine.
fn number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 9 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let fold = |value: i64, digit: &u8| value * 10 + i64::from(digit - b'0');
    Some(text.iter().fold(0, fold))
}

/// The days between 1970-01-01 and a day of the calendar of today, carried on into all times.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // A year begins in March, so that the day that comes in leap years is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let in_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    let in_era = in_era * 365 + in_era / 4 - in_era / 100 + in_year;
    Some(era * 146_097 + in_era - 719_468)
}

#[cfg(test)]
mod tests;
