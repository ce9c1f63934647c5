//! What a pattern reads: strftime's parts, and between them fractions of a second of any number of digits, which Java has
//! and strftime has not.

use std::fmt::Write as _;

use chrono::format::{
    Fixed, Item, Numeric, ParseError, Parsed, StrftimeItems, parse, parse_and_remainder,
};
use chrono::{DateTime, Utc};

use super::{fault, time_of};
use crate::functions::pattern::{self, forms, is_strftime, java, strftime};

#[derive(Debug)]
enum Piece {
    Strftime(String),
    /// Exactly so many digits.
    Fraction(usize),
}

/// A pattern as text is read by it.
#[derive(Debug)]
pub(crate) struct Format {
    pieces: Vec<Piece>,
}

impl Format {
    /// What a pattern of strftime or of Java's reads.
    ///
    /// # Errors
    /// In words: it is no pattern of Java's, or has what can't be read.
    pub(crate) fn of(pattern: &str) -> Result<Self, String> {
        if is_strftime(pattern) {
            let pieces = vec![Piece::Strftime(pattern.to_owned())];
            return Ok(Self { pieces });
        }
        let items = java(pattern)?;
        if items.iter().all(pattern::Item::is_plain) {
            return Err("there is no part of a time in it".to_owned());
        }
        if has_sections(&items) {
            return Err(each_form(pattern, &items));
        }
        let is_fraction = |item: &pattern::Item| matches!(item, pattern::Item::Fraction(_));
        let mut pieces = Vec::new();
        for run in items.chunk_by(|a, b| !is_fraction(a) && !is_fraction(b)) {
            pieces.push(match run {
                [pattern::Item::Fraction(digits)] => Piece::Fraction(*digits),
                run => Piece::Strftime(strftime(run).ok_or("it can be written, but not read")?),
            });
        }
        Ok(Self { pieces })
    }

    /// Reads `text`. One without an offset is UTC, and an offset beside a day alone says nothing.
    pub(in crate::functions) fn read(&self, text: &str) -> Result<DateTime<Utc>, ParseError> {
        time_of(self.parsed(text)?)
    }

    /// The parts of a time that stand in `text`.
    pub(super) fn parsed(&self, text: &str) -> Result<Parsed, ParseError> {
        let mut parsed = Parsed::new();
        let mut rest = text;
        for piece in &self.pieces {
            rest = match piece {
                Piece::Strftime(part) => {
                    parse_and_remainder(&mut parsed, rest, StrftimeItems::new(part))?
                }
                Piece::Fraction(digits) => read_fraction(&mut parsed, rest, *digits)?,
            };
        }
        // Nothing may be left.
        parse(&mut parsed, rest, StrftimeItems::new(""))?;
        Ok(parsed)
    }

    /// `time` in this form; none where it is no pattern.
    pub(super) fn written(&self, time: DateTime<Utc>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Strftime(part) => {
                    let items = items_of(part);
                    write!(text, "{}", time.format_with_items(items.iter())).ok()?;
                }
                Piece::Fraction(digits) => {
                    let nanos = format!("{:09}", time.timestamp_subsec_nanos());
                    text.push_str(nanos.get(..*digits)?);
                }
            }
        }
        Some(text)
    }

    /// The numbers but fractions in the order in which they stand.
    pub(super) fn parts(&self) -> Vec<Numeric> {
        let mut parts = Vec::new();
        for piece in &self.pieces {
            let Piece::Strftime(part) = piece else {
                continue;
            };
            for item in items_of(part) {
                if let Item::Numeric(number, _) = item {
                    parts.push(number);
                }
            }
        }
        parts
    }
}

/// Reads so many digits of a fraction of a second, and gives what stands behind them.
fn read_fraction<'a>(
    parsed: &mut Parsed,
    text: &'a str,
    digits: usize,
) -> Result<&'a str, ParseError> {
    // Too short a text has no nine digits either.
    let (fraction, behind) = text.split_at_checked(digits).unwrap_or_default();
    let nanos = match fraction {
        "" => String::new(),
        fraction => format!("{fraction:0<9}"),
    };
    parse(parsed, &nanos, StrftimeItems::new("%9f"))?;
    Ok(behind)
}

/// The items of a format, with an offset that each kind of them reads in the place of one that they may write otherwise.
fn items_of(format: &str) -> Vec<Item<'_>> {
    let permissive = StrftimeItems::new("%#z").next();
    let items = StrftimeItems::new(format).map(|item| match item {
        Item::Fixed(
            Fixed::TimezoneOffset
            | Fixed::TimezoneOffsetZ
            | Fixed::TimezoneOffsetColon
            | Fixed::TimezoneOffsetColonZ
            | Fixed::TimezoneOffsetDoubleColon
            | Fixed::TimezoneOffsetTripleColon,
        ) => Item::Literal("+00:00"),
        item if Some(&item) == permissive.as_ref() => Item::Literal("+00:00"),
        item => item,
    });
    items.collect()
}

/// Whether a pattern has sections that may be left out.
pub(super) fn has_sections(items: &[pattern::Item]) -> bool {
    items
        .iter()
        .any(|item| matches!(item, pattern::Item::Section(_)))
}

/// What to write in place of a pattern with sections, by which nothing is read: all patterns that it stands for, in Java
/// where strftime has none that means the same.
pub(super) fn each_form(pattern: &str, items: &[pattern::Item]) -> String {
    let forms = forms(pattern, items).into_iter();
    let forms = forms.filter_map(|form| {
        // Without the brackets letters may have come together that stood apart.
        let is_same = |text: &String| java(text).is_ok_and(|read| read == form.items);
        strftime(&form.items).or_else(|| Some(form.text).filter(is_same))
    });
    let forms: Vec<String> = forms
        .filter(|form| fault(form).is_none())
        .map(|form| format!("'{}'", form.replace('\'', "''")))
        .collect();
    let forms = match forms.as_slice() {
        [] => "'%Y-%m-%d %H:%M', '%Y-%m-%d'".to_owned(),
        forms => forms.join(", "),
    };
    format!(
        "its sections in [ ] are not read; give a pattern for each form of the text, such as to_timestamp(…, {forms})"
    )
}
