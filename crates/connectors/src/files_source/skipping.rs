//! Lines that are no records: so many at the beginning of a file, and comments.
//!
//! They are taken out of the bytes before records are looked for, so that a quote in one has no meaning; their line ends stay,
//! so that lines keep their numbers. A file of which lines are taken out is read from its beginning by one reader.

use memchr::memchr_iter;

use super::charset::marks::Mark;
use super::format::{Dialect, Skip};

/// Where in a record the next byte lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a line that is no part of a field in quotes.
    Line,
    /// At the beginning of another field.
    Field,
    /// In a field without quotes, or behind its quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind a quote that closes a field, unless another one follows.
    Closed,
}

/// Takes lines out of a stream of bytes.
pub(crate) struct Skipping {
    skip: Skip,
    marks: Dialect,
    at: At,
    /// The byte before was an escape.
    escaped: bool,
    /// Whether the present line is taken out.
    dropping: bool,
    raw: Vec<u8>,
    ended: bool,
    /// Whether nothing has been taken yet: a mark of the charset may come.
    fresh: bool,
    /// The last byte that was taken.
    last: Option<u8>,
}

impl Skipping {
    pub(crate) fn new(skip: Skip, marks: Dialect) -> Self {
        Self {
            dropping: skip.lines > 0,
            skip,
            marks,
            at: At::Line,
            escaped: false,
            raw: Vec::new(),
            ended: false,
            fresh: true,
            last: None,
        }
    }

    /// Where the line that goes on in `rest` ends, behind its line end. Lines end with `\n`, or with `\r\n` alone where that is what
    /// parts records.
    fn end_in(&self, rest: &[u8]) -> Option<usize> {
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
                buffer.extend_from_slice(mark.bytes);
                from = mark.bytes.len();
            }
        }
        while let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
            if !self.dropping && self.skip.comment.is_empty() {
                // Nothing more is taken out.
                buffer.extend_from_slice(rest);
                return raw.len();
            }
            if self.at == At::Line && !self.dropping && !self.skip.comment.is_empty() {
                let comment = &self.skip.comment;
                if rest.len() < comment.len() && comment.starts_with(rest) && !self.ended {
                    // Whether it is a comment is seen with the next bytes.
                    return from;
                }
                self.dropping = rest.starts_with(comment);
            }
            let end = self.end_in(rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            from += line.len();
            if self.dropping {
                self.last = line.last().copied();
                if end.is_some() {
                    buffer.extend_from_slice(&self.marks.line_end);
                    self.skip.lines = self.skip.lines.saturating_sub(1);
                    self.dropping = self.skip.lines > 0;
                    self.at = At::Line;
                } else {
                    // The rest of it comes with the next bytes.
                    self.at = At::Plain;
                }
                continue;
            }
            buffer.extend_from_slice(line);
            self.pass(line);
        }
        from
    }

    /// Passes over a part of a line that stays, and sees where its end lies.
    fn pass(&mut self, line: &[u8]) {
        let delimiter = self.marks.delimiter.as_ref();
        let delimiter = delimiter.and_then(|delimiter| delimiter.last()).copied();
        for byte in line {
            let before = self.last.replace(*byte);
            if std::mem::take(&mut self.escaped) {
                continue;
            }
            let byte = Some(*byte);
            self.at = match self.at {
                at if byte == self.marks.escape => {
                    self.escaped = true;
                    if at == At::Quoted { at } else { At::Plain }
                }
                At::Quoted if byte == self.marks.quote => At::Closed,
                At::Quoted => At::Quoted,
                At::Line | At::Field | At::Closed if byte == self.marks.quote => At::Quoted,
                _ if byte == Some(b'\n') && self.ends_behind(before) => At::Line,
                _ if byte == delimiter => At::Field,
                _ => At::Plain,
            };
        }
    }
}

#[cfg(test)]
mod tests;
