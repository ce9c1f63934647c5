//! Rows that the sink can't take are bad records: those too large to be messages, or to name a directory, headers that are none,
//! and times that a format has not or a topic does not take.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use millstream::{Collector, DataStream, Numbers};
use millstream_connectors::file_sink::PartitionColumns;
use millstream_connectors::formats::OrcFile;
use millstream_connectors::kafka::KafkaSink;
use millstream_connectors::rows::Reason;
use millstream_core::Result;

use super::bad_records::{Answered, Judged};
use crate::parameters::{SinkFormat, SinkSettings};

/// As many bytes a byte in memory becomes at most in JSON: a control character is `\u0000`.
const LARGEST_GROWTH: usize = 6;
/// Bytes that JSON takes for a column of a row besides its name and what it has in memory, at most.
const COLUMN: usize = 64;

/// The sink, which knows what it can't take.
#[derive(Clone)]
pub(super) enum Sized {
    /// Messages that may be too large, or have something around them that can't be there.
    Messages {
        sink: Box<KafkaSink>,
        /// Bytes that a message has besides what the sink counts.
        more: usize,
    },
    /// Files, in directories whose names may be too long.
    Files {
        directories: Option<PartitionColumns>,
        /// Whether they are ORC, which has not all times.
        orc: bool,
    },
}

impl Sized {
    /// What `sink` can't take; `None`: it takes every row. `more`: the bytes that a message has besides what `kafka` counts.
    pub(super) fn of(sink: &SinkSettings, kafka: Option<&KafkaSink>, more: usize) -> Option<Self> {
        match (sink, kafka) {
            (_, Some(kafka)) => Some(Self::Messages {
                sink: Box::new(kafka.clone()),
                more,
            }),
            (SinkSettings::File(file), None) => {
                let parted = !file.partition.is_empty();
                let orc = file.format == SinkFormat::Orc;
                let files = Self::Files {
                    directories: parted.then(|| PartitionColumns::new(file.partition.clone())),
                    orc,
                };
                (parted || orc).then_some(files)
            }
            _ => None,
        }
    }

    /// Takes the rows out that the sink can't take.
    pub(super) fn judge<J: Judged>(self, judged: DataStream<J>) -> DataStream<Answered> {
        let judge =
            move |judged: J, out: &mut Collector<Answered>, _: &mut Numbers| -> Result<()> {
                out.collect(self.sift(judged)?);
                Ok(())
            };
        judged.flat_map_counting(judge).name("Sizes")
    }

    fn sift<J: Judged>(&self, judged: J) -> Result<Answered> {
        let read = judged.read();
        let (rows, mut bad) = judged.into_parts();
        let Some(rows) = rows else {
            return Ok(Answered { read, rows, bad });
        };
        let misfits = self.misfits(&rows.batch)?;
        if misfits.is_empty() {
            let rows = Some(rows);
            return Ok(Answered { read, rows, bad });
        }
        let mut fits = vec![true; rows.len()];
        for (row, reason, why) in misfits {
            let fitted = fits.get_mut(row).is_some_and(std::mem::take);
            if fitted {
                bad.push(rows.origin.bad(row, reason, why));
            }
        }
        let numbered = fits.iter().enumerate();
        let left: Vec<usize> = numbered
            .filter_map(|(row, fits)| fits.then_some(row))
            .collect();
        let rows = Some(rows.only(&left)?).filter(|rows| !rows.is_empty());
        Ok(Answered { read, rows, bad })
    }

    /// The rows that the sink can't take, and why; one may be there twice.
    fn misfits(&self, batch: &RecordBatch) -> Result<Vec<(usize, Reason, String)>> {
        let because = |reason| move |(row, why)| (row, reason, why);
        let mut misfits = Vec::new();
        match self {
            Self::Messages { sink, more } => {
                let large = too_large(sink, *more, batch)?.into_iter();
                misfits.extend(large.map(because(Reason::TooLarge)));
                let untimely = sink.untimely(batch)?.into_iter();
                misfits.extend(untimely.map(because(Reason::Message)));
                let headless = sink.without_headers(batch)?.into_iter();
                misfits.extend(headless.map(because(Reason::Message)));
            }
            Self::Files { directories, orc } => {
                if let Some(columns) = directories {
                    let long = columns.misfits(batch)?.into_iter();
                    misfits.extend(long.map(because(Reason::TooLarge)));
                }
                if *orc {
                    let odd = OrcFile::misfits(batch).into_iter();
                    misfits.extend(odd.map(because(Reason::Value)));
                }
            }
        }
        Ok(misfits)
    }
}

/// The rows that are too large as messages, and why.
fn too_large(sink: &KafkaSink, more: usize, batch: &RecordBatch) -> Result<Vec<(usize, String)>> {
    let (limit, by) = sink.largest_message();
    let limit = limit.saturating_sub(more);
    if largest(batch) <= limit {
        return Ok(Vec::new());
    }
    let sizes = sink.message_bytes(batch)?.into_iter().enumerate();
    let large = sizes.filter(|(_, size)| *size > limit);
    let told = large.map(|(row, size)| {
        let why = format!("a message of {size} bytes is too large: {by} leaves {limit} for it");
        (row, why)
    });
    Ok(told.collect())
}

/// No row of the batch is a larger message than this.
fn largest(batch: &RecordBatch) -> usize {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns());
    columns
        .map(|(field, column)| {
            let value = longest(column).saturating_mul(LARGEST_GROWTH);
            value.saturating_add(field.name().len() * LARGEST_GROWTH + COLUMN)
        })
        .fold(0, usize::saturating_add)
}

/// No value of the column has more bytes in memory.
fn longest(column: &ArrayRef) -> usize {
    if let Some(texts) = column.as_string_opt::<i32>() {
        let longest = texts.offsets().lengths().max();
        return longest.unwrap_or(0);
    }
    match column.data_type().primitive_width() {
        Some(width) => width,
        None => column.get_array_memory_size(),
    }
}
