//! Where a log goes: as it is (to a terminal without what commands it), or one line of JSON for each of its lines.

use std::ops::ControlFlow;

use millstream_core::Result;
use millstream_server::Harmless;
use serde_json::json;

use crate::report;

/// Standard output for a log.
pub(super) struct Output {
    /// The begin of a line of which the rest has not come; `None`: the log is shown as it is.
    partial: Option<Vec<u8>>,
    terminal: Harmless<Vec<u8>>,
    reader: ControlFlow<()>,
}

impl Output {
    /// The output, as lines of JSON or not.
    pub(super) fn new(json: bool) -> Self {
        Self {
            partial: json.then(Vec::new),
            terminal: Harmless::new(Vec::new()),
            reader: ControlFlow::Continue(()),
        }
    }

    /// Whether nobody reads any more.
    pub(super) fn has_no_reader(&self) -> bool {
        self.reader.is_break()
    }

    /// Shows what has come; `Break`: nobody reads any more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<ControlFlow<()>> {
        let Some(partial) = &mut self.partial else {
            self.reader = report::foreign(&mut self.terminal, bytes)?;
            return Ok(self.reader);
        };
        partial.extend_from_slice(bytes);
        let whole = partial.iter().rposition(|byte| *byte == b'\n');
        let rest = partial.split_off(whole.map_or(0, |last| last + 1));
        let lines = std::mem::replace(partial, rest);
        let lines: String = lines
            .split_inclusive(|byte| *byte == b'\n')
            .map(as_json)
            .collect();
        if !lines.is_empty() {
            self.reader = report::stream(lines.as_bytes())?;
        }
        Ok(self.reader)
    }

    /// Shows the last line, if it has no end.
    pub(super) fn end(self) -> Result<()> {
        match self.partial {
            Some(line) if !line.is_empty() => report::write(as_json(&line).as_bytes()),
            _ => Ok(()),
        }
    }
}

/// A line as JSON.
fn as_json(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
    format!("{}\n", report::plain(&json!({ "line": text }).to_string()))
}

#[cfg(test)]
mod tests {
    use super::as_json;

    #[test]
    fn a_line_is_one_of_json() {
        assert_eq!(as_json(b"a \"b\"\n"), "{\"line\":\"a \\\"b\\\"\"}\n");
        assert_eq!(as_json(b"c"), "{\"line\":\"c\"}\n");
    }
}
