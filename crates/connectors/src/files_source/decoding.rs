//! Text that has to be decoded before records can be found in it.

use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::charset::marks::LONGEST;

/// What stands in the text for malformed bytes: U+FFFD.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Whether a byte order mark says what the text is, whatever the charset is said to be.
pub(crate) fn is_wide(encoding: &Encoding) -> bool {
    encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE
}

/// Bytes of the longest byte order mark.
const HEAD: usize = LONGEST;

/// Turns the bytes of a file into UTF-8, piece by piece. Drops a byte order mark and heeds what it says
/// (UTF-16 without one is little-endian for the label `UTF-16`).
pub(crate) struct Decoding {
    decoder: Decoder,
    raw: Vec<u8>,
    /// Text decoded so far, in bytes.
    decoded: u64,
    /// The first bytes of the file, as many as a byte order mark may have.
    head: Vec<u8>,
    malformed: Vec<u64>,
    ended: bool,
}

impl Decoding {
    pub(crate) fn new(encoding: &'static Encoding) -> Self {
        let wide = is_wide(encoding);
        // A UTF-8 mark at the head of a file that is said to be GBK is refused, not a change of mind.
        let decoder = if wide {
            encoding.new_decoder()
        } else {
            encoding.new_decoder_without_bom_handling()
        };
        Self {
            decoder,
            raw: Vec::new(),
            decoded: 0,
            head: Vec::new(),
            malformed: Vec::new(),
            ended: false,
        }
    }

    /// Appends about `wanted` bytes of text to `buffer`, reading bytes by `read`; false at the end.
    pub(crate) fn read<E>(
        &mut self,
        buffer: &mut Vec<u8>,
        wanted: usize,
        mut read: impl FnMut(&mut Vec<u8>, usize) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let filled = buffer.len();
        while buffer.len() < filled + wanted && !self.ended {
            self.raw.clear();
            self.ended = !read(&mut self.raw, wanted)?;
            let missing = HEAD - self.head.len();
            self.head.extend(self.raw.iter().take(missing));
            self.decode(buffer);
        }
        Ok(buffer.len() > filled)
    }

    /// The first bytes of the file, up to as many as a byte order mark may have.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Offsets in the text at which malformed bytes were replaced since the last call.
    pub(crate) fn take_malformed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.malformed)
    }

    fn decode(&mut self, buffer: &mut Vec<u8>) {
        let raw = std::mem::take(&mut self.raw);
        let mut from = 0;
        loop {
            let rest = raw.get(from..).unwrap_or_default();
            let room = self
                .decoder
                .max_utf8_buffer_length_without_replacement(rest.len())
                .unwrap_or(rest.len() * 3 + 16);
            let filled = buffer.len();
            buffer.resize(filled + room, 0);
            let target = buffer.get_mut(filled..).unwrap_or_default();
            let (result, read, written) = self
                .decoder
                .decode_to_utf8_without_replacement(rest, target, self.ended);
            buffer.truncate(filled + written);
            from += read;
            self.decoded += written as u64;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(_, _) => {
                    self.malformed.push(self.decoded);
                    buffer.extend_from_slice(REPLACEMENT);
                    self.decoded += REPLACEMENT.len() as u64;
                }
            }
        }
        self.raw = raw;
    }
}
