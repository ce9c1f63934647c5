//! Numbers by their text.

use arrow::datatypes::i256;

/// The parts of a number: its sign, its digits without those at the start that are 0, and how many of them stand behind the
/// point; less than none where zeros follow.
struct Number {
    negative: bool,
    digits: String,
    behind: i64,
}

/// Whether the text is a number.
pub(crate) fn is_number(text: &str) -> bool {
    parts(text).is_some()
}

fn parts(text: &str) -> Option<Number> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut all = whole.bytes().chain(fraction.bytes());
    if (whole.is_empty() && fraction.is_empty()) || !all.all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let behind = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
    let digits = format!("{whole}{fraction}");
    let mut digits = digits.trim_start_matches('0').to_owned();
    let mut behind = behind;
    while digits.ends_with('0') {
        digits.pop();
        behind -= 1;
    }
    if digits.is_empty() {
        behind = 0;
    }
    Some(Number {
        negative,
        digits,
        behind,
    })
}

/// The number in units of the last of `scale` digits behind the point, rounded half up; none if it is too large or no number.
pub(super) fn rounded(text: &str, scale: i8) -> Option<i128> {
    let number = parts(text)?;
    let over = number.behind - i64::from(scale);
    let value = if over <= 0 {
        with_zeros(&number.digits, over.unsigned_abs(), 39)?
            .parse::<i128>()
            .ok()?
    } else {
        let kept = number.digits.len().checked_sub(usize::try_from(over).ok()?);
        let up = match kept {
            Some(kept) => number
                .digits
                .as_bytes()
                .get(kept)
                .is_some_and(|digit| *digit >= b'5'),
            None => false,
        };
        let kept = number.digits.get(..kept.unwrap_or(0)).unwrap_or_default();
        let value = match kept {
            "" => 0,
            kept => kept.parse::<i128>().ok()?,
        };
        value.checked_add(i128::from(up))?
    };
    Some(if number.negative { -value } else { value })
}

/// The number in units of the 38th digit behind the point; none if it has digits behind that, is too large or no number.
pub(super) fn exactly(text: &str) -> Option<i256> {
    const SCALE: i64 = 38;
    const DIGITS: usize = 76;
    let number = parts(text)?;
    let more = u64::try_from(SCALE - number.behind).ok()?;
    let digits = with_zeros(&number.digits, more, DIGITS)?;
    let value = i256::from_string(&digits)?;
    Some(if number.negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// The digits with zeros behind them; `0` where there are none, and none where they become more than `most`.
fn with_zeros(digits: &str, zeros: u64, most: usize) -> Option<String> {
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = usize::try_from(zeros).ok()?;
    if digits.len().saturating_add(zeros) > most {
        return None;
    }
    Some(format!("{digits}{}", "0".repeat(zeros)))
}
