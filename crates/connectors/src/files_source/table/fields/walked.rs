//! Finding fields by walking over the marks between them.

use super::super::super::format::Dialect;
use super::super::super::scan::{Found, OneByteMarks, Span, Walk};
use super::{Field, FieldTable, QUOTED};

/// The record whose fields are being found.
struct Row {
    /// Where the present field begins.
    start: usize,
    /// Fields of the records before.
    before: usize,
    /// Behind the last doubled quote that was seen.
    doubled: usize,
    /// The record's number.
    record: usize,
}

impl FieldTable {
    /// As [`find`](Self::find), where the text is what the records were cut from. What the walk over the marks can't
    /// decide, or finds otherwise than it was cut, is looked at record by record.
    pub(crate) fn find_in_text(&mut self, dialect: &Dialect, text: &[u8], spans: &[Span]) {
        let Some(signs) = OneByteMarks::of(dialect) else {
            return self.find(dialect, text, spans);
        };
        let mut record = 0;
        while record < spans.len() {
            record = self.walk(dialect, signs, text, spans, record);
            if let Some(span) = spans.get(record) {
                self.find_alone(dialect, text, record, span);
                record += 1;
            }
        }
    }

    /// Walks from the record with this number on; answers the first one whose fields it has not found.
    fn walk(
        &mut self,
        dialect: &Dialect,
        signs: OneByteMarks,
        text: &[u8],
        spans: &[Span],
        record: usize,
    ) -> usize {
        let Some(span) = spans.get(record) else {
            return record;
        };
        let mut row = Row {
            start: span.start as usize,
            before: self.fields.len(),
            doubled: 0,
            record,
        };
        let mut walk = Walk::new(signs, text, row.start);
        while let Some(found) = walk.next() {
            let goes_on = self.take_found(dialect, signs, text, spans, &found, &mut row);
            if !goes_on || found.broken {
                break;
            }
        }
        self.fields.truncate(row.before);
        row.record
    }

    /// Takes the fields that end in the bytes that were found; false: the record is one for another way.
    #[inline(always)]
    fn take_found(
        &mut self,
        dialect: &Dialect,
        signs: OneByteMarks,
        text: &[u8],
        spans: &[Span],
        found: &Found,
        row: &mut Row,
    ) -> bool {
        let mut marks = found.marks;
        while marks != 0 {
            let mark = marks & marks.wrapping_neg();
            let place = found.base + mark.trailing_zeros() as usize;
            marks &= marks - 1;
            let pairs = found.doubled & (mark - 1);
            if pairs != 0 {
                row.doubled = behind_last(found.base, pairs);
            }
            if found.ends & mark == 0 {
                self.push_walked(dialect, signs, text, row, place);
            } else if !self.end_walked(dialect, signs, text, spans, row, place) {
                return false;
            }
            row.start = place + 1;
        }
        if found.doubled != 0 {
            row.doubled = behind_last(found.base, found.doubled);
        }
        true
    }

    /// A line ends at `place`, outside of quotes; false: the record was cut otherwise, or it is the last one.
    #[inline(always)]
    fn end_walked(
        &mut self,
        dialect: &Dialect,
        signs: OneByteMarks,
        text: &[u8],
        spans: &[Span],
        row: &mut Row,
        place: usize,
    ) -> bool {
        let Some(span) = spans.get(row.record) else {
            return false;
        };
        let (start, end) = (span.start as usize, span.end as usize);
        if start > place {
            // A blank line, which is no record.
            return self.fields.len() == row.before;
        }
        // A carriage return may belong to the line end.
        if end > place || place - end > 1 {
            return false;
        }
        self.push_walked(dialect, signs, text, row, end);
        self.end_row(row.record as u32, self.fields.len() - row.before);
        row.before = self.fields.len();
        row.record += 1;
        true
    }

    /// The present field ends at `end`.
    #[inline(always)]
    fn push_walked(
        &mut self,
        dialect: &Dialect,
        signs: OneByteMarks,
        text: &[u8],
        row: &Row,
        end: usize,
    ) {
        let field = if text.get(row.start) != Some(&signs.quote) {
            Field {
                start: row.start as u32,
                end: end as u32,
            }
        } else if row.doubled > row.start {
            self.unquote(dialect, signs.quote, text, row.start + 1, end)
        } else {
            Field {
                start: (row.start + 1) as u32 | QUOTED,
                end: (end - 1) as u32,
            }
        };
        self.fields.push(field);
    }
}

/// The place behind the highest of `bits`, which stand for the bytes from `base` on.
#[inline(always)]
fn behind_last(base: usize, bits: u64) -> usize {
    base + 64 - bits.leading_zeros() as usize
}
