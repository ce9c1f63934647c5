//! Byte order marks at the heads of files.

use super::charset::Reading;
use super::decoding::is_wide;
use super::input::{Input, InputError};

/// The byte order mark in UTF-8, and in GB18030.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const BYTE_ORDER_MARK_GB18030: &[u8] = b"\x84\x31\x95\x33";

/// Bytes of the longest mark.
pub(crate) const LONGEST: usize = BYTE_ORDER_MARK_GB18030.len();

/// The byte order mark as it stands in the bytes in which records are found; empty: there is none to be expected.
pub(crate) fn mark_of(reading: Reading) -> &'static [u8] {
    match reading {
        // What is decoded first is UTF-8 by now.
        Reading::Utf8 | Reading::DecodeFirst(_) => BYTE_ORDER_MARK,
        Reading::Cut(charset) if charset == encoding_rs::GB18030 || charset == encoding_rs::GBK => {
            BYTE_ORDER_MARK_GB18030
        }
        Reading::Cut(_) => b"",
    }
}

/// Refuses a file that is in UTF-8 by its mark, where it is said to be in another charset; `buffer` holds what was
/// read of it.
pub(crate) fn refuse_foreign(
    reading: Reading,
    buffer: &[u8],
    input: &Input,
) -> Result<(), InputError> {
    let (head, charset) = match reading {
        Reading::Utf8 => return Ok(()),
        Reading::Cut(charset) => (buffer, charset),
        // There the mark decides.
        Reading::DecodeFirst(charset) if is_wide(charset) => return Ok(()),
        Reading::DecodeFirst(charset) => (input.decoded_head(), charset),
    };
    if head.starts_with(BYTE_ORDER_MARK) {
        let charset = charset.name();
        return Err(InputError::Marked { charset });
    }
    Ok(())
}
