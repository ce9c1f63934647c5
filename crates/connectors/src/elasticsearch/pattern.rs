//! The index of a document: a name, or a pattern with columns and dates, as Flink's connector has them. Pure: the time is
//! given.
//!
//! `orders`, `orders-{country}`, `orders-{day|yyyy.MM.dd}`, `orders-{now()|yyyy.MM}`.

mod date;

use std::fmt;

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use millstream_core::options::FromOptionText;
use millstream_core::type_names::{in_words, type_in_words};

use crate::formats::texts;

pub(super) use date::DateFormat;

/// The index of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// As it stands.
    Text(String),
    /// The text of a column.
    Column(String),
    /// A column that is a date or a time.
    Date(String, DateFormat),
    /// The time at which the document is written.
    Now(DateFormat),
}

impl IndexPattern {
    /// The name of the index, where every document has the same.
    pub fn fixed(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether the index depends on when a document is written.
    pub fn depends_on_clock(&self) -> bool {
        let mut pieces = self.pieces.iter();
        pieces.any(|piece| matches!(piece, Piece::Now(_)))
    }

    /// The columns that the index depends on.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Column(name) | Piece::Date(name, _) => Some(name.as_str()),
            Piece::Text(_) | Piece::Now(_) => None,
        })
    }

    /// Those of them that are written as dates.
    pub(super) fn dates(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Date(name, _) => Some(name.as_str()),
            Piece::Column(_) | Piece::Text(_) | Piece::Now(_) => None,
        })
    }

    /// The indices of the rows of a batch, at `now` in milliseconds since 1970.
    ///
    /// # Errors
    /// There is no such column, or it is none of what is asked of it, in words.
    pub(super) fn indices(&self, batch: &RecordBatch, now: i64) -> Result<Indices, String> {
        let pieces = self.pieces.iter().map(|piece| {
            let column = |name: &str| {
                let column = batch.column_by_name(name);
                column.ok_or_else(|| {
                    format!("sink.es.index names the column {name}, which is not there")
                })
            };
            Ok(match piece {
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Now(format) => Part::Text(format.text(now)),
                Piece::Column(name) => {
                    let texts = texts(column(name)?);
                    Part::Texts(
                        name.clone(),
                        texts.map_err(|error| {
                            let error = in_words(&error.to_string());
                            format!("column {name} is no name of an index: {error}")
                        })?,
                    )
                }
                Piece::Date(name, format) => {
                    let column = column(name)?;
                    let millis = date::millis(column).ok_or_else(|| {
                        let kind = type_in_words(column.data_type());
                        format!(
                            "sink.es.index writes column {name} as a date, and it is of type {kind}"
                        )
                    })?;
                    Part::Dates(name.clone(), millis, format.clone())
                }
            })
        });
        Ok(Indices {
            parts: pieces.collect::<Result<_, String>>()?,
        })
    }
}

impl fmt::Display for IndexPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromOptionText for IndexPattern {
    const TYPE_NAME: &'static str = "the name of an index, in which {column}, {column|yyyy.MM.dd} and {now()|yyyy.MM.dd} may stand";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (before, behind) = match rest.split_once('{') {
                None => (rest, None),
                Some((before, behind)) => (before, Some(behind)),
            };
            if before.contains('}') {
                return Err(format!("{}: a }} stands without a {{", Self::TYPE_NAME));
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some(behind) = behind else {
                break;
            };
            let (inner, behind) = behind
                .split_once('}')
                .ok_or_else(|| format!("{}: a {{ has no }}", Self::TYPE_NAME))?;
            pieces.push(piece(inner).map_err(|why| format!("{}: {why}", Self::TYPE_NAME))?);
            rest = behind;
        }
        let is_fixed = matches!(pieces.as_slice(), [Piece::Text(_)]);
        if is_fixed && text != text.to_lowercase() {
            return Err(format!("{}, in small letters", Self::TYPE_NAME));
        }
        let is_odd = |c: char| c.is_whitespace() || "\\/*?\"<>|,#".contains(c);
        let mut plain = pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            _ => None,
        });
        if text.is_empty()
            || text.starts_with(['-', '_', '+', '.'])
            || plain.any(|text| text.contains(is_odd))
        {
            return Err(format!(
                "{}; it does not begin with -, _, + or a dot, and has none of \\ / * ? \" < > | , # and no space",
                Self::TYPE_NAME
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            pieces,
        })
    }
}

fn piece(inner: &str) -> Result<Piece, String> {
    let (name, format) = match inner.split_once('|') {
        None => (inner.trim(), None),
        Some((name, format)) => (name.trim(), Some(DateFormat::parse(format.trim())?)),
    };
    Ok(match (name, format) {
        ("", _) => return Err("{} names no column".to_owned()),
        ("now()", format) => {
            Piece::Now(format.ok_or("{now()} has no format, such as {now()|yyyy.MM.dd}")?)
        }
        (name, None) => Piece::Column(name.to_owned()),
        (name, Some(format)) => Piece::Date(name.to_owned(), format),
    })
}

/// The indices of the rows of a batch.
pub(super) struct Indices {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Texts(String, StringArray),
    Dates(String, Int64Array, DateFormat),
}

impl Indices {
    /// Puts the index of a row into `out`.
    ///
    /// # Errors
    /// The column that is null there.
    pub(super) fn put(&self, row: usize, out: &mut String) -> Result<(), &str> {
        out.clear();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Texts(name, texts) if texts.is_null(row) => return Err(name),
                Part::Texts(_, texts) => out.push_str(texts.value(row)),
                Part::Dates(name, dates, _) if dates.is_null(row) => return Err(name),
                Part::Dates(_, dates, format) => out.push_str(&format.text(dates.value(row))),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
