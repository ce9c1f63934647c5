//! Marks outside of quotes, found for 64 bytes at a time.
//!
//! One bit stands for one byte. The exclusive or of all bits up to a place tells whether a quote is open there
//! (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019): from an opening quote, itself included, to its
//! closing quote, itself excluded. A doubled quote closes and opens again, which changes nothing. That is right if every
//! quote that opens stands at the start of a field, or behind one that has just closed, and if a closing one ends its
//! field. A quote of another place outside is a character, and is taken out before the bits are looked at again. Where
//! something else stands behind a closing quote the walk ends, and the record is one for the exact search.

use wide::u8x16;

use super::super::format::Dialect;

/// The marks of a dialect in which each is one byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneByteMarks {
    delimiter: u8,
    line_end: u8,
    pub(crate) quote: u8,
    strip_cr: bool,
}

impl OneByteMarks {
    /// Those of `dialect`; `None`: it has longer ones, or signs that mean something besides.
    pub(crate) fn of(dialect: &Dialect) -> Option<Self> {
        let (Some([delimiter]), [line_end], Some(quote), None, false) = (
            dialect.delimiter.as_deref(),
            dialect.line_end.as_slice(),
            dialect.quote,
            dialect.escape,
            dialect.any_line_end,
        ) else {
            return None;
        };
        Some(Self {
            delimiter: *delimiter,
            line_end: *line_end,
            quote,
            strip_cr: dialect.strip_cr,
        })
    }
}

/// What was found in up to 64 bytes; the lowest bit is the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where the bytes begin.
    pub(crate) base: usize,
    /// Delimiters and line ends outside of quotes.
    pub(crate) marks: u64,
    /// Those of them that are line ends.
    pub(crate) ends: u64,
    /// All line ends, quoted ones among them.
    pub(crate) lines: u64,
    /// The second of each pair of quotes in a quoted field.
    pub(crate) doubled: u64,
    /// The quoting is broken behind the marks that are given.
    pub(crate) broken: bool,
}

/// Goes over bytes from the start of a record.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    signs: OneByteMarks,
    bytes: &'a [u8],
    base: usize,
    /// All bits: a quote is open before `base`.
    inside: u64,
    /// The lowest bit: a field begins at `base`.
    begins: u64,
    /// The lowest bit: a quote has closed right before `base`.
    closed: u64,
}

impl<'a> Walk<'a> {
    /// Begins at `from`, where a record does.
    pub(crate) fn new(signs: OneByteMarks, bytes: &'a [u8], from: usize) -> Self {
        Self {
            signs,
            bytes,
            base: from,
            inside: 0,
            begins: 1,
            closed: 0,
        }
    }

    /// What the next bytes hold; `None`: there are no more. Behind what is broken nothing means anything.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Found> {
        let rest = self.bytes.get(self.base..)?;
        if let Some(block) = rest.first_chunk::<64>() {
            return Some(self.look(block, 64));
        }
        if rest.is_empty() {
            return None;
        }
        let mut block = [0; 64];
        for (byte, rest) in block.iter_mut().zip(rest) {
            *byte = *rest;
        }
        Some(self.look(&block, rest.len()))
    }

    #[inline(always)]
    fn look(&mut self, block: &[u8; 64], length: usize) -> Found {
        let valid = u64::MAX >> (64 - length as u32);
        let signs = &self.signs;
        let lines = equal(block, signs.line_end) & valid;
        let both = (equal(block, signs.delimiter) & valid) | lines;
        let mut quotes = equal(block, signs.quote) & valid;
        loop {
            let inside = prefix_xor(quotes) ^ self.inside;
            let marks = both & !inside;
            let closings = quotes & !inside;
            let openings = quotes & inside;
            let behind_mark = (marks << 1) | self.begins;
            let behind_quote = (closings << 1) | self.closed;
            let characters = openings & !(behind_mark | behind_quote);
            let unclear = behind_quote & !(marks | openings) & valid;
            if (characters | unclear) != 0 {
                if let Some(first) = self.first_broken(unclear, characters) {
                    let before = (1_u64 << first) - 1;
                    return self.found(before & marks, lines, openings & behind_quote, true);
                }
                if characters != 0 {
                    quotes &= !(characters & characters.wrapping_neg());
                    continue;
                }
            }
            let found = self.found(marks, lines, openings & behind_quote, false);
            self.inside = ((inside as i64) >> 63) as u64;
            self.begins = marks >> 63;
            self.closed = closings >> 63;
            self.base += length;
            return found;
        }
    }

    #[inline(always)]
    fn found(&self, marks: u64, lines: u64, doubled: u64, broken: bool) -> Found {
        Found {
            base: self.base,
            marks,
            ends: marks & lines,
            lines,
            doubled,
            broken,
        }
    }

    /// The first of the places behind closing quotes that is no carriage return of a line end. Behind the first of the
    /// quotes that are characters nothing is decided yet.
    #[cold]
    fn first_broken(&self, unclear: u64, characters: u64) -> Option<u32> {
        let decided = characters.wrapping_neg() & characters;
        let mut unclear = unclear & decided.wrapping_sub(1);
        while unclear != 0 {
            let place = unclear.trailing_zeros();
            unclear &= unclear - 1;
            let at = self.base + place as usize;
            let is_return = self.signs.strip_cr
                && self.bytes.get(at) == Some(&b'\r')
                && self.bytes.get(at + 1) == Some(&self.signs.line_end);
            if !is_return {
                return Some(place);
            }
        }
        None
    }
}

/// One bit for each byte of `block` that is `byte`.
#[inline(always)]
pub(crate) fn equal(block: &[u8; 64], byte: u8) -> u64 {
    let sought = u8x16::splat(byte);
    let mut bits = 0;
    let (pieces, _) = block.as_chunks::<16>();
    for (place, piece) in pieces.iter().enumerate() {
        let found = u8x16::new(*piece).simd_eq(sought).to_bitmask();
        bits |= u64::from(found as u16) << (16 * place);
    }
    bits
}

/// Each bit becomes the exclusive or of itself and all that are lower.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
