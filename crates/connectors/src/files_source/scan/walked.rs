//! Passing over records and cutting them by walking over their marks. What the walk can't decide, the exact search does.

use memchr::memchr;

use super::super::format::Dialect;
use super::marks::{Found, OneByteMarks, Walk};
use super::{Passed, Segment, Span, count_lines, pass_quoted, push, record_length};

/// What the exact search and the walk share.
pub(super) struct Walked<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) signs: OneByteMarks,
    pub(super) bytes: &'a [u8],
}

impl Walked<'_> {
    /// As [`pass`](super::pass).
    pub(super) fn pass(&self, target: usize, ended: bool) -> Passed {
        let mut last = 0;
        loop {
            let rest = self.bytes.get(last..).unwrap_or_default();
            if memchr(self.signs.quote, rest).is_none() {
                let segment = Segment {
                    dialect: self.dialect,
                    bytes: self.bytes,
                    target,
                    ended,
                };
                return segment.pass(last, self.bytes.len(), last);
            }
            last = match self.walk_to(last, target) {
                Passed::Unfinished(last) => last,
                reached => return reached,
            };
            match self.exact_next(last, ended) {
                None => return Passed::Unfinished(last),
                Some(next) if next >= target => return Passed::Reached(next),
                Some(next) => last = next,
            }
        }
    }

    /// Goes as far as the walk can decide.
    fn walk_to(&self, from: usize, target: usize) -> Passed {
        let mut walk = Walk::new(self.signs, self.bytes, from);
        let mut start = from;
        while let Some(found) = walk.next() {
            let mut ends = found.ends;
            while ends != 0 {
                let behind = found.base + ends.trailing_zeros() as usize + 1;
                if self.is_long(start, behind) {
                    return Passed::Unfinished(start);
                }
                if behind >= target {
                    return Passed::Reached(behind);
                }
                start = behind;
                ends &= ends - 1;
            }
            if found.broken {
                break;
            }
        }
        Passed::Unfinished(start)
    }

    /// Whether a record is so long that its quotes may not count.
    fn is_long(&self, start: usize, behind: usize) -> bool {
        let record = || self.bytes.get(start..behind).unwrap_or_default();
        behind - 1 - start > self.dialect.limit && memchr(self.signs.quote, record()).is_some()
    }

    /// The record start behind that at `from`; `None`: it is not in these bytes.
    fn exact_next(&self, from: usize, ended: bool) -> Option<usize> {
        let segment = Segment {
            dialect: self.dialect,
            bytes: self.bytes.get(from..)?,
            target: 1,
            ended,
        };
        match pass_quoted(&segment, self.signs.quote) {
            Passed::Reached(length) => Some(from + length),
            Passed::Unfinished(_) => None,
        }
    }

    /// As [`cut`](super::cut), until there are `limit` spans.
    pub(super) fn cut(&self, from: usize, limit: usize, spans: &mut Vec<Span>) -> usize {
        let mut cut = Cut {
            start: from,
            line: 0,
            lines: 0,
            limit,
            spans,
        };
        while cut.spans.len() < cut.limit && cut.start < self.bytes.len() {
            cut.lines = cut.line;
            let mut walk = Walk::new(self.signs, self.bytes, cut.start);
            while let Some(found) = walk.next() {
                if !self.cut_found(&found, &mut cut) || found.broken {
                    break;
                }
            }
            if cut.spans.len() < cut.limit && cut.start < self.bytes.len() {
                self.cut_exactly(&mut cut);
            }
        }
        cut.start
    }

    /// Cuts the records that end in the bytes that were found; false: no more are to be cut so.
    fn cut_found(&self, found: &Found, cut: &mut Cut<'_>) -> bool {
        let mut ends = found.ends;
        while ends != 0 {
            let end = ends & ends.wrapping_neg();
            let behind = found.base + end.trailing_zeros() as usize + 1;
            if cut.spans.len() >= cut.limit || self.is_long(cut.start, behind) {
                return false;
            }
            push(
                self.dialect,
                self.bytes,
                cut.start,
                behind,
                cut.line,
                cut.spans,
            );
            cut.start = behind;
            cut.line = cut.lines + (found.lines & (end | (end - 1))).count_ones();
            ends &= ends - 1;
        }
        cut.lines += found.lines.count_ones();
        true
    }

    fn cut_exactly(&self, cut: &mut Cut<'_>) {
        let rest = self.bytes.get(cut.start..).unwrap_or_default();
        let length = record_length(self.dialect, rest);
        let behind = cut.start + length;
        push(
            self.dialect,
            self.bytes,
            cut.start,
            behind,
            cut.line,
            cut.spans,
        );
        cut.line += count_lines(self.dialect, rest.get(..length).unwrap_or_default()) as u32;
        cut.start = behind;
    }
}

/// How far the cutting has come.
struct Cut<'a> {
    /// Where the next record begins, and the line ends before it.
    start: usize,
    line: u32,
    /// Line ends before the bytes that the walk looks at next.
    lines: u32,
    limit: usize,
    spans: &'a mut Vec<Span>,
}
