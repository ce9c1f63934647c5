//! A file of ORC: stripes of columns, and behind them what is in it.

use std::io;

use arrow::array::ArrayRef;
use arrow::datatypes::Fields;
use orc_rust::proto::stream::Kind;
use orc_rust::proto::{
    CalendarKind, ColumnEncoding, CompressionKind, Footer, Metadata, PostScript, Stream as Place,
    StripeFooter, StripeInformation, StripeStatistics,
};
use prost::Message;

use super::column::{Column, Finished};
use super::index::{self, Blocks, Group, STRIDE};
use super::statistics::Statistics;
use super::types::types_of;

/// What files begin and end with.
const MAGIC: &str = "ORC";
/// The first version of the format; files of it are called 0.12.
const VERSION: [u32; 2] = [0, 12];
/// A writer that none of those with a number is, and the first version that all of those have: times are told in UTC.
const WRITER: u32 = 255;
const WRITER_VERSION: u32 = 6;
/// Times have no zone, so they are those of clocks in UTC.
const ZONE: &str = "UTC";
/// The bytes that are compressed together.
const BLOCK: usize = 256 * 1024;
/// The level that most of those who write ORC have.
const LEVEL: i32 = 3;

/// A file that is being written.
pub(super) struct OrcWriter {
    columns: Vec<Column>,
    fields: Fields,
    /// Rows of the stripe that is not written yet.
    rows: u64,
    /// Where the next stripe begins.
    at: u64,
    stripes: Vec<StripeInformation>,
    of_stripes: Vec<StripeStatistics>,
    of_file: Vec<Statistics>,
    compressor: zstd::bulk::Compressor<'static>,
}

impl OrcWriter {
    /// Begins a file of columns whose types are [`stored`](super::types::stored).
    ///
    /// # Errors
    /// There is no room to compress.
    pub(super) fn begin(fields: Fields, out: &mut Vec<u8>) -> io::Result<Self> {
        let columns = fields.iter().map(|field| Column::new(field.data_type()));
        let columns = columns.collect();
        out.extend_from_slice(MAGIC.as_bytes());
        Ok(Self {
            columns,
            fields,
            rows: 0,
            at: MAGIC.len() as u64,
            stripes: Vec::new(),
            of_stripes: Vec::new(),
            of_file: Vec::new(),
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
        })
    }

    /// How many rows can be appended together: a group of rows ends with them at the latest.
    pub(super) fn room(&self) -> usize {
        (STRIDE - self.rows % STRIDE) as usize
    }

