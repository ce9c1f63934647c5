//! Where a quoted field ends, and whether it does.

use memchr::{memchr, memchr2};

use super::super::format::Dialect;

/// Where a quoted field ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// Here, behind the closing quote; a delimiter or the end of the record follows.
    Behind(usize),
    /// That is not in these bytes yet.
    Unknown,
    /// Nowhere within reach, or text follows the closing quote.
    Broken,
}

/// Where the field ends whose quote is at `opening`, in the record that begins at `record`. `ended`: nothing follows
/// the bytes.
pub(super) fn closing(
    dialect: &Dialect,
    quote: u8,
    bytes: &[u8],
    record: usize,
    opening: usize,
    ended: bool,
) -> Closing {
    let reach = record.saturating_add(dialect.limit);
    let within = bytes.get(..reach.min(bytes.len())).unwrap_or_default();
    match find_closing(dialect, quote, within, opening + 1) {
        None if ended || bytes.len() >= reach => Closing::Broken,
        None => Closing::Unknown,
        Some(behind) => match bytes.get(behind) {
            // Behind the reach, the second of a pair.
            Some(next) if *next == quote => Closing::Broken,
            None if !ended => Closing::Unknown,
            _ => after(dialect, bytes, behind, ended),
        },
    }
}

/// The place behind the quote that closes a field whose content begins at `from`.
pub(crate) fn find_closing(
    dialect: &Dialect,
    quote: u8,
    bytes: &[u8],
    mut from: usize,
) -> Option<usize> {
    loop {
        let rest = bytes.get(from..)?;
        let found = match dialect.escape {
            None => memchr(quote, rest),
            Some(escape) => memchr2(quote, escape, rest),
        };
        let found = from + found?;
        let is_quote = bytes.get(found) == Some(&quote);
        if is_quote && bytes.get(found + 1) != Some(&quote) {
            return Some(found + 1);
        }
        from = found + 2;
    }
}

/// What stands behind the closing quote that ends before `behind`.
fn after(dialect: &Dialect, bytes: &[u8], behind: usize, ended: bool) -> Closing {
    let rest = bytes.get(behind..).unwrap_or_default();
    let delimiter = dialect.delimiter.as_deref();
    let is_end = rest.is_empty()
        || delimiter.is_some_and(|delimiter| rest.starts_with(delimiter))
        || rest.starts_with(&dialect.line_end)
        || (dialect.strip_cr && rest.starts_with(b"\r\n"))
        || (dialect.any_line_end && rest.starts_with(b"\r"));
    if is_end {
        return Closing::Behind(behind);
    }
    let is_part = delimiter.is_some_and(|delimiter| delimiter.starts_with(rest))
        || dialect.line_end.starts_with(rest)
        || (dialect.strip_cr && rest == b"\r");
    if is_part && !ended {
        Closing::Unknown
    } else {
        Closing::Broken
    }
}

/// The place behind the record that begins at `from`, where an escape may stand anywhere; `None`: its end is not in
/// these bytes.
pub(super) fn behind_record(
    dialect: &Dialect,
    bytes: &[u8],
    from: usize,
    ended: bool,
) -> Option<usize> {
    let delimiter = dialect.delimiter.as_deref().unwrap_or_default();
    let (mut at, mut is_start) = (from, true);
    while at < bytes.len() {
        if is_start
            && let Some(quote) = dialect.quote
            && bytes.get(at) == Some(&quote)
        {
            match closing(dialect, quote, bytes, from, at, ended) {
                Closing::Behind(behind) => at = behind,
                Closing::Unknown => return None,
                Closing::Broken => return behind_line(dialect, bytes, from, ended),
            }
            is_start = false;
            continue;
        }
        let rest = bytes.get(at..)?;
        if let Some(length) = line_end(dialect, rest, ended)? {
            return Some(at + length);
        }
        is_start = !delimiter.is_empty() && rest.starts_with(delimiter);
        at += match rest.first() {
            _ if is_start => delimiter.len(),
            Some(first) if Some(*first) == dialect.escape => escaped(dialect, rest),
            _ => 1,
        };
    }
    None
}

/// The place behind the first line end in `bytes[from..]` that no escape stands before.
pub(super) fn behind_line(
    dialect: &Dialect,
    bytes: &[u8],
    from: usize,
    ended: bool,
) -> Option<usize> {
    let mut at = from;
    while at < bytes.len() {
        let rest = bytes.get(at..)?;
        if let Some(length) = line_end(dialect, rest, ended)? {
            return Some(at + length);
        }
        at += if rest.first().copied() == dialect.escape {
            escaped(dialect, rest)
        } else {
            1
        };
    }
    None
}

/// The length of the escape that `rest` begins with and of what it stands before: one byte, or a line end of two that is taken
/// for one of one. Where the second is not there yet no end is found before it is.
fn escaped(dialect: &Dialect, rest: &[u8]) -> usize {
    let takes_both = dialect.strip_cr || dialect.any_line_end;
    if takes_both && rest.get(1..3) == Some(b"\r\n") {
        3
    } else {
        2
    }
}

/// The length of the line end that `rest` begins with, if it does; `None`: what follows decides.
fn line_end(dialect: &Dialect, rest: &[u8], ended: bool) -> Option<Option<usize>> {
    if rest.starts_with(&dialect.line_end) {
        return Some(Some(dialect.line_end.len()));
    }
    if dialect.any_line_end && rest.starts_with(b"\r") {
        return match rest.get(1) {
            Some(b'\n') => Some(Some(2)),
            None if !ended => None,
            _ => Some(Some(1)),
        };
    }
    Some(None)
}
