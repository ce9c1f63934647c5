//! Lines of text.

use std::fmt::Display;
use std::io::Write;

use millstream_core::{Error, Result, codes};

use super::{FileEncoder, FileFormat};

/// One line a record, as the record displays itself, ended by `\n`. Flink's `SimpleStringEncoder`.
///
/// A record that holds line breaks becomes several lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextLines;

impl<T: Display> FileFormat<T> for TextLines {
    fn extension(&self) -> &'static str {
        "txt"
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(Self)
    }
}

impl<T: Display> FileEncoder<T> for TextLines {
    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        writeln!(out, "{record}").map_err(|error| {
            Error::new(
                &codes::PROGRAM_FAILED,
                "a record can't be displayed as text",
            )
            .cause(error)
            .next("mend the `Display` of the record's type")
        })
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}
