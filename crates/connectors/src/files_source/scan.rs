//! Where records begin and end: exact, and as fast as bytes can be searched.
//!
//! A quote opens a field only where a field begins. Inside, a doubled quote is one quote, and what follows the escape
//! character, if there is one, means itself; a single quote closes. Behind it stands a delimiter or the end of the
//! record. If something else does, or nothing closes within the longest record that there may be, the quoting is
//! broken: the record is its first line, which is bad, and the next record begins behind it. So no line is lost
//! in a field that was never meant to be one, and where records begin depends on nothing but the bytes of the file.
//!
//! Everything here relies on one thing: the bytes it is given begin where a record begins.

mod marks;
mod quotes;
mod walked;

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter, memmem, memrchr, memrchr2};

pub(crate) use self::marks::{Found, OneByteMarks, Walk, equal};
pub(crate) use self::quotes::find_closing;
use self::quotes::{Closing, closing};
use self::walked::Walked;
use super::format::Dialect;

/// How far [`pass`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The first record start at or behind the target.
    Reached(usize),
    /// It is not in these bytes; this is the last record start in them.
    Unfinished(usize),
}

/// A record within a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its first byte.
    pub(crate) start: u32,
    /// Behind its last byte, line end not included.
    pub(crate) end: u32,
    /// Line ends between the place where the cutting began and the record.
    pub(crate) line: u32,
}

/// Finds the first record start at or behind `target`. `bytes` begin with a record; their end counts as
/// a record start if a line end lies before it. `ended` tells that nothing follows them in the file.
pub(crate) fn pass(dialect: &Dialect, bytes: &[u8], target: usize, ended: bool) -> Passed {
    if target == 0 {
        return Passed::Reached(0);
    }
    if dialect.escape.is_some() {
        return pass_escaped(dialect, bytes, target, ended);
    }
    if let Some(signs) = OneByteMarks::of(dialect) {
        let walked = Walked {
            dialect,
            signs,
            bytes,
        };
        return walked.pass(target, ended);
    }
    let segment = Segment {
        dialect,
        bytes,
        target,
        ended,
    };
    match (dialect.line_end.as_slice(), dialect.quote) {
        ([_], None) => segment.pass(0, bytes.len(), 0),
        ([_], Some(quote)) => pass_quoted(&segment, quote),
        _ => pass_forward(dialect, bytes, target, ended),
    }
}

/// What a stretch of bytes without quotes is searched for.
struct Segment<'a> {
    dialect: &'a Dialect,
    bytes: &'a [u8],
    target: usize,
    ended: bool,
}

impl Segment<'_> {
    /// Looks for line ends of one byte in `bytes[from..to]`, none of which is quoted.
    fn pass(&self, from: usize, to: usize, last: usize) -> Passed {
        let search = from.max(self.target - 1);
        let segment = self.bytes.get(search..to);
        let found = segment.and_then(|segment| match self.line_ends() {
            (line_end, None) => memchr(line_end, segment),
            (line_end, Some(other)) => memchr2(line_end, other, segment),
        });
        if let Some(behind) = found.and_then(|found| self.behind(search + found)) {
            return Passed::Reached(behind);
        }
        let mut to = to;
        while let Some(segment) = self.bytes.get(from..to) {
            let found = match self.line_ends() {
                (line_end, None) => memrchr(line_end, segment),
                (line_end, Some(other)) => memrchr2(line_end, other, segment),
            };
            let Some(found) = found else {
                break;
            };
            if let Some(behind) = self.behind(from + found) {
                return Passed::Unfinished(behind);
            }
            to = from + found;
        }
        Passed::Unfinished(last)
    }

    fn line_ends(&self) -> (u8, Option<u8>) {
        let line_end = self.dialect.line_end.first().copied().unwrap_or(b'\n');
        (line_end, self.dialect.any_line_end.then_some(b'\r'))
    }

    /// The place behind the line end at `at`; `None`: what follows decides, and is not there yet.
    fn behind(&self, at: usize) -> Option<usize> {
        if self.dialect.any_line_end && self.bytes.get(at) == Some(&b'\r') {
            match self.bytes.get(at + 1) {
                Some(b'\n') => return Some(at + 2),
                None if !self.ended => return None,
                _ => {}
            }
        }
        Some(at + 1)
    }
}

fn pass_quoted(segment: &Segment<'_>, quote: u8) -> Passed {
    let Segment {
        dialect,
        bytes,
        target,
        ended,
    } = *segment;
    let (mut from, mut last) = (0, 0);
    loop {
        let opening = find_opening(dialect, quote, bytes, from, bytes.len(), 0);
        let to = opening.unwrap_or(bytes.len());
        match segment.pass(from, to, last) {
            Passed::Unfinished(start) => last = start,
            reached => return reached,
        }
        let Some(opening) = opening else {
            return Passed::Unfinished(last);
        };
        match closing(dialect, quote, bytes, last, opening, ended) {
            Closing::Behind(behind) => from = behind,
            Closing::Unknown => return Passed::Unfinished(last),
            Closing::Broken => match behind_first_line(dialect, bytes, last, ended) {
                None => return Passed::Unfinished(last),
                Some(next) if next >= target => return Passed::Reached(next),
                Some(next) => (from, last) = (next, next),
            },
        }
    }
}

