//! Columns in the reader: batches are handed out in pieces as large as they are asked for.

use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Limit;

use super::fetch::ColumnBlock;
use super::fit::BadRow;
use crate::files_source::reader::{Decoded, Serve, Served};
use crate::rows::{BadRecord, Origin, Parsed, Rows};

/// Hands out batches.
#[derive(Default)]
pub(super) struct ColumnsServer {
    file: Option<Arc<str>>,
    block: Option<Current>,
    /// Rows that nobody wants and that have not been told of.
    left_out: u64,
}

/// A block that is being handed out.
struct Current {
    block: ColumnBlock,
    /// Rows of it that have been handed out.
    handed: u64,
    /// Bytes of a row, about.
    row_bytes: usize,
}

impl ColumnsServer {
    /// Hands out rows of a block that were read; how many of them are bad records.
    fn hand_out(&self, current: &Current, rows: u64, out: &mut Vec<Parsed>) -> Result<usize> {
        let rows = self.rows(current, rows).ok_or_else(internal)?;
        let fitted = current.block.fitted.as_ref().ok_or_else(internal)?;
        let from = usize::try_from(current.handed).unwrap_or(usize::MAX);
        let within = |bad: &BadRow| bad.row.checked_sub(from).filter(|row| *row < rows.len());
        let bad = fitted.bad.iter();
        let bad: Vec<(usize, &BadRow)> = bad.filter_map(|bad| Some((within(bad)?, bad))).collect();
        if bad.is_empty() {
            out.push(Parsed::Rows(rows));
            return Ok(0);
        }
        let is_good = |row: &usize| bad.binary_search_by_key(row, |(row, _)| *row).is_err();
        let good: Vec<usize> = (0..rows.len()).filter(is_good).collect();
        if !good.is_empty() {
            out.push(Parsed::Rows(rows.only(&good)?));
        }
        let records = bad.iter().map(|(row, bad)| BadRecord {
            column: Some(bad.column.clone()),
            ..rows.origin.bad(*row, bad.reason, bad.error.clone())
        });
        out.push(Parsed::Bad(records.collect()));
        Ok(bad.len())
    }

    fn rows(&self, current: &Current, rows: u64) -> Option<Rows> {
        let batch = &current.block.fitted.as_ref()?.batch;
        let (from, length) = (usize::try_from(current.handed), usize::try_from(rows));
        let batch = batch.slice(from.ok()?, length.ok()?);
        let group = current.block.part.group;
        let first = group.before + current.block.row + current.handed;
        let origin = Origin {
            file: Arc::clone(self.file.as_ref()?),
            // The place of a row is its number: in the group, of which the offset is the number.
            offsets: vec![group.number as u64; batch.num_rows()],
            lines: (first + 1..=first + rows).collect(),
            times: Vec::new(),
            raws: None,
        };
        Some(Rows {
            batch,
            origin: Arc::new(origin),
        })
    }
}

impl Serve<Parsed> for ColumnsServer {
    type Block = ColumnBlock;

    fn columns(&self) -> Option<Vec<String>> {
        None
    }

    fn restore_columns(&mut self, _: &[String]) -> Result<()> {
        Err(Error::new(
            &codes::STATE_TYPE,
            "the snapshot is that of a source of text, not of columns",
        )
        .next("restore it with the source type that wrote it"))
    }

    fn open(&mut self, file: &Arc<str>, _: Option<&[u8]>, _: &mut Vec<Parsed>) -> Result<()> {
        self.file = Some(Arc::clone(file));
        Ok(())
    }

    fn begin(&mut self, block: ColumnBlock) -> Result<u64> {
        let bytes = block.fitted.as_ref().map_or(0, |fitted| {
            let columns = fitted.batch.columns().iter();
            columns
                .map(|column| column.to_data().get_slice_memory_size().unwrap_or(0))
                .sum()
        });
        let rows = usize::try_from(block.rows).unwrap_or(usize::MAX).max(1);
        self.block = Some(Current {
            row_bytes: bytes / rows,
            block,
            handed: 0,
        });
        Ok(0)
    }

    fn serve(&mut self, limit: Limit, out: &mut Vec<Parsed>) -> Result<Served> {
        let mut current = self.block.take().ok_or_else(internal)?;
        let left = current.block.rows - current.handed;
        let fitting = limit.bytes.checked_div(current.row_bytes);
        let fitting = fitting.unwrap_or(usize::MAX).min(limit.records).max(1);
        let rows = left.min(fitting as u64);
        let mut bad = 0;
        if current.block.fitted.is_some() {
            bad = self.hand_out(&current, rows, out)?;
        } else {
            self.left_out += rows;
        }
        current.handed += rows;
        let taken = usize::try_from(rows).unwrap_or(usize::MAX);
        let served = Served {
            decoded: Decoded {
                rows: taken.saturating_sub(bad),
                bad,
                ..Decoded::default()
            },
            bytes: taken.saturating_mul(current.row_bytes),
            next: current
                .block
                .part
                .behind(current.block.row + current.handed),
            over: current.handed == current.block.rows,
            spent: None,
        };
        self.block = Some(current).filter(|_| !served.over);
        Ok(served)
    }

    fn drop_block(&mut self) {
        self.block = None;
    }

    fn finish(&mut self, out: &mut Vec<Parsed>) -> Result<()> {
        if self.left_out > 0 {
            out.push(Parsed::LeftOut(std::mem::take(&mut self.left_out)));
        }
        Ok(())
    }
}

fn internal() -> Error {
    let message = "rows of a file came before the file was opened";
    Error::new(&codes::INTERNAL, message)
}
