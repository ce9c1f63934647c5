//! A file of ORC: stripes of columns, and behind them what is in it.

use std::io;

use arrow::array::ArrayRef;
use arrow::datatypes::Fields;
use orc_rust::proto::{
    CalendarKind, ColumnEncoding, CompressionKind, Footer, Metadata, PostScript, Stream as Place,
    StripeFooter, StripeInformation, StripeStatistics,
};
use prost::Message;

use super::column::{Column, Finished};
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

    /// Appends rows.
    ///
    /// # Errors
    /// A value is none of ORC's; the column is named. The file can't be used any more.
    pub(super) fn push(&mut self, columns: &[ArrayRef], rows: usize) -> Result<(), String> {
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
        let mut finished = Finished::of_rows(rows);
        for column in &mut self.columns {
            column.finish(&mut finished);
        }
        let mut streams = Vec::with_capacity(finished.streams.len());
        for stream in &finished.streams {
            let from = out.len();
            self.compress(&stream.bytes, out)?;
            streams.push(Place {
                kind: Some(stream.kind.into()),
                column: Some(stream.column),
                length: Some((out.len() - from) as u64),
            });
        }
        let data = out.len() - from;
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
        self.compress(&footer.encode_to_vec(), out)?;
        let length = out.len() - from;
        self.stripes.push(StripeInformation {
            offset: Some(self.at),
            index_length: Some(0),
            data_length: Some(data as u64),
            footer_length: Some((length - data) as u64),
            number_of_rows: Some(rows),
            ..StripeInformation::default()
        });
        self.at += length as u64;
        self.count(&finished.statistics);
        Ok(())
    }

    /// Notes the statistics of a stripe.
    fn count(&mut self, statistics: &[Statistics]) {
        self.of_file
            .resize_with(statistics.len(), Statistics::default);
        for (of_file, of_stripe) in self.of_file.iter_mut().zip(statistics) {
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
            row_index_stride: Some(0),
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
    fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        for block in bytes.chunks(BLOCK) {
            let compressed = self.compressor.compress(block)?;
            let (plain, block) = match compressed.len() < block.len() {
                true => (0, compressed.as_slice()),
                false => (1, block),
            };
            let header = (block.len() << 1 | plain) as u32;
            out.extend(header.to_le_bytes().iter().take(3));
            out.extend_from_slice(block);
        }
        Ok(())
    }
}
