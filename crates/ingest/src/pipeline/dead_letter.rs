//! Dead letters: one line of JSON for each bad record.

use std::path::Path;

use std::io::Write;

use arrow::array::RecordBatch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millstream_connectors::formats::{EachRecord, JsonRows};
use millstream_connectors::rows::BadRecord;
use millstream_core::Result;
use serde::Serialize;

/// The fields of a line, in their order. `raw` holds the record's bytes as text; bytes that are no UTF-8
/// stand in `raw_base64` instead.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    file: &'a str,
    line: Option<u64>,
    offset: u64,
    column: Option<&'a str>,
    error: &'a str,
}

/// Files of dead letters: the lines as they are, under `.jsonl`.
pub(super) fn lines() -> EachRecord<String> {
    EachRecord::new("jsonl", |line, out| writeln!(out, "{line}"))
}

/// The line of a bad record.
pub(super) fn line(bad: &BadRecord) -> String {
    let raw = std::str::from_utf8(&bad.raw).ok();
    let line = Line {
        raw,
        raw_base64: raw.is_none().then(|| STANDARD.encode(&bad.raw)),
        file: &bad.file,
        line: bad.line,
        offset: bad.offset,
        column: bad.column.as_deref(),
        error: &bad.error,
    };
    // A struct of texts and numbers always has a JSON form.
    serde_json::to_string(&line).unwrap_or_default()
}

/// The raw form of a row whose record was read well and failed in SQL: the columns that the SQL reads, as JSON.
pub(super) fn row_as_json(batch: &RecordBatch, row: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    JsonRows::new(batch)?.append(row, &mut out);
    Ok(out)
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
