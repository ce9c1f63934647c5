//! Text of others where a terminal shows it.

use std::io::{self, Write};

use crate::lines::escaped;

/// `text` line by line, where nothing in it commands a terminal: control characters but for tabs and ends of lines are written out.
pub fn harmless(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let cells: Vec<_> = line.split('\t').map(escaped).collect();
        cells.join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A line on standard error, [`harmless`]. Where it can't be written, as to a file on a full disk, there is nobody left to tell that.
pub fn say(text: &str) {
    drop(writeln!(io::stderr(), "{}", harmless(text)));
}

/// A terminal that is written to as [`harmless`] says. What is no UTF-8 is written out as well (`\x9b`).
#[derive(Debug)]
pub struct Harmless<W> {
    terminal: W,
    /// The begin of a character of which the rest has not come.
    begun: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    /// Writes to `terminal`.
    pub fn new(terminal: W) -> Self {
        Self {
            terminal,
            begun: Vec::new(),
        }
    }
}

impl Harmless<Vec<u8>> {
    /// Takes away what was written.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.terminal)
    }
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let begun = all.split_off(end_of_whole(&all));
        self.begun = begun;
        self.terminal.write_all(shown(&all).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.flush()
    }
}

fn shown(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&harmless(chunk.valid()));
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

/// Where the last character begins, if it is not whole; else the end.
fn end_of_whole(bytes: &[u8]) -> usize {
    let first = bytes.len().saturating_sub(3);
    let is_begun = |begin: &usize| {
        let rest = bytes.get(*begin..).unwrap_or_default();
        let cause = std::str::from_utf8(rest).err();
        cause.is_some_and(|cause| cause.valid_up_to() == 0 && cause.error_len().is_none())
    };
    (first..bytes.len()).find(is_begun).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_a_terminal() {
        assert_eq!(harmless("a\tb\nc \u{1b}[2J\r"), "a\tb\nc \\u{1b}[2J\\r");
    }

    #[test]
    fn characters_may_come_in_parts() {
        let text = "a\u{1b}\u{9b}\u{e4}\u{4e2d}\u{1f980}\n".as_bytes();
        let whole = "a\\u{1b}\\u{9b}\u{e4}\u{4e2d}\u{1f980}\n";
        for size in 1..=text.len() {
            let mut terminal = Harmless::new(Vec::new());
            for part in text.chunks(size) {
                terminal.write_all(part).expect("written");
            }
            let shown = String::from_utf8(terminal.terminal).expect("text");
            assert_eq!(shown, whole, "in parts of {size}");
        }
        let mut terminal = Harmless::new(Vec::new());
        terminal.write_all(b"x\x9b31m\xff\n").expect("written");
        assert_eq!(terminal.terminal, b"x\\x9b31m\\xff\n");
    }
}
