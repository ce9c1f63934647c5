//! Decimals as Hive reads them out of text. Pure.

/// Digits that Hive keeps of a number, and of those behind its point.
const MOST: u32 = 38;
/// An exponent beyond this is none for Hive, whatever it says of the number.
const MOST_EXPONENT: u8 = 99;

/// A number of `digits` digits, of which `behind` stand behind the point, as a whole number of its last digit. It is rounded twice
/// as Hive rounds it, half away from zero: to the 38 digits that Hive keeps, and to those of the column.
pub(super) fn decimal(text: &[u8], digits: u8, behind: u8) -> Option<i128> {
    let text = trimmed(text);
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mark = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match mark {
        None => (text, 0),
        Some(mark) => (text.get(..mark)?, exponent(text.get(mark + 1..)?)?),
    };
    let (value, scale) = kept(mantissa)?;
    // How many tens the value is to be multiplied by; less than none lose digits.
    let tens = i64::from(exponent) - i64::from(scale) + i64::from(behind);
    let value = match u32::try_from(tens) {
        _ if value == 0 => 0,
        Ok(tens) => value.checked_mul(10_i128.checked_pow(tens)?)?,
        Err(_) => rounded(value, tens.unsigned_abs()),
    };
    let fits = value < 10_i128.checked_pow(digits.into())?;
    fits.then_some(if is_negative { -value } else { value })
}

/// Without what Hive takes for blanks: a carriage return is none.
fn trimmed(text: &[u8]) -> &[u8] {
    let is_sign = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let from = text.iter().position(is_sign).unwrap_or(text.len());
    let until = text.iter().rposition(is_sign).map_or(from, |last| last + 1);
    text.get(from..until).unwrap_or_default()
}

fn exponent(text: &[u8]) -> Option<i8> {
    let (is_negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u8;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        let more = value.checked_mul(10)?.checked_add(digit)?;
        value = Some(more).filter(|value| *value <= MOST_EXPONENT)?;
    }
    let value = i8::try_from(value).ok()?;
    Some(if is_negative { -value } else { value })
}

/// The digits of a number without sign and exponent that Hive keeps, and how many of them stand behind the point. `None`: it is no
/// number, or has more digits before the point.
fn kept(mantissa: &[u8]) -> Option<(i128, u32)> {
    let (mut value, mut count, mut scale) = (0_i128, 0, 0);
    let (mut is_behind, mut any, mut next) = (false, false, None);
    for byte in mantissa {
        match byte {
            b'.' if !is_behind => {
                is_behind = true;
                continue;
            }
            b'0'..=b'9' => any = true,
            _ => return None,
        }
        let digit = byte - b'0';
        if count == MOST || scale == MOST {
            if !is_behind {
                return None;
            }
            next = next.or(Some(digit));
            continue;
        }
        // Of 38 digits at most, for which there is room.
        value = value * 10 + i128::from(digit);
        count += u32::from(value > 0);
        scale += u32::from(is_behind);
    }
    let up = next.is_some_and(|digit| digit >= 5);
    any.then_some((value + i128::from(up), scale))
}

/// Without the last digits, rounded.
fn rounded(value: i128, digits: u64) -> i128 {
    let power = u32::try_from(digits).ok().filter(|power| *power <= MOST);
    let step = power.and_then(|power| 10_i128.checked_pow(power));
    step.map_or(0, |step| (value + step / 2) / step)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    /// What `LazyHiveDecimal` of Hive 4.0.1 answers.
    #[test]
    fn decimals_are_rounded_as_hive_rounds() {
        let nines = "9".repeat(40);
        for (text, value) in [
            ("1.25", Some(13)),
            ("-1.25", Some(-13)),
            ("1.24", Some(12)),
            (" +1.5 ", Some(15)),
            ("7", Some(70)),
            ("1.", Some(10)),
            ("-.5", Some(-5)),
            ("999.95", None),
            ("99.95", Some(1_000)),
            ("1e2", Some(1_000)),
            ("1.25e0", Some(13)),
            ("12.5e-1", Some(13)),
            ("2.45e-1", Some(2)),
            ("1e-50", Some(0)),
            ("1e-99", Some(0)),
            ("1e-0002", Some(0)),
            ("1e+001", Some(100)),
            ("1e-100", None),
            ("1e-400", None),
            ("0e400", None),
            ("1e-", None),
            ("\t1.5 ", Some(15)),
            ("1.5\r", None),
            ("1.5\n", None),
            (" \t", None),
            ("1.45e40", None),
            ("1e", None),
            (".", None),
            ("", None),
            ("1.5x", None),
            ("1e 2", None),
            ("123456789012345678901234567890123456789", None),
            (
                "00000000000000000000000000000000000000000000000001.5",
                Some(15),
            ),
            (
                "1.2345678901234567890123456789012345678901234567890e2",
                Some(1_235),
            ),
            ("0.3333333333333333333333333333333333333333", Some(3)),
            (format!("0.4{nines}").as_str(), Some(5)),
            // Rounded to 38 digits it is 2.45.
            (format!("2.44{nines}").as_str(), Some(25)),
            (format!("0.044{nines}").as_str(), Some(0)),
            (format!("999.94{nines}").as_str(), None),
        ] {
            assert_eq!(decimal(text.as_bytes(), 4, 1), value, "{text}");
        }
        let thirds = decimal(b"0.3333333333333333333333333333333333333333", 38, 38);
        assert_eq!(thirds, Some((10_i128.pow(38) - 1) / 3));
    }
}
