//! Text in the reader: blocks of records are cut, and what they become is up to a decoder.

use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Limit, SourceContext};

use super::fetch::{Opening, TextFetch};
use super::format::Dialects;
use super::line_end::{check_line_end, end_of_rows, one_line_error};
use super::reader::{Decoded, FileReader, Plan, Serve, Served};
use super::records::Records;
use super::scan::{Span, count_lines, cut};
use super::stream::{Block, Sizes, Start};

/// Makes something of records. One for each reader.
pub(crate) trait Decode<T> {
    /// The names of the columns, if a file has told them.
    fn columns(&self) -> Option<Vec<String>>;

    /// How many fields records should have; `None`: no file has told that, or nobody asks.
    fn width(&self) -> Option<usize> {
        None
    }

    /// The names of the columns that a snapshot knows.
    fn restore_columns(&mut self, names: &[String]) -> Result<()>;

    /// The records that follow are those of `file`, whose first record is `head`, if it was asked for.
    fn open(&mut self, file: &Arc<str>, head: Option<&[u8]>, out: &mut Vec<T>) -> Result<()>;

    /// Takes the records at `spans`; they may be handed out now or when it [finishes](Self::finish).
    fn decode(
        &mut self,
        records: &Records<'_>,
        spans: &[Span],
        out: &mut Vec<T>,
    ) -> Result<Decoded>;

    /// Hands out everything that is still held.
    fn finish(&mut self, out: &mut Vec<T>) -> Result<()>;
}

/// What readers of text share besides what all readers of files do.
#[derive(Debug, Clone)]
pub(crate) struct TextPlan {
    pub(crate) plan: Plan,
    pub(crate) dialects: Arc<Dialects>,
    /// Whether the decoder wants the first record of each file, and whether that is no data.
    pub(crate) head: bool,
    pub(crate) skip_head: bool,
}

impl TextPlan {
    /// Opens the reader of one subtask, whose records `decoder` takes.
    pub(crate) fn open<T, D: Decode<T>>(
        &self,
        context: SourceContext,
        decoder: D,
    ) -> Result<FileReader<T, TextServer<D>>> {
        let columns = decoder.width();
        let server = TextServer {
            dialects: Arc::clone(&self.dialects),
            columns,
            record: self.plan.sizes.record,
            decoder,
            file: None,
            current: None,
            spans: Vec::new(),
        };
        self.plan.open(context, server, |meeting| {
            TextFetch::new(Opening {
                starts: meeting.starts(),
                dialects: self.dialects.as_ref().clone(),
                sizes: Sizes {
                    block: self.plan.sizes.block,
                    record: self.plan.sizes.record,
                },
                head: self.head,
                skip_head: self.skip_head,
                columns,
                access: self.plan.access(false),
                patience: self.plan.patience(),
            })
        })
    }
}

/// A block that is being handed out.
struct Current {
    block: Block,
    /// The first record that has not been handed out: where in the block and in the file.
    at: usize,
    next: Start,
}

/// Hands out the records of text.
pub(crate) struct TextServer<D> {
    dialects: Arc<Dialects>,
    /// How many fields records should have, if that was known when the reader was opened.
    columns: Option<usize>,
    /// The longest record, in bytes.
    record: usize,
    decoder: D,
    /// The file of the newest blocks.
    file: Option<Arc<str>>,
    current: Option<Current>,
    spans: Vec<Span>,
}

impl<D> TextServer<D> {
    /// Moves behind records of the block that have been handed over, up to `at` in it.
    fn advance(&mut self, at: usize) -> Option<(Start, Option<Vec<u8>>)> {
        let current = self.current.as_mut()?;
        let passed = current.block.bytes.get(current.at..at).unwrap_or_default();
        if current.next.line > 0 {
            current.next.line += count_lines(&self.dialects.raw, passed);
        }
        current.next.offset += passed.len() as u64;
        current.at = at;
        let next = current.next;
        let over = at >= current.block.bytes.len();
        let spent = self.current.take_if(|_| over);
        Some((next, spent.map(|current| current.block.bytes)))
    }
}

impl<T, D: Decode<T>> Serve<T> for TextServer<D> {
    type Block = Block;

    fn columns(&self) -> Option<Vec<String>> {
        self.decoder.columns()
    }

    fn restore_columns(&mut self, names: &[String]) -> Result<()> {
        self.decoder.restore_columns(names)
    }

    fn open(&mut self, file: &Arc<str>, head: Option<&[u8]>, out: &mut Vec<T>) -> Result<()> {
        self.decoder.open(file, head, out)?;
        self.file = Some(Arc::clone(file));
        Ok(())
    }

    fn begin(&mut self, block: Block) -> Result<u64> {
        let (at, next, taken) = (block.from, block.start, block.taken);
        if let (true, Some(file)) = (block.whole, &self.file) {
            let record = block.bytes.get(at..).unwrap_or_default();
            check_line_end(file, &self.dialects, record)?;
            if let Some(end) = end_of_rows(&self.dialects, record, self.columns, 1) {
                return Err(one_line_error(file, &end));
            }
        }
        self.current = Some(Current { block, at, next });
        Ok(taken)
    }

    fn serve(&mut self, limit: Limit, out: &mut Vec<T>) -> Result<Served> {
        let internal = || {
            Error::new(
                &codes::INTERNAL,
                "records of a file came before the file was opened",
            )
        };
        let (Some(current), Some(file)) = (&self.current, &self.file) else {
            return Err(internal());
        };
        let raw = &self.dialects.raw;
        let (block, from) = (&current.block, current.at);
        let spans = &mut self.spans;
        let mut cut_off = |records| {
            spans.clear();
            let at = cut(raw, block.quoted, &block.bytes, from, records, spans);
            let fitting = |span: &Span| (span.end as usize).saturating_sub(from) <= limit.bytes;
            (at, spans.partition_point(fitting), spans.len())
        };
        let at = match cut_off(limit.records) {
            // One record may always be handed out.
            (_, fitting, cut) if fitting < cut && cut > 1 => cut_off(fitting.max(1)).0,
            (at, _, _) => at,
        };
        let records = Records {
            file,
            bytes: &block.bytes,
            from: current.at,
            start: current.next,
            malformed: &block.malformed,
            limit: self.record,
        };
        let decoded = self.decoder.decode(&records, &self.spans, out)?;
        let (next, spent) = self.advance(at).ok_or_else(internal)?;
        Ok(Served {
            decoded,
            bytes: at - from,
            next,
            over: spent.is_some(),
            spent,
        })
    }

    fn drop_block(&mut self) {
        self.current = None;
    }

    fn finish(&mut self, out: &mut Vec<T>) -> Result<()> {
        self.decoder.finish(out)
    }
}
