//! Formats of output: how records become the bytes of a file, a line or a message.
//!
//! A [`FileFormat`] is the description that subtasks share; each writer makes itself a [`FileEncoder`].
//! Encoders know no files: they append bytes to a buffer, so that one buffer can be used again and
//! again and the disk stays the business of another thread.
//!
//! | format | records | empty and null |
//! |---|---|---|
//! | [`JsonLines`] | record batches, one object a row | every column stands in every line, a null as `null` |
//! | [`CsvLines`] | record batches, RFC 4180, a header a file | null is an empty field, an empty string is `""` |
//! | [`ParquetFile`], [`OrcFile`] | record batches | as in the batch |
//! | [`TextLines`] | anything that can be displayed, one line each | |
//! | [`EachRecord`] | anything that a function writes | as the function likes |
//!
//! [`Compressed`] packs the files of any of them.

mod cells;
mod compressed;
mod csv;
pub(crate) mod datetime;
mod each;
mod escape;
mod json;
mod orc;
mod parquet;
mod short;
mod text;

#[cfg(test)]
mod tests;

use std::borrow::Borrow;

use arrow::array::RecordBatch;
use millstream_core::Result;

use crate::rows::Rows;

pub use compressed::{Codec, Compressed};
pub use csv::{CsvLines, CsvRows};
pub use each::EachRecord;
pub use json::{JsonLines, JsonRows};
pub use orc::OrcFile;
pub use parquet::ParquetFile;
pub use text::TextLines;

pub(crate) use cells::texts;

/// A format of files: makes encoders and names the extension.
pub trait FileFormat<T>: Send + Sync + 'static {
    /// What a file's name ends with, without the dot.
    fn extension(&self) -> &'static str;

    /// An encoder for one writer.
    fn encoder(&self) -> Box<dyn FileEncoder<T>>;
}

/// Turns the records of one file after the other into bytes.
pub trait FileEncoder<T> {
    /// Appends the bytes of `record` to `out`, before the first record of a file also what a file
    /// begins with. A format with blocks may keep bytes back; see [`buffered`](Self::buffered).
    ///
    /// # Errors
    /// The record has a type that the format can't hold, or another schema than the file.
    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()>;

    /// Ends the file: appends everything that was kept back and what a file ends with. The next
    /// record begins a new file. Nothing is appended where no record was encoded.
    ///
    /// # Errors
    /// What was kept back can't be encoded.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// How many records `record` is: more than one for batches of rows.
    fn records(&self, record: &T) -> u64 {
        let _ = record;
        1
    }

    /// About how many bytes of the present file are kept back in the encoder.
    fn buffered(&self) -> usize {
        0
    }
}

impl Borrow<RecordBatch> for Rows {
    /// So that rows go wherever a record batch goes: what a sink writes are the columns.
    fn borrow(&self) -> &RecordBatch {
        &self.batch
    }
}
