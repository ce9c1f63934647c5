//! Byte order marks at the heads of files.

use super::charset::Reading;
pub(crate) use super::charset::marks::LONGEST;
use super::charset::marks::{GB18030, Mark, UTF_8};
use super::decoding::is_wide;
use super::failure::Marked;
use super::input::{Input, InputError};

/// The byte order mark as it stands in the bytes in which records are found; empty: there is none to be expected.
pub(crate) fn mark_of(reading: Reading) -> &'static [u8] {
    match reading {
        // What is decoded first is UTF-8 by now.
        Reading::Utf8 | Reading::DecodeFirst(_) => UTF_8.bytes,
        Reading::Cut(charset) if charset == encoding_rs::GB18030 || charset == encoding_rs::GBK => {
            GB18030.bytes
        }
        Reading::Cut(_) => b"",
    }
}

/// Refuses a file that is in another charset by its mark than it is said to be; `buffer` holds what was read of it.
///
/// Bytes of UTF-16 and UTF-32 would be text of most charsets, full of U+0000.
pub(crate) fn refuse_foreign(
    reading: Reading,
    buffer: &[u8],
    input: &Input,
) -> Result<(), InputError> {
    let found = match reading {
        // GB18030's begins no text of UTF-8, and may begin one of another charset.
        Reading::Utf8 => Mark::any(buffer).filter(|mark| *mark != UTF_8),
        Reading::Cut(_) => Mark::certain(buffer),
        // There the mark decides.
        Reading::DecodeFirst(charset) if is_wide(charset) => {
            Mark::certain(input.decoded_head()).filter(|mark| mark.is_utf_32())
        }
        Reading::DecodeFirst(_) => Mark::certain(input.decoded_head()),
    };
    match found {
        None => Ok(()),
        Some(mark) => Err(InputError::Marked(Marked {
            mark,
            charset: reading.name(),
        })),
    }
}
