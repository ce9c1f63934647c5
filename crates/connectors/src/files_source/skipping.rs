//! Lines that are no records: so many at the beginning of a file, and comments.
//!
//! They are taken out of the bytes before records are cut, so that a quote in one has no meaning; their line ends stay,
//! so that lines keep their numbers. A comment begins where a record would, and that is looked for as it is where records
//! are cut. What is taken out may be what decided that the quoting before it is broken: there a [break](Skipping::take_breaks)
//! tells those who cut. A file of which lines are taken out is read from its beginning by one reader.

use memchr::{memchr_iter, memchr2, memmem};

use super::charset::marks::Mark;
use super::format::{Dialect, Skip};
use super::scan::{self, Passed};

/// Takes lines out of a stream of bytes.
pub(crate) struct Skipping {
    skip: Skip,
    marks: Dialect,
    /// Finds what may be a comment, with the line end before it.
    finder: memmem::Finder<'static>,
    /// Bytes after which the end of a record is not looked for any more.
    longest: usize,
    /// Whether the present line is taken out.
    dropping: bool,
    /// The last byte of that line that was seen.
    last: Option<u8>,
    /// Whether the line that was taken out last ended with a carriage return, of which a line feed behind it is a part.
    half: bool,
    raw: Vec<u8>,
    ended: bool,
    /// Whether nothing has been taken yet: a mark of the charset may come.
    fresh: bool,
    /// Bytes that were handed out.
    handed: u64,
    breaks: Vec<u64>,
}

impl Skipping {
    /// Of records in which no end is found within `longest` bytes all is handed out that is there.
    pub(crate) fn new(skip: Skip, marks: Dialect, longest: usize) -> Self {
        let comment = [marks.line_end.as_slice(), skip.comment.as_slice()].concat();
        Self {
            dropping: skip.lines > 0,
            finder: memmem::Finder::new(&comment).into_owned(),
            skip,
            marks,
            longest,
            last: None,
            half: false,
            raw: Vec::new(),
            ended: false,
            fresh: true,
            handed: 0,
            breaks: Vec::new(),
        }
    }

