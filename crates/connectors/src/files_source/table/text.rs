//! Decoding of blocks of records.

use std::borrow::Cow;

use super::super::charset::Reading;

/// The text of whole records; `None` if their bytes are not the charset.
pub(crate) fn to_text(reading: Reading, bytes: &[u8]) -> Option<Cow<'_, str>> {
    match reading {
        Reading::Cut(encoding) => {
            encoding.decode_without_bom_handling_and_without_replacement(bytes)
        }
        // Decoded already, malformed bytes replaced.
        Reading::Utf8 | Reading::DecodeFirst(_) => {
            std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
        }
    }
}
