//! How rows are split by the values of a column. Pure.
//!
//! Parts lie side by side without gaps: the first has no lower end and takes rows without a value, the last has no upper
//! end. So every row is in one part, whatever the bounds say, and also when rows have come since they were looked for.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use millstream_core::{Error, Result, codes};

use super::options::SplitBy;
use super::statement::quoted;
use super::types::{Column, Kind};
use super::values::{date, timestamp};
use crate::formats::datetime::{append_date, append_timestamp};

/// More different texts than this are not looked at.
pub(super) const MOST_TEXTS: usize = 100_000;
/// More parts than this are not made: each is a statement.
pub(super) const MOST_PARTS: u32 = 10_000;

/// 0001-01-01 and 9999-12-31, as days. Of what lies beyond them a cast of Hive's may make NULL, with which no value compares: rows would
/// be in no part.
const FIRST_DAY: i128 = -719_162;
const LAST_DAY: i128 = 2_932_896;
const SECONDS_OF_DAY: i128 = 86_400;

/// The parameters that give bounds.
pub(super) const LOWER: &str = "source.db.partition.lower-bound";
pub(super) const UPPER: &str = "source.db.partition.upper-bound";

impl SplitBy {
    /// Looks whether the bounds are the right way round, which they tell without their column, as numbers and as times.
    ///
    /// # Errors
    /// The lower one is above the upper one.
    pub fn check(&self) -> Result<()> {
        let (Some(lower), Some(upper)) = (&self.lower, &self.upper) else {
            return Ok(());
        };
        let is_turned = [Scale::Numbers, Scale::Seconds].iter().any(|scale| {
            let bounds = (scale.bound(LOWER, lower), scale.bound(UPPER, upper));
            matches!(bounds, (Ok(lower), Ok(upper)) if lower > upper)
        });
        if !is_turned {
            return Ok(());
        }
        let message = format!("{LOWER} is `{lower}`, which is above {UPPER}, `{upper}`");
        Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message)
            .next("give the lesser one as the lower bound; rows beyond both are read all the same"))
    }
}

/// How values of a column lie side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// As whole numbers.
    Numbers,
    /// As days.
    Days,
    /// As seconds.
    Seconds,
    /// As texts, byte by byte.
    Texts,
}

