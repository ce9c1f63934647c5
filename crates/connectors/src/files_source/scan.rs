//! Where records begin and end: exact, and as fast as bytes can be searched.
//!
//! A quote opens a field only where a field begins. Inside, a doubled quote is one quote; a single one
//! closes, and what follows up to the delimiter is literal. Everything here relies on one thing: the
//! bytes it is given begin where a record begins.

use memchr::{memchr, memchr_iter, memchr2, memmem, memrchr};

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
/// a record start if a line end lies before it.
pub(crate) fn pass(dialect: &Dialect, bytes: &[u8], target: usize) -> Passed {
    if target == 0 {
        return Passed::Reached(0);
    }
    match (dialect.line_end.as_slice(), dialect.quote) {
        ([line_end], None) => pass_segment(*line_end, bytes, 0, bytes.len(), target, 0),
        ([line_end], Some(quote)) => pass_quoted(dialect, *line_end, quote, bytes, target),
        _ => pass_forward(dialect, bytes, target),
    }
}

/// Looks for line ends in `bytes[from..to]`, none of which is quoted.
fn pass_segment(
    line_end: u8,
    bytes: &[u8],
    from: usize,
    to: usize,
    target: usize,
    last: usize,
) -> Passed {
    let search = from.max(target - 1);
    if let Some(found) = bytes
        .get(search..to)
        .and_then(|segment| memchr(line_end, segment))
    {
        return Passed::Reached(search + found + 1);
    }
    let found = bytes
        .get(from..to)
        .and_then(|segment| memrchr(line_end, segment));
    Passed::Unfinished(found.map_or(last, |found| from + found + 1))
}

fn pass_quoted(dialect: &Dialect, line_end: u8, quote: u8, bytes: &[u8], target: usize) -> Passed {
    let (mut from, mut last) = (0, 0);
    loop {
        let opening = find_opening(dialect, quote, bytes, from, bytes.len(), 0);
        let to = opening.unwrap_or(bytes.len());
        match pass_segment(line_end, bytes, from, to, target, last) {
            Passed::Unfinished(start) => last = start,
            reached => return reached,
        }
        match opening.and_then(|opening| find_closing(quote, bytes, opening + 1)) {
            Some(behind) => from = behind,
            None => return Passed::Unfinished(last),
        }
    }
}

/// As [`pass_quoted`], record by record: for line ends of several bytes, which can't be searched from
/// behind because they might overlap.
fn pass_forward(dialect: &Dialect, bytes: &[u8], target: usize) -> Passed {
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
        if let Some((quote, opening)) = opening {
            match find_closing(quote, bytes, opening + 1) {
                Some(behind) => from = behind,
                None => return Passed::Unfinished(last),
            }
            continue;
        }
        match found {
            None => return Passed::Unfinished(last),
            Some(found) => last = found + dialect.line_end.len(),
        }
        if last >= target {
            return Passed::Reached(last);
        }
        from = last;
    }
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
        })
}

/// As the method of slices, quicker for the one byte that a mark mostly is.
fn ends_with(bytes: &[u8], mark: &[u8]) -> bool {
    match mark {
        [byte] => bytes.last() == Some(byte),
        mark => bytes.ends_with(mark),
    }
}

/// The place behind the quote that closes a field whose content begins at `from`.
pub(crate) fn find_closing(quote: u8, bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let found = from + memchr(quote, bytes.get(from..)?)?;
        if bytes.get(found + 1) != Some(&quote) {
            return Some(found + 1);
        }
        from = found + 2;
    }
}

/// The first record start in bytes that may begin anywhere, for dialects that
/// [can jump](Dialect::can_jump): behind the first line end.
pub(crate) fn first_start(dialect: &Dialect, bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, &dialect.line_end).map(|found| found + dialect.line_end.len())
}

/// How many line ends there are, quoted ones among them.
pub(crate) fn count_lines(dialect: &Dialect, bytes: &[u8]) -> u64 {
    let count = match dialect.line_end.as_slice() {
        [line_end] => memchr_iter(*line_end, bytes).count(),
        line_end => memmem::find_iter(bytes, line_end).count(),
    };
    count as u64
}

/// Takes a record's line end off. A carriage return that no line feed follows belongs to the record.
pub(crate) fn without_line_end<'a>(dialect: &Dialect, record: &'a [u8]) -> &'a [u8] {
    match record.strip_suffix(dialect.line_end.as_slice()) {
        Some(content) if dialect.strip_cr => content.strip_suffix(b"\r").unwrap_or(content),
        Some(content) => content,
        None => record,
    }
}

/// Cuts at most `limit` records off `bytes[from..]` into `spans` and returns where the next one begins.
/// The last record of a file may lack its line end. `quoted` tells whether there is any quote.
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
    if let (false, [line_end]) = (quoted, dialect.line_end.as_slice()) {
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

/// The length of the first record with its line end; all of `bytes` if the line end is not there.
fn record_length(dialect: &Dialect, bytes: &[u8]) -> usize {
    let ([line_end], Some(quote)) = (dialect.line_end.as_slice(), dialect.quote) else {
        return match pass(dialect, bytes, 1) {
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
        match find_closing(quote, bytes, at + 1) {
            Some(behind) => from = behind,
            None => return bytes.len(),
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
