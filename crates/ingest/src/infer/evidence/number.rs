//! Numbers in their order, however long they are: as Doubles those of more than 15 digits would be equal to others.

use std::cmp::Ordering;

/// A number as it is written.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) text: String,
    is_negative: bool,
    /// Its digits from the first to the last that is no 0. There are none of 0.
    digits: String,
    /// Behind so many of these digits the point is.
    point: i64,
}

impl Number {
    /// The number that a text is, which has the form of one.
    pub(super) fn of(text: &str) -> Self {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [before, behind].concat();
        let from_first = all.trim_start_matches('0');
        let digits = from_first.trim_end_matches('0');
        let zeros = all.len() - from_first.len();
        let point = before.len() as i64 - zeros as i64;
        Self {
            text: text.to_owned(),
            is_negative: text.len() > unsigned.len(),
            point: point.saturating_add(power(exponent)),
            digits: digits.to_owned(),
        }
    }

    /// How it is to another one.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let order = self.sign().cmp(&other.sign());
        order.then_with(|| match self.sign() {
            0 => Ordering::Equal,
            1.. => self.order_of_size(other),
            _ => other.order_of_size(self),
        })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.is_negative) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }

    /// The order of both without their signs, neither of which is 0.
    fn order_of_size(&self, other: &Self) -> Ordering {
        let order = self.point.cmp(&other.point);
        order.then_with(|| self.digits.cmp(&other.digits))
    }
}

/// The number behind the `e`; one that is too large is the largest.
fn power(exponent: &str) -> i64 {
    exponent.parse().unwrap_or(match exponent.starts_with('-') {
        true => i64::MIN,
        false => i64::MAX,
    })
}

#[cfg(test)]
mod tests;
