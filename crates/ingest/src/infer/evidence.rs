//! What the values of a column say of its type.

mod number;

use number::Number;
use serde_json::Value;

/// Examples that are kept of a column.
const EXAMPLES: usize = 3;
/// Characters that are kept of a value.
const LONGEST: usize = 60;
/// Whole numbers up to here are taken for Int: there is room for some that were not seen.
const INT: i128 = 1 << 30;
/// The fewest digits of a decimal that is proposed, so that there is room for values that were not seen.
const DIGITS: usize = 18;
/// The most that a decimal can have.
const MOST_DIGITS: usize = 38;

/// The type of a column and what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The column.
    pub name: String,
    /// The type, as `stream.sql.schema.json` names it.
    pub kind: String,
    /// Values that are there.
    pub values: usize,
    /// Those that are null, empty or missing.
    pub nulls: usize,
    /// The least value, in the order of the type.
    pub least: Option<String>,
    /// The greatest.
    pub greatest: Option<String>,
    /// Some values.
    pub examples: Vec<String>,
    /// Why it is this type.
    pub why: String,
    /// What else is worth telling of it.
    pub note: Option<String>,
}

/// What a text can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Boolean,
    /// So many digits.
    Whole(usize),
    /// Digits before and behind the point.
    Decimal(usize, usize),
    /// A number with an exponent.
    Float,
    Date,
    Timestamp,
    /// Digits that begin with 0: a number would lose it.
    ZeroId,
    Text,
}

/// A column while its values are looked at.
#[derive(Debug)]
pub(super) struct Column {
    name: String,
    /// Whether the file says what its values are.
    is_typed: bool,
    values: usize,
    nulls: usize,
    /// The row behind the last that had the column.
    next: usize,
    examples: Vec<String>,
    counts: Counts,
    least: Option<Number>,
    greatest: Option<Number>,
    least_text: Option<String>,
    greatest_text: Option<String>,
    /// Digits before and behind the point, the most.
    digits: (usize, usize),
    /// Whether all values have as many digits behind the point.
    behind: Option<usize>,
    even: bool,
    nested: bool,
    quoted: usize,
}

/// How many values have which shape.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    booleans: usize,
    whole: usize,
    decimals: usize,
    floats: usize,
    dates: usize,
    timestamps: usize,
    zero_ids: usize,
    texts: usize,
    thirteen: usize,
}