    /// Appends rows, no more than there is [`room`](Self::room) for.
    ///
    /// # Errors
    /// A value is none of ORC's; the column is named. The file can't be used any more.
    pub(super) fn push(&mut self, columns: &[ArrayRef], rows: usize) -> Result<(), String> {
        if self.rows.is_multiple_of(STRIDE) {
            self.columns.iter_mut().for_each(Column::begin_group);
        }
        let all = self.columns.iter_mut().zip(columns).zip(&self.fields);
        for ((column, array), field) in all {
            let pushed = column.push(array);
            pushed.map_err(|why| format!("column `{}`: {why}", field.name()))?;
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// The bytes that wait for the end of the stripe.
    pub(super) fn waiting(&self) -> usize {
        self.columns.iter().map(Column::size).sum()
    }

    /// Ends the stripe, if it has rows.
    ///
    /// # Errors
    /// Bytes can't be compressed.
    pub(super) fn end_stripe(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let from = out.len();
        let rows = std::mem::take(&mut self.rows);
        let mut finished = Finished::of_all(groups_of(rows));
        for column in &mut self.columns {
            column.finish(&mut finished);
        }
        let (mut data, mut written) = (Vec::new(), Vec::new());
        for stream in &finished.streams {
            let blocks = self.compress(&stream.bytes, out)?;
            data.push(place(stream.kind, stream.column, &blocks));
            written.push((stream.column, blocks));
        }
        let data_length = out.len() - from;
        let (index, mut streams) = self.index(&finished, written)?;
        streams.extend(data);
        // What tells of the streams stands before them.
        out.splice(from..from, index.iter().copied());
        let encodings = finished.encodings.iter().map(|encoding| ColumnEncoding {
            kind: Some((*encoding).into()),
            ..ColumnEncoding::default()
        });
        let footer = StripeFooter {
            streams,
            columns: encodings.collect(),
            writer_timezone: Some(ZONE.to_owned()),
            encryption: Vec::new(),
        };
        let footer_from = out.len();
        self.compress(&footer.encode_to_vec(), out)?;
        self.stripes.push(StripeInformation {
            offset: Some(self.at),
            index_length: Some(index.len() as u64),
            data_length: Some(data_length as u64),
            footer_length: Some((out.len() - footer_from) as u64),
            number_of_rows: Some(rows),
            ..StripeInformation::default()
        });
        self.at += (out.len() - from) as u64;
        self.count(&finished.groups);
        Ok(())
    }

    /// The streams of the index of rows, and their places: one of each column. `written`: the streams of the columns.
    fn index(
        &mut self,
        finished: &Finished,
        written: Vec<(u32, Blocks)>,
    ) -> io::Result<(Vec<u8>, Vec<Place>)> {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let mut written = written.into_iter().peekable();
        for (column, groups) in (0..).zip(&finished.groups) {
            let mut own = Vec::new();
            while let Some((_, blocks)) = written.next_if(|(of, _)| *of == column) {
                own.push(blocks);
            }
            let blocks = self.compress(&index::written(groups, &own), &mut bytes)?;
            places.push(place(Kind::RowIndex, column, &blocks));
        }
        Ok((bytes, places))
    }

    /// Notes the statistics of a stripe.
    fn count(&mut self, groups: &[Vec<Group>]) {
        let statistics = groups.iter().map(|groups| {
            let mut all = Statistics::default();
            groups.iter().for_each(|group| all.add(&group.statistics));
            all
        });
        let statistics: Vec<Statistics> = statistics.collect();
        self.of_file
            .resize_with(statistics.len(), Statistics::default);
        for (of_file, of_stripe) in self.of_file.iter_mut().zip(&statistics) {
            of_file.add(of_stripe);
        }
        let col_stats = statistics.iter().map(Statistics::written).collect();
        self.of_stripes.push(StripeStatistics { col_stats });
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Bytes can't be compressed.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.end_stripe(out)?;
        let metadata = Metadata {
            stripe_stats: std::mem::take(&mut self.of_stripes),
        };
        let from = out.len();
        self.compress(&metadata.encode_to_vec(), out)?;
        let metadata_length = (out.len() - from) as u64;
        let stripes = std::mem::take(&mut self.stripes);
        let rows = stripes.iter().filter_map(|stripe| stripe.number_of_rows);
        let footer = Footer {
            header_length: Some(MAGIC.len() as u64),
            content_length: Some(self.at),
            number_of_rows: Some(rows.sum()),
            stripes,
            types: types_of(&self.fields),
            statistics: self.of_file.iter().map(Statistics::written).collect(),
            row_index_stride: Some(STRIDE as u32),
            writer: Some(WRITER),
            calendar: Some(CalendarKind::ProlepticGregorian.into()),
            ..Footer::default()
        };
        let from = out.len();
        self.compress(&footer.encode_to_vec(), out)?;
        let postscript = PostScript {
            footer_length: Some((out.len() - from) as u64),
            compression: Some(CompressionKind::Zstd.into()),
            compression_block_size: Some(BLOCK as u64),
            version: VERSION.to_vec(),
            metadata_length: Some(metadata_length),
            writer_version: Some(WRITER_VERSION),
            stripe_statistics_length: None,
            magic: Some(MAGIC.to_owned()),
        };
        let from = out.len();
        out.extend(postscript.encode_to_vec());
        // It has a few fields: 255 bytes are never reached.
        out.push((out.len() - from) as u8);
        Ok(())
    }

    /// Appends bytes in blocks, each behind three bytes that say how long it is and whether it is compressed.
    fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<Blocks> {
        let from = out.len();
        let mut begins = Vec::with_capacity(bytes.len() / BLOCK + 2);
        for block in bytes.chunks(BLOCK) {
            begins.push((out.len() - from) as u64);
            let compressed = self.compressor.compress(block)?;
            let (plain, block) = match compressed.len() < block.len() {
                true => (0, compressed.as_slice()),
                false => (1, block),
            };
            let header = (block.len() << 1 | plain) as u32;
            out.extend(header.to_le_bytes().iter().take(3));
            out.extend_from_slice(block);
        }
        begins.push((out.len() - from) as u64);
        Ok(Blocks {
            begins,
            size: BLOCK,
        })
    }
}

/// The groups of so many rows, of the column of all columns.
fn groups_of(rows: u64) -> Vec<Group> {
    let begins = (0..rows).step_by(STRIDE as usize);
    let groups = begins.map(|begin| Group {
        marks: Vec::new(),
        statistics: Statistics {
            values: STRIDE.min(rows - begin),
            ..Statistics::default()
        },
    });
    groups.collect()
}

/// What the footer of a stripe says of a stream.
fn place(kind: Kind, column: u32, written: &Blocks) -> Place {
    Place {
        kind: Some(kind.into()),
        column: Some(column),
        length: written.begins.last().copied(),
    }
}
