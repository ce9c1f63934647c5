//! Files whose lines end otherwise than the source was told.

use millstream_core::{Error, Result, codes};

use super::format::{Dialect, Dialects};
use super::scan::find_closing;

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
