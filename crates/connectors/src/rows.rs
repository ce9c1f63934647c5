//! Rows of a table on their way through the dataflow, and records that could not become rows.

mod bad;
pub mod letters;
mod raws;
mod whole;

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use millstream_core::{Error, Result, codes};
use serde::{Deserialize, Serialize};

pub use bad::{BadRecord, Enclosed, Reason};
pub(crate) use raws::Besides;
pub use raws::Raws;
pub use whole::{is_json, json_schema, json_texts};

/// A batch of rows and where in the input they come from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rows {
    /// The columns. Travels between processes as one Arrow IPC stream.
    #[serde(with = "ipc")]
    pub batch: RecordBatch,
    /// Where the rows come from; as long as the batch.
    pub origin: Arc<Origin>,
}

impl Rows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows with these numbers alone, in this order.
    ///
    /// # Errors
    /// There is no such row.
    pub fn only(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|row| **row >= self.len()) {
            let message = format!("there is no row {row} in a batch of {}", self.len());
            return Err(Error::new(&codes::INTERNAL, message));
        }
        let numbers = UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
        let batch = take_record_batch(&self.batch, &numbers).map_err(|error| {
            Error::new(&codes::INTERNAL, "a batch can't be taken apart").cause(error)
        })?;
        Ok(Self {
            batch,
            origin: Arc::new(self.origin.only(rows)),
        })
    }
}

/// Where the rows of one batch come from. All of them are from one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The path of the file.
    pub file: Arc<str>,
    /// For each row the offset of its first byte: in the file, or in the decompressed or decoded text
    /// where the file is compressed or can't be cut before it is decoded. In files of columns the number of the group
    /// of rows.
    pub offsets: Vec<u64>,
    /// For each row the 1-based number of its first line, in files of columns of the row; 0 where it isn't known.
    pub lines: Vec<u64>,
    /// For each row the time that the source knows of it, in milliseconds since 1970; [`NO_TIME`] where it has none. Empty
    /// where records of the source have none at all.
    pub times: Vec<i64>,
    /// The records as they came, where the source was told to keep them: one for each row.
    pub raws: Option<Raws>,
}

/// Stands for a time that isn't known.
pub const NO_TIME: i64 = i64::MIN;

impl Origin {
    /// The offset of the record that became row number `row`, if there is such a row.
    pub fn offset(&self, row: usize) -> Option<u64> {
        self.offsets.get(row).copied()
    }

    /// The 1-based line on which that record begins, if it is known.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied().filter(|line| *line > 0)
    }

    /// The time that the source knows of that record, in milliseconds since 1970.
    pub fn time(&self, row: usize) -> Option<i64> {
        self.times.get(row).copied().filter(|time| *time != NO_TIME)
    }

    /// The record that became row number `row` as a bad one, for who finds that out behind the source. Where the source
    /// was not told to keep records it is without its bytes.
    pub fn bad(&self, row: usize, reason: Reason, error: String) -> BadRecord {
        let kept = self.raws.as_ref().and_then(|raws| raws.get(row));
        let (raw, enclosed) = kept.unwrap_or_default();
        BadRecord {
            raw,
            cut: None,
            file: Arc::clone(&self.file),
            line: self.line(row),
            offset: self.offset(row).unwrap_or(0),
            enclosed,
            reason,
            column: None,
            error,
        }
    }

    /// The origin of some rows alone, in this order.
    pub fn only(&self, rows: &[usize]) -> Self {
        let numbers = |all: &[u64]| {
            let some = rows.iter().filter_map(|row| all.get(*row));
            some.copied().collect()
        };
        let times = rows.iter().filter_map(|row| self.times.get(*row));
        Self {
            file: Arc::clone(&self.file),
            offsets: numbers(&self.offsets),
            lines: numbers(&self.lines),
            times: times.copied().collect(),
            raws: self.raws.as_ref().map(|raws| raws.only(rows)),
        }
    }
}

/// What a file source hands out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Parsed {
    /// Good rows.
    Rows(Rows),
    /// Records that are not rows; what becomes of them is the job's decision. Never empty.
    Bad(Vec<BadRecord>),
    /// So many rows were not read: what the file says of them shows that the query's WHERE leaves them out.
    LeftOut(u64),
}

/// Record batches as Arrow IPC streams.
mod ipc {
    use arrow::array::RecordBatch;
    use arrow::ipc::reader::StreamReader;
    use arrow::ipc::writer::StreamWriter;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    pub(super) fn serialize<S: Serializer>(
        batch: &RecordBatch,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        StreamWriter::try_new(&mut bytes, batch.schema_ref())
            .and_then(|mut writer| writer.write(batch).and_then(|()| writer.finish()))
            .map_err(ser::Error::custom)?;
        bytes.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RecordBatch, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let mut reader =
            StreamReader::try_new(bytes.as_slice(), None).map_err(de::Error::custom)?;
        match reader.next() {
            Some(batch) => batch.map_err(de::Error::custom),
            None => Err(de::Error::custom("a stream without a batch")),
        }
    }
}

#[cfg(test)]
mod tests;
