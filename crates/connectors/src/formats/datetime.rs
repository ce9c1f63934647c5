//! Dates and timestamps as text: `yyyy-MM-dd` and `yyyy-MM-dd HH:mm:ss[.fraction]`.
//!
//! The form is that of SQL and of the sources, so what was written can be read again. The fraction is
//! left out when it is zero, and has 3, 6 or 9 digits otherwise, whichever the value needs at least.

const SECONDS_PER_DAY: i64 = 86_400;

/// Appends the date that lies `days` after 1970-01-01.
pub(crate) fn append_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    append_year(year, out);
    out.push(b'-');
    append_digits(month, 2, out);
    out.push(b'-');
    append_digits(day, 2, out);
}

/// Appends the point `seconds` and `nanoseconds` (below a thousand million) after 1970-01-01 00:00:00.
pub(crate) fn append_timestamp(seconds: i64, nanoseconds: u32, out: &mut Vec<u8>) {
    append_date(seconds.div_euclid(SECONDS_PER_DAY), out);
    let second = seconds.rem_euclid(SECONDS_PER_DAY).unsigned_abs();
    out.push(b' ');
    append_digits(second / 3_600, 2, out);
    out.push(b':');
    append_digits(second / 60 % 60, 2, out);
    out.push(b':');
    append_digits(second % 60, 2, out);
    let nanoseconds = u64::from(nanoseconds);
    match nanoseconds {
        0 => {}
        _ if nanoseconds % 1_000_000 == 0 => append_fraction(nanoseconds / 1_000_000, 3, out),
        _ if nanoseconds % 1_000 == 0 => append_fraction(nanoseconds / 1_000, 6, out),
        _ => append_fraction(nanoseconds, 9, out),
    }
}

fn append_fraction(value: u64, digits: usize, out: &mut Vec<u8>) {
    out.push(b'.');
    append_digits(value, digits, out);
}

/// Four digits for the years that people write; others with as many digits as they have, and a sign.
fn append_year(year: i64, out: &mut Vec<u8>) {
    if year < 0 {
        out.push(b'-');
    } else if year > 9_999 {
        out.push(b'+');
    }
    let year = year.unsigned_abs();
    let digits = if year > 9_999 {
        1 + year.ilog10() as usize
    } else {
        4
    };
    append_digits(year, digits, out);
}

fn append_digits(value: u64, digits: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + digits, b'0');
    let mut rest = value;
    for place in out.iter_mut().skip(start).rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of the proleptic Gregorian calendar, after Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn civil(days: i64) -> (i64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month.unsigned_abs(), day.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::{append_date, append_timestamp};

    fn date(days: i64) -> String {
        let mut out = Vec::new();
        append_date(days, &mut out);
        String::from_utf8(out).expect("digits are text")
    }

    fn timestamp(seconds: i64, nanoseconds: u32) -> String {
        let mut out = Vec::new();
        append_timestamp(seconds, nanoseconds, &mut out);
        String::from_utf8(out).expect("digits are text")
    }

    #[test]
    fn dates_follow_the_calendar_also_before_1970_and_in_leap_years() {
        let known = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_635, "2026-07-01"),
            (-25_509, "1900-02-28"),
            (-25_508, "1900-03-01"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (-719_528, "0000-01-01"),
        ];
        for (days, text) in known {
            assert_eq!(date(days), text);
        }
    }

    #[test]
    fn a_fraction_of_zero_is_left_out() {
        assert_eq!(timestamp(1_586_959_594, 0), "2020-04-15 14:06:34");
        assert_eq!(
            timestamp(1_586_959_594, 7_000_000),
            "2020-04-15 14:06:34.007"
        );
        assert_eq!(
            timestamp(1_586_959_594, 7_000),
            "2020-04-15 14:06:34.000007"
        );
        assert_eq!(timestamp(-1, 999_999_999), "1969-12-31 23:59:59.999999999");
    }
}
