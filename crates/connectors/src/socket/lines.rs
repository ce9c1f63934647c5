//! Cutting a stream of bytes into lines.

/// Cuts bytes into lines at a delimiter; keeps what is not complete yet.
#[derive(Debug)]
pub(super) struct LineCutter {
    delimiter: Vec<u8>,
    /// The beginning of a line.
    rest: Vec<u8>,
    /// Where in `rest` the delimiter was looked for in vain.
    searched: usize,
    max_line_bytes: usize,
}

/// A line is longer than it may be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {0} bytes")]
pub(super) struct LineTooLong(usize);

impl LineCutter {
    pub(super) fn new(delimiter: &str, max_line_bytes: usize) -> Self {
        let delimiter = delimiter.as_bytes().to_vec();
        Self {
            delimiter,
            rest: Vec::new(),
            searched: 0,
            max_line_bytes,
        }
    }

    /// Takes `bytes` and appends every line that they complete to `lines`.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        lines: &mut Vec<String>,
    ) -> Result<(), LineTooLong> {
        self.rest.extend_from_slice(bytes);
        let finder = memchr::memmem::Finder::new(&self.delimiter);
        let mut start = 0;
        let mut from = self.searched;
        while let Some(found) = self.rest.get(from..).and_then(|rest| finder.find(rest)) {
            let end = from + found;
            let line = self.rest.get(start..end).unwrap_or_default();
            if line.len() > self.max_line_bytes {
                return Err(LineTooLong(self.max_line_bytes));
            }
            lines.push(self.text(line));
            start = end + self.delimiter.len();
            from = start;
        }
        self.rest.drain(..start);
        // The delimiter may have begun in the last bytes.
        self.searched = self.rest.len().saturating_sub(self.delimiter.len() - 1);
        if self.rest.len() > self.max_line_bytes + self.delimiter.len() {
            return Err(LineTooLong(self.max_line_bytes));
        }
        Ok(())
    }

    /// The line that the end of the stream has cut off, if there is any of it.
    pub(super) fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        self.searched = 0;
        (!rest.is_empty()).then(|| self.text(&rest))
    }

    fn text(&self, line: &[u8]) -> String {
        let line = match line.strip_suffix(b"\r") {
            Some(line) if self.delimiter == b"\n" => line,
            _ => line,
        };
        String::from_utf8_lossy(line).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::LineCutter;

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let bytes = "a\r\n\nlong er\r|ü\n||x|\nrest".as_bytes();
        for (delimiter, expected) in [
            ("\n", vec!["a", "", "long er\r|ü", "||x|", "rest"]),
            ("||", vec!["a\r\n\nlong er\r|ü\n", "x|\nrest"]),
            ("\r|", vec!["a\r\n\nlong er", "ü\n||x|\nrest"]),
        ] {
            for size in 1..=bytes.len() {
                let mut cutter = LineCutter::new(delimiter, 100);
                let mut lines = Vec::new();
                for piece in bytes.chunks(size) {
                    cutter.push(piece, &mut lines).expect("short lines");
                }
                lines.extend(cutter.finish());
                assert_eq!(lines, expected, "delimiter {delimiter:?}, pieces of {size}");
            }
        }
    }

    #[test]
    fn a_line_without_end_is_refused_instead_of_filling_the_memory() {
        let mut cutter = LineCutter::new("\n", 10);
        let mut lines = Vec::new();
        cutter
            .push(b"0123456789\n0123456789", &mut lines)
            .expect("10 bytes are allowed");
        let error = cutter.push(b"01234", &mut lines).expect_err("more are not");
        assert_eq!(error.to_string(), "a line is longer than 10 bytes");
    }
}