impl Scale {
    /// That of a column.
    ///
    /// # Errors
    /// Its values have none.
    pub(super) fn of(column: &Column) -> Result<Self> {
        Ok(match column.kind {
            Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Decimal(..) => {
                Self::Numbers
            }
            Kind::Date => Self::Days,
            Kind::Timestamp => Self::Seconds,
            Kind::Text => Self::Texts,
            Kind::Boolean | Kind::Float | Kind::Double | Kind::Binary => {
                let message = format!(
                    "source.db.partition.column `{}` is of a type by which rows are not split",
                    column.name
                );
                return Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message)
                    .next("give a column of whole numbers, decimals, dates, timestamps or texts"));
            }
        })
    }

    /// The bound that was given as `text`.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn bound(self, name: &str, text: &str) -> Result<i128> {
        let text = text.trim();
        let bytes = text.as_bytes();
        let (found, kind) = match self {
            Self::Numbers => (text.parse().ok(), "a whole number"),
            Self::Days => (date(bytes).map(i128::from), "a date (yyyy-MM-dd)"),
            Self::Seconds => {
                let time =
                    timestamp(bytes).or_else(|| timestamp(format!("{text} 00:00:00").as_bytes()));
                (
                    time.map(|micros| i128::from(micros.div_euclid(MICROS))),
                    "a time (yyyy-MM-dd HH:mm:ss)",
                )
            }
            Self::Texts => {
                let message = format!(
                    "{name} is given, and source.db.partition.column holds texts, which have no bounds"
                );
                return Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message).next("leave it out"));
            }
        };
        let found = found.ok_or_else(|| {
            let message =
                format!("{name} is `{text}`, and source.db.partition.column holds something else");
            Error::new(&codes::SOURCE_HIVE_STATEMENT, message).next(format!("give {kind}"))
        })?;
        let (least, greatest) = self.limits();
        if found < least || found > greatest {
            let message = format!(
                "{name} is `{text}`, and only dates of the years 1 to 9999 can be written in a statement of Hive"
            );
            return Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message).next(
                "give a bound of these years: rows that lie beyond it are read with the first or the last part",
            ));
        }
        Ok(found)
    }

    /// The least and the greatest value that a statement can name.
    fn limits(self) -> (i128, i128) {
        match self {
            Self::Days => (FIRST_DAY, LAST_DAY),
            Self::Seconds => (
                FIRST_DAY * SECONDS_OF_DAY,
                (LAST_DAY + 1) * SECONDS_OF_DAY - 1,
            ),
            Self::Numbers | Self::Texts => (i128::MIN, i128::MAX),
        }
    }

    /// The least value that is not below the first of an array, on this scale; `None`: there is none.
    pub(super) fn value(self, array: &ArrayRef) -> Option<i128> {
        if array.is_empty() || array.is_null(0) {
            return None;
        }
        use arrow::datatypes::DataType as Type;
        Some(match array.data_type() {
            Type::Int8 => array.as_primitive::<Int8Type>().value(0).into(),
            Type::Int16 => array.as_primitive::<Int16Type>().value(0).into(),
            Type::Int32 => array.as_primitive::<Int32Type>().value(0).into(),
            Type::Int64 => array.as_primitive::<Int64Type>().value(0).into(),
            Type::Date32 => array.as_primitive::<Date32Type>().value(0).into(),
            Type::Timestamp(..) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(0);
                micros.div_euclid(MICROS).into()
            }
            Type::Decimal128(_, behind) => {
                let one = 10_i128.checked_pow((*behind).unsigned_abs().into())?;
                array
                    .as_primitive::<Decimal128Type>()
                    .value(0)
                    .div_euclid(one)
            }
            _ => return None,
        })
    }

    /// A value as it stands in a statement.
    fn literal(self, value: i128) -> String {
        let mut text = Vec::new();
        match self {
            Self::Numbers | Self::Texts => return value.to_string(),
            Self::Days => append_date(value as i64, &mut text),
            Self::Seconds => append_timestamp(value as i64, 0, &mut text),
        }
        let text = String::from_utf8_lossy(&text);
        match self {
            Self::Days => format!("cast('{text}' as date)"),
            _ => format!("cast('{text}' as timestamp)"),
        }
    }

    /// The conditions of `parts` parts between two bounds. What lies beyond what can be written in a statement is in the first or in the
    /// last part.
    pub(super) fn parts(self, column: &str, lower: i128, upper: i128, parts: u32) -> Vec<String> {
        let (least, greatest) = self.limits();
        let within = |bound: i128| bound.clamp(least, greatest);
        let cuts = cuts(within(lower), within(upper), parts);
        let cuts: Vec<String> = cuts.into_iter().map(|cut| self.literal(cut)).collect();
        conditions(column, &cuts)
    }
}

const MICROS: i64 = 1_000_000;

/// Where parts begin behind the first one: as even as can be, each once.
fn cuts(lower: i128, upper: i128, parts: u32) -> Vec<i128> {
    let parts = i128::from(parts.max(1));
    let Some(width) = upper
        .checked_sub(lower)
        .and_then(|width| width.checked_add(1))
    else {
        return Vec::new();
    };
    if width <= 1 {
        return Vec::new();
    }
    let whole = width / parts;
    let rest = width % parts;
    let mut cuts: Vec<i128> = (1..parts.min(width))
        .map(|part| match whole {
            0 => lower + part,
            _ => lower + whole * part + rest * part / parts,
        })
        .collect();
    cuts.dedup();
    cuts
}

/// The conditions of parts of texts: `values` are all that there are, each once, in any order.
pub(super) fn parts_of_texts(column: &str, values: &mut Vec<String>, parts: u32) -> Vec<String> {
    values.sort_unstable();
    values.dedup();
    let parts = values.len().min(parts.max(1) as usize);
    let cuts: Vec<String> = (1..parts)
        .filter_map(|part| values.get(part * values.len() / parts))
        .map(|value| text_literal(value))
        .collect();
    conditions(column, &cuts)
}

fn text_literal(text: &str) -> String {
    let mut literal = String::from("'");
    for sign in text.chars() {
        if matches!(sign, '\'' | '\\') {
            literal.push('\\');
        }
        literal.push(sign);
    }
    literal.push('\'');
    literal
}

fn conditions(column: &str, cuts: &[String]) -> Vec<String> {
    let column = quoted(column);
    let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else {
        return vec![String::new()];
    };
    let mut conditions = vec![format!("{column} < {first} or {column} is null")];
    for pair in cuts.windows(2) {
        if let [from, to] = pair {
            conditions.push(format!("{column} >= {from} and {column} < {to}"));
        }
    }
    conditions.push(format!("{column} >= {last}"));
    conditions
}

#[cfg(test)]
mod tests;