/// As [`pass_quoted`], record by record: for line ends of several bytes, which can't be searched from
/// behind because they might overlap.
fn pass_forward(dialect: &Dialect, bytes: &[u8], target: usize, ended: bool) -> Passed {
    let finder = memmem::Finder::new(&dialect.line_end);
    let (mut from, mut last) = (0, 0);
    loop {
        let found = bytes
            .get(from..)
            .and_then(|rest| finder.find(rest))
            .map(|found| from + found);
        let to = found.unwrap_or(bytes.len());
        let opening = dialect.quote.and_then(|quote| {
            find_opening(dialect, quote, bytes, from, to, last).map(|at| (quote, at))
        });
        let next = match (opening, found) {
            (Some((quote, opening)), _) => {
                match closing(dialect, quote, bytes, last, opening, ended) {
                    Closing::Behind(behind) => {
                        from = behind;
                        continue;
                    }
                    Closing::Unknown => None,
                    Closing::Broken => behind_first_line(dialect, bytes, last, ended),
                }
            }
            (None, found) => found.map(|found| found + dialect.line_end.len()),
        };
        match next {
            None => return Passed::Unfinished(last),
            Some(next) if next >= target => return Passed::Reached(next),
            Some(next) => (from, last) = (next, next),
        }
    }
}

/// As [`pass_quoted`], byte by byte: an escape may stand anywhere.
fn pass_escaped(dialect: &Dialect, bytes: &[u8], target: usize, ended: bool) -> Passed {
    let mut last = 0;
    while let Some(next) = quotes::behind_record(dialect, bytes, last, ended) {
        last = next;
        if last >= target {
            return Passed::Reached(last);
        }
    }
    Passed::Unfinished(last)
}

/// The place behind the first line end in `bytes[from..]`, whatever is quoted; `None`: it is not there.
fn behind_first_line(dialect: &Dialect, bytes: &[u8], from: usize, ended: bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    if dialect.escape.is_some() {
        return quotes::behind_line(dialect, bytes, from, ended);
    }
    if let [line_end] = dialect.line_end.as_slice() {
        if !dialect.any_line_end {
            return memchr(*line_end, rest).map(|found| from + found + 1);
        }
        let segment = Segment {
            dialect,
            bytes,
            target: 1,
            ended,
        };
        return memchr2(*line_end, b'\r', rest).and_then(|found| segment.behind(from + found));
    }
    memmem::find(rest, &dialect.line_end).map(|found| from + found + dialect.line_end.len())
}

/// The first quote in `bytes[from..to]` that opens a field. `record` is a known record start.
fn find_opening(
    dialect: &Dialect,
    quote: u8,
    bytes: &[u8],
    from: usize,
    to: usize,
    record: usize,
) -> Option<usize> {
    let segment = bytes.get(from..to)?;
    memchr_iter(quote, segment)
        .map(|found| from + found)
        .find(|found| {
            let before = bytes.get(..*found).unwrap_or_default();
            *found == record
                || dialect
                    .delimiter
                    .as_ref()
                    .is_some_and(|delimiter| ends_with(before, delimiter))
                || (dialect.line_end.len() == 1 && ends_with(before, &dialect.line_end))
                || (dialect.any_line_end && before.last() == Some(&b'\r'))
        })
}

/// As the method of slices, quicker for the one byte that a mark mostly is.
fn ends_with(bytes: &[u8], mark: &[u8]) -> bool {
    match mark {
        [byte] => bytes.last() == Some(byte),
        mark => bytes.ends_with(mark),
    }
}

/// Whether these bytes are whole records, whatever follows them. What follows a carriage return that ends lines by itself may be the
/// rest of that end, and no part of the record.
pub(crate) fn is_whole(dialect: &Dialect, bytes: &[u8]) -> bool {
    let is = |bytes: &[u8]| {
        pass(dialect, bytes, bytes.len() + 1, false) == Passed::Unfinished(bytes.len())
    };
    let is_open_end = dialect.any_line_end && bytes.ends_with(b"\r");
    is(bytes) || is_open_end && is(&[bytes, b"\n"].concat())
}

/// The first record start in bytes that may begin anywhere, for dialects that
/// [can jump](Dialect::can_jump): behind the first line end.
pub(crate) fn first_start(dialect: &Dialect, bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, &dialect.line_end).map(|found| found + dialect.line_end.len())
}