impl Column {
    /// A column that first stands in row `row`.
    pub(super) fn new(name: String, row: usize, is_typed: bool) -> Self {
        Self {
            name,
            is_typed,
            values: 0,
            nulls: row,
            next: row,
            examples: Vec::new(),
            counts: Counts::default(),
            least: None,
            greatest: None,
            least_text: None,
            greatest_text: None,
            digits: (0, 0),
            behind: None,
            even: true,
            nested: false,
            quoted: 0,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The value of row `row`.
    pub(super) fn add(&mut self, row: usize, value: &Value) {
        self.nulls += row - self.next;
        self.next = row + 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::String(text) if text.trim().is_empty() => self.nulls += 1,
            Value::String(text) => {
                self.quoted += 1;
                self.see(text);
            }
            Value::Bool(_) | Value::Number(_) => self.see(&value.to_string()),
            Value::Array(_) | Value::Object(_) => {
                self.nested = true;
                self.see(&value.to_string());
            }
        }
    }

    /// The sample has so many rows.
    pub(super) fn end(&mut self, rows: usize) {
        self.nulls += rows - self.next;
    }

    fn see(&mut self, text: &str) {
        self.values += 1;
        let short: String = text.chars().take(LONGEST).collect();
        if self.examples.len() < EXAMPLES && !self.examples.contains(&short) {
            self.examples.push(short.clone());
        }
        if self.least_text.as_ref().is_none_or(|least| short < *least) {
            self.least_text = Some(short.clone());
        }
        if self
            .greatest_text
            .as_ref()
            .is_none_or(|greatest| short > *greatest)
        {
            self.greatest_text = Some(short.clone());
        }
        let text = text.trim();
        let counts = &mut self.counts;
        match shape(text) {
            Shape::Boolean => counts.booleans += 1,
            Shape::Whole(digits) => {
                counts.whole += 1;
                counts.thirteen += usize::from(digits == 13);
                self.digits.0 = self.digits.0.max(digits);
                self.extremes(text);
            }
            Shape::Decimal(before, behind) => {
                counts.decimals += 1;
                self.digits = (self.digits.0.max(before), self.digits.1.max(behind));
                self.even &= self.behind.is_none_or(|known| known == behind);
                self.behind = Some(behind);
                self.extremes(text);
            }
            Shape::Float => {
                counts.floats += 1;
                self.extremes(text);
            }
            Shape::Date => counts.dates += 1,
            Shape::Timestamp => counts.timestamps += 1,
            Shape::ZeroId => counts.zero_ids += 1,
            Shape::Text => counts.texts += 1,
        }
    }

    fn extremes(&mut self, text: &str) {
        let number = Number::of(text);
        let least = self.least.as_ref();
        if least.is_none_or(|least| number.order(least).is_lt()) {
            self.least = Some(number.clone());
        }
        let greatest = self.greatest.as_ref();
        if greatest.is_none_or(|greatest| number.order(greatest).is_gt()) {
            self.greatest = Some(number);
        }
    }

    /// The type that the values speak for.
    pub(super) fn judge(self) -> Evidence {
        let (kind, why, note) = self.kind();
        let by_number =
            ["Int", "BigInt", "Double"].contains(&kind.as_str()) || kind.starts_with("Decimal");
        let (least, greatest) = if by_number {
            let text = |extreme: Option<Number>| extreme.map(|extreme| extreme.text);
            (text(self.least), text(self.greatest))
        } else {
            (self.least_text, self.greatest_text)
        };
        Evidence {
            name: self.name,
            kind,
            values: self.values,
            nulls: self.nulls,
            least,
            greatest,
            examples: self.examples,
            why,
            note,
        }
    }

    fn kind(&self) -> (String, String, Option<String>) {
        let Counts {
            booleans,
            whole,
            decimals,
            floats,
            dates,
            timestamps,
            zero_ids,
            texts,
            thirteen,
        } = self.counts;
        let all = self.values;
        let told = |kind: &str, why: &str| (kind.to_owned(), why.to_owned(), None);
        if all == 0 {
            return told("String", "there is no value");
        }
        if self.nested {
            return told(
                "String",
                "values are nested, which are text of JSON in a column",
            );
        }
        if zero_ids > 0 {
            let why = format!("{zero_ids} of {all} begin with 0, which a number would lose");
            return ("String".to_owned(), why, None);
        }
        if booleans == all {
            return told("Boolean", "all are true or false");
        }
        if dates == all {
            return told("Date", "all are yyyy-MM-dd");
        }
        if timestamps + dates == all && timestamps > 0 && dates == 0 {
            return told("Timestamp", "all are yyyy-MM-dd HH:mm:ss");
        }
        // JSON says itself what is a number.
        let is_text_of_json = self.is_typed && self.quoted == all;
        let numbers = whole + decimals + floats;
        if numbers == all && !is_text_of_json {
            return self.number(whole == all, floats > 0, thirteen == all);
        }
        let why = if texts == all {
            "they are text".to_owned()
        } else {
            let others = all - texts;
            format!("{texts} of {all} are text; {others} look like something else")
        };
        let why = if is_text_of_json {
            "the file says that they are text".to_owned()
        } else {
            why
        };
        ("String".to_owned(), why, None)
    }

    fn number(
        &self,
        is_whole: bool,
        has_floats: bool,
        thirteen: bool,
    ) -> (String, String, Option<String>) {
        let (before, behind) = self.digits;
        if is_whole {
            let whole = |extreme: &Option<Number>| extreme.as_ref()?.text.parse::<i128>().ok();
            // None of them: it is longer than any that has a type of its own.
            let ends = whole(&self.least).zip(whole(&self.greatest));
            let note = thirteen.then(|| {
                "all have 13 digits: where they are milliseconds since 1970, Timestamp takes them too".to_owned()
            });
            let is_int = |(least, greatest): (i128, i128)| least > -INT && greatest < INT;
            if ends.is_some_and(is_int) {
                return ("Int".to_owned(), "all are whole numbers".to_owned(), note);
            }
            let is_bigint = |(least, greatest): (i128, i128)| {
                i64::try_from(least).is_ok() && i64::try_from(greatest).is_ok()
            };
            if ends.is_some_and(is_bigint) {
                let why = "all are whole numbers, some near or beyond what Int holds".to_owned();
                return ("BigInt".to_owned(), why, note);
            }
            if before <= MOST_DIGITS {
                let why = format!("all are whole numbers of up to {before} digits");
                return (format!("Decimal({MOST_DIGITS},0)"), why, None);
            }
            let why = format!("whole numbers of up to {before} digits fit no type");
            return ("String".to_owned(), why, None);
        }
        let digits = DIGITS.max(before + behind);
        // Of money and the like all values have as many digits behind the point.
        if !has_floats && self.even && self.counts.whole == 0 && digits <= MOST_DIGITS {
            let why = format!("all have {behind} digits behind the point");
            return (format!("Decimal({digits},{behind})"), why, None);
        }
        (
            "Double".to_owned(),
            "all are numbers, with different numbers of digits behind the point".to_owned(),
            None,
        )
    }
}

fn shape(text: &str) -> Shape {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return Shape::Boolean;
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let begins_with_0 = |digits: &str| digits.len() > 1 && digits.starts_with('0');
    if is_digits(unsigned) {
        return match begins_with_0(unsigned) {
            true => Shape::ZeroId,
            false => Shape::Whole(unsigned.len()),
        };
    }
    if let Some((before, behind)) = unsigned.split_once('.')
        && is_digits(before)
        && is_digits(behind)
    {
        return match begins_with_0(before) {
            true => Shape::ZeroId,
            false => Shape::Decimal(before.len(), behind.len()),
        };
    }
    if is_date(text) {
        return Shape::Date;
    }
    if is_timestamp(text) {
        return Shape::Timestamp;
    }
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let has_exponent = mantissa.len() < unsigned.len();
    if has_exponent
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && !begins_with_0(mantissa.split('.').next().unwrap_or_default())
        && unsigned.parse::<f64>().is_ok_and(f64::is_finite)
    {
        return Shape::Float;
    }
    Shape::Text
}

fn is_date(text: &str) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return false;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let (Some(year), Some(month), Some(day)) = (
        number(&[*y1, *y2, *y3, *y4]),
        number(&[*m1, *m2]),
        number(&[*d1, *d2]),
    ) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=length).contains(&day)
}

/// `yyyy-MM-dd HH:mm:ss`, with a fraction of up to six digits.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once(' ') else {
        return false;
    };
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (time, "0"),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let below = |part: &str, limit: u32| {
        part.len() == 2 && part.parse::<u32>().is_ok_and(|number| number < limit)
    };
    let is_clock = matches!(parts.as_slice(), [hour, minute, second]
        if below(hour, 24) && below(minute, 60) && below(second, 60));
    let is_fraction =
        (1..=6).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_date(date) && is_clock && is_fraction
}

#[cfg(test)]
mod tests;