    /// Offsets in what was handed out at which a record begins, whatever the bytes behind them say of quotes before; emptied
    /// by the call.
    pub(crate) fn take_breaks(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.breaks)
    }

    /// Whether `bytes`, all that there is of a file by now, end where a record or a line that is taken out does, whatever follows.
    pub(crate) fn ends_whole(mut self, bytes: &[u8]) -> bool {
        // Where comments are looked for, no more is taken than whole records.
        let has_comments = !self.skip.comment.is_empty();
        let mut left = Vec::new();
        let is_taken = self.take(bytes, &mut left) == bytes.len();
        is_taken && (has_comments || scan::is_whole(&self.marks, &left))
    }

    /// Where the line that goes on in `rest` ends, behind its line end. Lines end with `\n`, with `\r\n` alone where that is what
    /// parts records, and with `\r`, too, where any line end does.
    fn end_in(&self, rest: &[u8]) -> Option<usize> {
        if self.marks.any_line_end {
            return memchr2(b'\n', b'\r', rest).map(|at| at + 1);
        }
        let is_end = |at: &usize| match at.checked_sub(1) {
            None => self.ends_behind(self.last),
            Some(before) => self.ends_behind(rest.get(before).copied()),
        };
        memchr_iter(b'\n', rest).find(is_end).map(|at| at + 1)
    }

    /// Whether a line feed behind this byte ends a line.
    fn ends_behind(&self, before: Option<u8>) -> bool {
        self.marks.line_end != b"\r\n" || before == Some(b'\r')
    }

    /// Appends bytes to `buffer`, reading them by `read`; false at the end.
    pub(crate) fn read<E>(
        &mut self,
        buffer: &mut Vec<u8>,
        wanted: usize,
        mut read: impl FnMut(&mut Vec<u8>, usize) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let filled = buffer.len();
        while buffer.len() == filled && !(self.ended && self.raw.is_empty()) {
            if !self.ended {
                // As much again, so that a long record is not searched too often, but no more than decides whether it is too long.
                let there = self.raw.len();
                let bound = self.longest.saturating_add(1).saturating_sub(there);
                let wanted = wanted.max(there).min(bound).max(1);
                self.ended = !read(&mut self.raw, wanted)?;
            }
            let raw = std::mem::take(&mut self.raw);
            let taken = self.take(&raw, buffer);
            self.raw = raw;
            self.raw.drain(..taken);
        }
        Ok(buffer.len() > filled)
    }

    /// Takes what can be decided about; answers how many bytes that is.
    fn take(&mut self, raw: &[u8], buffer: &mut Vec<u8>) -> usize {
        let mut from = 0;
        if self.fresh {
            if Mark::is_open(raw) && !self.ended {
                return 0;
            }
            self.fresh = false;
            // It is no part of the first line, and says what the file is read as.
            if let Some(mark) = Mark::certain(raw) {
                self.hand_out(mark.bytes, buffer);
                from = mark.bytes.len();
            }
        }
        while let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
            if std::mem::take(&mut self.half) && rest.starts_with(b"\n") {
                from += 1;
            } else if self.dropping {
                from += self.drop_line(rest, buffer);
            } else if self.skip.comment.is_empty() {
                // Nothing more is taken out.
                self.hand_out(rest, buffer);
                from += rest.len();
            } else if rest.starts_with(&self.skip.comment) {
                (self.dropping, self.last) = (true, None);
            } else {
                match self.records_in(rest) {
                    // What follows decides.
                    Some(0) => break,
                    Some(length) => {
                        self.hand_out_records(rest.get(..length).unwrap_or_default(), buffer);
                        from += length;
                    }
                    None => {
                        self.hand_out(rest, buffer);
                        from += rest.len();
                    }
                }
            }
        }
        from
    }

    /// Takes out what `rest` holds of the present line; answers how many bytes that is.
    fn drop_line(&mut self, rest: &[u8], buffer: &mut Vec<u8>) -> usize {
        let Some(end) = self.end_in(rest) else {
            // More of it comes with the next bytes.
            self.last = rest.last().copied();
            return rest.len();
        };
        buffer.extend_from_slice(&self.marks.line_end);
        self.handed += self.marks.line_end.len() as u64;
        self.skip.lines = self.skip.lines.saturating_sub(1);
        self.dropping = self.skip.lines > 0;
        self.last = None;
        let is_return = end.checked_sub(1).and_then(|last| rest.get(last)) == Some(&b'\r');
        self.half = self.marks.any_line_end && is_return;
        end
    }

    /// The length of the records that `rest` begins with: up to a comment, or to the last record start that is known. `None`: there
    /// is no comment in it, and nothing to be waited for.
    fn records_in(&self, rest: &[u8]) -> Option<usize> {
        let line_end = self.marks.line_end.len();
        let (mut start, mut from) = (0, 0);
        loop {
            let found = rest.get(from..).and_then(|rest| self.finder.find(rest));
            let comment = found.map(|found| from + found + line_end);
            match self.pass(rest, start, comment.unwrap_or(rest.len() + 1)) {
                Passed::Reached(reached) if Some(reached) == comment => return comment,
                // What looks like a comment stands in quotes.
                Passed::Reached(reached) => {
                    (start, from) = (reached, reached.saturating_sub(line_end));
                }
                Passed::Unfinished(_) if self.ended => return None,
                Passed::Unfinished(0) if rest.len() > self.longest => return None,
                Passed::Unfinished(last) => return Some(last),
            }
        }
    }

    /// As [`scan::pass`] over `rest` from the record start at `start` on.
    fn pass(&self, rest: &[u8], start: usize, target: usize) -> Passed {
        let mut from = start;
        // What lies behind the target is looked at only where it decides: the next quote may be far.
        if let Some(before) = rest.get(start..target) {
            match scan::pass(&self.marks, before, target - start, false) {
                Passed::Reached(length) => return Passed::Reached(start + length),
                Passed::Unfinished(length) => from += length,
            }
        }
        let behind = rest.get(from..).unwrap_or_default();
        match scan::pass(&self.marks, behind, target - from, self.ended) {
            Passed::Reached(length) => Passed::Reached(from + length),
            Passed::Unfinished(length) => Passed::Unfinished(from + length),
        }
    }

    /// Hands out whole records, and notes a break if it is not seen in them alone where they end.
    fn hand_out_records(&mut self, records: &[u8], buffer: &mut Vec<u8>) {
        self.hand_out(records, buffer);
        let alone = scan::pass(&self.marks, records, records.len(), false);
        if alone != Passed::Reached(records.len()) {
            self.breaks.push(self.handed);
        }
    }

    fn hand_out(&mut self, bytes: &[u8], buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(bytes);
        self.handed += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests;