/// How many line ends there are, quoted ones among them.
pub(crate) fn count_lines(dialect: &Dialect, bytes: &[u8]) -> u64 {
    let count = match dialect.line_end.as_slice() {
        [_] if dialect.any_line_end => {
            let both = memmem::find_iter(bytes, b"\r\n").count();
            memchr2_iter(b'\n', b'\r', bytes).count() - both
        }
        [line_end] => memchr_iter(*line_end, bytes).count(),
        line_end => memmem::find_iter(bytes, line_end).count(),
    };
    count as u64
}

/// Takes a record's line end off. A carriage return that no line feed follows belongs to the record, unless it ends
/// lines by itself.
pub(crate) fn without_line_end<'a>(dialect: &Dialect, record: &'a [u8]) -> &'a [u8] {
    match record.strip_suffix(dialect.line_end.as_slice()) {
        Some(content) if dialect.strip_cr => content.strip_suffix(b"\r").unwrap_or(content),
        Some(content) => content,
        None if dialect.any_line_end => record.strip_suffix(b"\r").unwrap_or(record),
        None => record,
    }
}

/// Whether these bytes, as many as a line end has, are one.
pub(crate) fn ends_line(dialect: &Dialect, bytes: &[u8]) -> bool {
    bytes == dialect.line_end || dialect.any_line_end && bytes == b"\r"
}

/// Cuts at most `limit` records off `bytes[from..]` into `spans` and returns where the next one begins.
/// The last record of a file may lack its line end. `quoted` tells whether there is any quote or escape.
pub(crate) fn cut(
    dialect: &Dialect,
    quoted: bool,
    bytes: &[u8],
    from: usize,
    limit: usize,
    spans: &mut Vec<Span>,
) -> usize {
    let limit = spans.len() + limit;
    let mut start = from;
    let mut line = 0;
    if let (true, Some(signs)) = (quoted, OneByteMarks::of(dialect)) {
        let walked = Walked {
            dialect,
            signs,
            bytes,
        };
        return walked.cut(from, limit, spans);
    }
    if let (false, false, [line_end]) = (quoted, dialect.any_line_end, dialect.line_end.as_slice())
    {
        for found in memchr_iter(*line_end, bytes.get(from..).unwrap_or_default()) {
            if spans.len() >= limit {
                return start;
            }
            push(dialect, bytes, start, from + found + 1, line, spans);
            start = from + found + 1;
            line += 1;
        }
        if spans.len() < limit && start < bytes.len() {
            push(dialect, bytes, start, bytes.len(), line, spans);
            start = bytes.len();
        }
        return start;
    }
    while spans.len() < limit && start < bytes.len() {
        let rest = bytes.get(start..).unwrap_or_default();
        let length = record_length(dialect, rest);
        push(dialect, bytes, start, start + length, line, spans);
        line += count_lines(dialect, rest.get(..length).unwrap_or_default()) as u32;
        start += length;
    }
    start
}

/// The length of the first record with its line end; all of `bytes` if the line end is not there. Nothing follows
/// the bytes that could change it.
fn record_length(dialect: &Dialect, bytes: &[u8]) -> usize {
    let ([line_end], Some(quote), None, false) = (
        dialect.line_end.as_slice(),
        dialect.quote,
        dialect.escape,
        dialect.any_line_end,
    ) else {
        return match pass(dialect, bytes, 1, true) {
            Passed::Reached(length) => length,
            Passed::Unfinished(_) => bytes.len(),
        };
    };
    let mut from = 0;
    // `pass` would look for the next quote first, however far away it is.
    while let Some(found) = bytes
        .get(from..)
        .and_then(|rest| memchr2(*line_end, quote, rest))
    {
        let at = from + found;
        if bytes.get(at) == Some(line_end) {
            return at + 1;
        }
        if find_opening(dialect, quote, bytes, at, at + 1, 0).is_none() {
            from = at + 1;
            continue;
        }
        match closing(dialect, quote, bytes, 0, at, true) {
            Closing::Behind(behind) => from = behind,
            Closing::Unknown | Closing::Broken => {
                let behind = behind_first_line(dialect, bytes, 0, true);
                return behind.unwrap_or(bytes.len());
            }
        }
    }
    bytes.len()
}

fn push(
    dialect: &Dialect,
    bytes: &[u8],
    start: usize,
    behind: usize,
    line: u32,
    spans: &mut Vec<Span>,
) {
    let record = without_line_end(dialect, bytes.get(start..behind).unwrap_or_default());
    if !(dialect.skip_blank && record.is_empty()) {
        let end = start + record.len();
        // Blocks are far smaller than 4 GiB: RecordStream bounds them.
        spans.push(Span {
            start: start as u32,
            end: end as u32,
            line,
        });
    }
}

#[cfg(test)]
mod tests;
