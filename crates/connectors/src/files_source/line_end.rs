//! Files whose lines end otherwise than the source was told.

use std::borrow::Cow;

use millstream_core::{Error, Result, codes};

use super::charset::Reading;
use super::format::{Dialect, Dialects};
use super::scan::find_closing;

/// Signs that stand in no name of a column, and seldom in text: they part lines.
const SEPARATORS: [&str; 9] = [
    "\u{2028}", "\u{2029}", "\u{85}", "\0", "\u{1e}", "\u{1d}", "\u{1c}", "\u{c}", "\u{b}",
];
/// Signs that stand in texts, and end lines in some files.
const SIGNS: [&str; 8] = ["|", ";", "~", "^", "#", "$", "@", "!"];
/// Bytes of a line that are looked at.
const LOOKED_AT: usize = 64 << 10;

/// Refuses the bytes of a record that goes on behind the end of a line of another kind: it would take the whole
/// file for one record. Which fields it has does not matter, and neither does whether it is text.
///
/// # Errors
/// The record holds such an end outside quotes.
pub(crate) fn check_line_end(file: &str, dialects: &Dialects, record: &[u8]) -> Result<()> {
    let Some(end) = other_end(&dialects.raw, record) else {
        return Ok(());
    };
    let expected = String::from_utf8_lossy(&dialects.text.line_end);
    Err(Error::new(
        &codes::SOURCE_SCHEMA,
        format!(
            "the first line of {file} goes on behind `{end}`: its lines do not end with `{}`",
            expected.escape_default()
        ),
    )
    .next(format!("set source.line.delimiter to {end} or to auto")))
}

/// The first end of a line in `record` that does not stand between quotes. A quote that is never closed is a
/// character.
pub(crate) fn other_end(dialect: &Dialect, record: &[u8]) -> Option<&'static str> {
    let delimiter = dialect.delimiter.as_deref()?;
    if dialect.any_line_end {
        return None;
    }
    let mut at = 0;
    let mut field = 0;
    while let Some(byte) = record.get(at) {
        let rest = record.get(at..).unwrap_or_default();
        if Some(*byte) == dialect.quote && at == field {
            at = find_closing(dialect, *byte, record, at + 1).unwrap_or(at + 1);
        } else if Some(*byte) == dialect.escape {
            // It stands before both signs of an end, too.
            at += if rest.get(1..3) == Some(b"\r\n") {
                3
            } else {
                2
            };
        } else if rest.starts_with(delimiter) {
            at += delimiter.len();
            field = at;
        } else if rest.starts_with(b"\r\n") {
            return Some("\\r\\n");
        } else if *byte == b'\n' {
            return Some("\\n");
        } else if *byte == b'\r' {
            // At the very end it may be the first half of an end that is still being written.
            return (rest.len() > 1).then_some("\\r");
        } else {
            at += 1;
        }
    }
    None
}

/// What seems to end the lines of a file that is one line as it is read, as it is to be given: what parts it into rows of as many fields
/// as each other, or of `columns`, where that is known. `least`: so many delimiters a row, where what parts rows is a sign that stands
/// in no name, and nobody knows how many there are; of others it is one.
///
/// A line that may be one record is none of several: nothing skips the error.
pub(crate) fn end_of_rows(
    dialects: &Dialects,
    line: &[u8],
    columns: Option<usize>,
    least: usize,
) -> Option<String> {
    let delimiter = str::from_utf8(dialects.text.delimiter.as_deref()?).ok()?;
    let looked_at = line.get(..LOOKED_AT).unwrap_or(line);
    let text = match dialects.reading {
        Reading::Cut(encoding) => encoding.decode_without_bom_handling(looked_at).0,
        Reading::Utf8 | Reading::DecodeFirst(_) => String::from_utf8_lossy(looked_at),
    };
    let text: Cow<'_, str> = match dialects.text.escape {
        Some(escape) => without_escaped(&text, char::from(escape)).into(),
        None => text,
    };
    let text: Cow<'_, str> = match dialects.text.quote {
        // What stands in quotes is data.
        Some(quote) => text
            .split(char::from(quote))
            .step_by(2)
            .collect::<String>()
            .into(),
        None => text,
    };
    let is_all = looked_at.len() == line.len();
    let last = last_sign(&text, delimiter).filter(|_| is_all);
    // Elsewhere than at its end such a sign may stand in a text, unless what it parts has as many fields as there are columns.
    let others = SEPARATORS
        .into_iter()
        .chain(SIGNS)
        .filter(|end| columns.is_some() && !delimiter.contains(end));
    let is_end = |end: &str| {
        let is_separator = SEPARATORS.iter().any(|sign| end.starts_with(sign));
        // Two rows may be one text with such a sign in it.
        let most_of_one = if is_separator { 1 } else { 2 };
        let least = if is_separator { least } else { 1 };
        rows_of(&text, (end, delimiter), is_all).is_some_and(|(rows, delimiters)| {
            let fits = match columns {
                // Rows of one field are no other than a line of one.
                Some(columns) => columns > 1 && delimiters + 1 == columns,
                None => delimiters >= least,
            };
            fits && rows > most_of_one
        })
    };
    let end = last.into_iter().chain(others).find(|end| is_end(end))?;
    Some(end.chars().map(as_given).collect())
}

/// The text without what is escaped, which is data.
fn without_escaped(text: &str, escape: char) -> String {
    let mut left = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        if sign == escape {
            signs.next();
        } else {
            left.push(sign);
        }
    }
    left
}

/// The sign with which a line ends, as often as it stands there, if it is none that fields end with.
fn last_sign<'a>(text: &'a str, delimiter: &str) -> Option<&'a str> {
    let sign = text.chars().next_back()?;
    let is_mark = sign.is_alphanumeric() || delimiter.contains(sign) || "\r\n .?".contains(sign);
    let content = text.trim_end_matches(sign).len();
    text.get(content..).filter(|_| !is_mark)
}

/// Into how many rows `end` parts a line, and how many delimiters are in each; nothing where one has more than another, or begins
/// with one, also behind spaces: such signs end fields. `is_all`: the last row is whole.
fn rows_of(text: &str, (end, delimiter): (&str, &str), is_all: bool) -> Option<(usize, usize)> {
    let whole = match is_all {
        true => Some(text.strip_suffix(end).unwrap_or(text)),
        false => text.rsplit_once(end).map(|(whole, _)| whole),
    };
    let mut rows = whole.unwrap_or_default().split(end);
    let delimiters = rows.next()?.matches(delimiter).count();
    let mut count = 1;
    let is_space = |sign: char| sign.is_whitespace() && !delimiter.contains(sign);
    for row in rows {
        let begins_with_one = row.trim_start_matches(is_space).starts_with(delimiter);
        if begins_with_one || row.matches(delimiter).count() != delimiters {
            return None;
        }
        count += 1;
    }
    Some((count, delimiters))
}

/// A sign as it is given to `source.line.delimiter`.
fn as_given(sign: char) -> String {
    if sign.is_ascii_graphic() {
        sign.to_string()
    } else {
        format!("\\u{:04x}", u32::from(sign))
    }
}

/// The error of a file that is one line as it is read, and whose lines seem to end with `end`.
pub(crate) fn one_line_error(file: &str, end: &str) -> Error {
    Error::new(
        &codes::SOURCE_SCHEMA,
        format!("{file} is one line as it is read: its lines seem to end with `{end}`"),
    )
    .next(format!("set source.line.delimiter to {end}"))
}

#[cfg(test)]
mod tests;
