//! Dead letters: when a record was set aside, and the files of them.

use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use millstream_connectors::formats::EachRecord;
use millstream_connectors::rows::BadRecord;
use millstream_connectors::rows::letters::Letter;

/// Files of dead letters: the lines as they are, under `.jsonl`.
pub(super) fn lines() -> EachRecord<String> {
    EachRecord::new("jsonl", |line, out| writeln!(out, "{line}"))
}

/// The record, set aside now.
#[allow(
    clippy::disallowed_methods,
    reason = "when a record is set aside is known by a clock only"
)]
pub(super) fn set_aside(bad: BadRecord) -> Letter {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Letter {
        time: i64::try_from(millis).unwrap_or(i64::MAX),
        bad,
    }
}

/// `file (line 3, offset 40)`, for messages.
fn place(bad: &BadRecord) -> String {
    let name = Path::new(&*bad.file).display();
    match bad.line {
        Some(line) => format!("{name}, line {line} (offset {})", bad.offset),
        None => format!("{name}, offset {}", bad.offset),
    }
}

/// Place, column and error of a bad record, for messages.
pub(super) fn reason(bad: &BadRecord) -> String {
    let column = bad
        .column
        .as_ref()
        .map_or_else(String::new, |column| format!("column `{column}`: "));
    format!("{}: {column}{}", place(bad), bad.error)
}
