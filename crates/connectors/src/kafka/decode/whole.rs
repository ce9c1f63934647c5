//! Values of which nobody has said what columns they have, as JSON.

use super::{NOT_TEXT, Wrong};
use crate::files_source::{Dialect, fields_of};
use crate::rows::Reason;

/// Appends one record of delimited text as `{"_col0":"…","_col1":null,…}`: the columns have the names that those of a
/// file without a head have, and a field is null where it would be null there.
pub(super) fn write_fields(
    dialect: &Dialect,
    value: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Wrong> {
    let text = std::str::from_utf8(value).map_err(|_| Wrong::value(Reason::Charset, NOT_TEXT))?;
    let fields = fields_of(dialect, without_line_end(text))
        .ok_or_else(|| Wrong::value(Reason::Quotes, "quotes that don't fit together"))?;
    for (number, field) in fields.iter().enumerate() {
        out.push(if number == 0 { b'{' } else { b',' });
        out.extend_from_slice(format!("\"_col{number}\":").as_bytes());
        if field.text.is_empty() && !field.quoted {
            out.extend_from_slice(b"null");
        } else {
            // A text always has a JSON form, and a vector takes all of it.
            drop(serde_json::to_writer(&mut *out, &field.text));
        }
    }
    out.push(b'}');
    Ok(())
}

/// The end of a line belongs to what wrote it.
pub(super) fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}
