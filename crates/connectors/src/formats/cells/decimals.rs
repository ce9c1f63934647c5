//! Decimals, exact: `12.50`, `-0.01`.

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::Decimal128Type;

use super::Cell;

/// The digits of the largest number of 128 bits.
const MOST: usize = 39;

/// Decimals with so many digits behind the point.
struct Decimals<'a> {
    array: &'a PrimitiveArray<Decimal128Type>,
    behind: usize,
}

/// A column of decimals; `None`: it is one of those with digits left out before the point.
pub(super) fn decimals(array: &ArrayRef) -> Option<Box<dyn Cell + '_>> {
    let array = array.as_primitive_opt::<Decimal128Type>()?;
    let behind = usize::try_from(array.scale()).ok()?;
    Some(Box::new(Decimals { array, behind }))
}

impl Cell for Decimals<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        append_decimal(self.array.value(row), self.behind, out);
    }
}

/// Appends a number of which the last `behind` digits stand behind the point; at least one stands before it.
fn append_decimal(value: i128, behind: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; MOST];
    let mut left = value.unsigned_abs();
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        // Numbers of 64 bits are divided far faster, and most are such.
        if let Ok(small) = u64::try_from(left) {
            *digit = b'0' + (small % 10) as u8;
            left = u128::from(small / 10);
        } else {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
        }
        count += 1;
        if left == 0 {
            break;
        }
    }
    let count = count.max(behind + 1).min(MOST);
    let digits = digits.get(MOST - count..).unwrap_or_default();
    if value < 0 {
        out.push(b'-');
    }
    let (before, after) = digits.split_at(count.saturating_sub(behind));
    out.extend_from_slice(before);
    if behind > 0 {
        out.push(b'.');
        out.extend_from_slice(after);
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DECIMAL128_MAX_PRECISION, Decimal128Type, DecimalType};

    use super::append_decimal;

    #[test]
    fn they_are_written_as_arrow_has_them() {
        let most = 10_i128.pow(38) - 1;
        let mut values = vec![0, 1, -1, 9, 10, -10, 12_345, most, -most];
        values.extend([i128::from(u64::MAX), i128::from(u64::MAX) + 1, -5_000]);
        for value in values {
            for behind in [0_i8, 1, 2, 5, 20, 37, 38] {
                let mut out = Vec::new();
                append_decimal(value, behind as usize, &mut out);
                let arrow = Decimal128Type::format_decimal(value, DECIMAL128_MAX_PRECISION, behind);
                assert_eq!(String::from_utf8(out).expect("text"), arrow);
            }
        }
    }
}
