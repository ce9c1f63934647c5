//! Headers as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Appends headers as `[{"key":"…","value":"…"},…]`. A value that is no text stands in `value_base64` instead; one that
/// isn't there is null.
pub(super) fn write_headers<'a>(
    headers: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>,
    out: &mut Vec<u8>,
) {
    out.push(b'[');
    for (number, (key, value)) in headers.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"key\":");
        write_text(key, out);
        match value.map(|bytes| std::str::from_utf8(bytes).map_err(|_| bytes)) {
            None => out.extend_from_slice(b",\"value\":null"),
            Some(Ok(text)) => {
                out.extend_from_slice(b",\"value\":");
                write_text(text, out);
            }
            Some(Err(bytes)) => {
                out.extend_from_slice(b",\"value_base64\":");
                write_text(&STANDARD.encode(bytes), out);
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // A text always has a JSON form, and a vector takes all of it.
    drop(serde_json::to_writer(out, text));
}

#[cfg(test)]
mod tests;
