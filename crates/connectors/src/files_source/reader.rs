//! The reader of one subtask: takes blocks from the fetching thread, has their records decoded, and keeps
//! the ledger.

use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    Limit, SourceContext, SourceOutput, SourceProgress, SourceReader, SourceSnapshot, SourceStatus,
};
use tracing::warn;

use super::discovery::{Discovery, Schedule};
use super::fetch::{Fetcher, News, Opening};
use super::format::Dialects;
use super::ledger::{Ledger, Place, Totals};
use super::listing::Listing;
use super::options::{Changed, ReadSizes};
use super::records::Records;
use super::scan::{Span, count_lines, cut};
use super::stream::{Block, Sizes, Start};

/// Makes something of records. One for each reader.
pub(crate) trait Decode<T> {
    /// The names of the columns, if a file has told them.
    fn columns(&self) -> Option<Vec<String>>;

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

/// What became of some records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Decoded {
    pub(crate) rows: usize,
    pub(crate) bad: usize,
    /// Whether enough is held to be handed out.
    pub(crate) full: bool,
}

/// What all readers of a source share.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) path: std::path::PathBuf,
    pub(crate) dialects: Arc<Dialects>,
    pub(crate) schedule: Schedule,
    pub(crate) changed: Changed,
    pub(crate) sizes: ReadSizes,
    /// Whether the decoder wants the first record of each file, and whether that is no data.
    pub(crate) head: bool,
    pub(crate) skip_head: bool,
}

impl Plan {
    /// Whether the source ends by itself.
    pub(crate) fn is_bounded(&self) -> bool {
        matches!(self.schedule, Schedule::Once(_))
    }

    /// Opens the reader of one subtask, whose records `decoder` takes.
    pub(crate) fn open<T, D: Decode<T>>(
        &self,
        context: SourceContext,
        mut decoder: D,
    ) -> Result<FileReader<D>> {
        let place = Place {
            subtask: context.subtask,
            parallelism: context.parallelism,
            split: self.sizes.split,
            decodes_first: self.dialects.decodes_first(),
            changed: self.changed,
        };
        let ledger = Ledger::new(place, context.restored)?;
        if let Some(names) = ledger.columns() {
            decoder.restore_columns(names)?;
        }
        let opening = Opening {
            dialects: self.dialects.as_ref().clone(),
            sizes: Sizes {
                block: self.sizes.block,
                record: self.sizes.record,
            },
            head: self.head,
            skip_head: self.skip_head,
        };
        let discovery = Discovery::start(
            format!("files {}", context.subtask),
            self.path.clone(),
            &self.schedule,
            context.waker.clone(),
        )?;
        let fetcher = Fetcher::start(format!("reads {}", context.subtask), opening, context.waker)?;
        Ok(FileReader {
            plan: self.clone(),
            progress: context.progress,
            discovery,
            fetcher,
            ledger,
            decoder,
            listed: false,
            before: Totals::default(),
            file: None,
            block: None,
            spans: Vec::new(),
        })
    }
}

/// A block that is being handed out.
struct Current {
    task: u64,
    block: Block,
    /// The first record that has not been handed out: where in the block and in the file.
    at: usize,
    next: Start,
}

/// The reader of one subtask.
pub(crate) struct FileReader<D> {
    plan: Plan,
    progress: SourceProgress,
    discovery: Discovery,
    fetcher: Fetcher,
    ledger: Ledger,
    decoder: D,
    /// Whether there has been a listing.
    listed: bool,
    /// What had been done when the attempt began: its progress is told without it.
    before: Totals,
    /// The file of the newest blocks.
    file: Option<Arc<str>>,
    block: Option<Current>,
    spans: Vec<Span>,
}

impl<D> FileReader<D> {
    /// Takes note of new files and gives the thread something to do.
    fn look_around(&mut self) -> Result<()> {
        if let Some(listing) = self.discovery.take()? {
            self.take_listing(&listing)?;
        }
        if self.listed {
            while self.fetcher.room() > 0 {
                let Some(task) = self.ledger.next_task() else {
                    break;
                };
                self.fetcher.give(task)?;
            }
        }
        Ok(())
    }

    fn take_listing(&mut self, listing: &Listing) -> Result<()> {
        self.ledger.observe(listing)?;
        let totals = self.ledger.totals();
        if !self.listed {
            self.before = totals.done();
        }
        let before = self.before;
        // A file that is read again counts once more, so there may be less than before.
        let more = |now: u64, before: u64| now.saturating_sub(before);
        let progress = &self.progress;
        progress.files_total.set(more(totals.files, before.files));
        progress
            .files
            .set(more(totals.files_done, before.files_done));
        progress.bytes_total.set(more(totals.bytes, before.bytes));
        if !self.listed && listing.is_empty() && self.plan.is_bounded() {
            warn!(path = %self.plan.path.display(), "there is no file to be read");
        }
        self.listed = true;
        let running = self
            .block
            .as_ref()
            .is_none_or(|current| self.ledger.is_running(current.task));
        if !running {
            self.block = None;
        }
        Ok(())
    }

    /// What to say when there is nothing to hand out.
    fn idle(&self) -> SourceStatus {
        if self.plan.is_bounded() && self.listed && self.ledger.is_idle() {
            SourceStatus::Ended
        } else {
            SourceStatus::Pending(None)
        }
    }

    fn done(&mut self, start: Start, taken: u64) {
        self.count_taken(taken);
        let finished = self.ledger.finished(start);
        self.progress.bytes.add(finished.bytes);
        self.progress.files.add(u64::from(finished.file));
    }

    /// Counts bytes of a file whose offsets are not those of its records.
    fn count_taken(&mut self, taken: u64) {
        if self.ledger.is_whole() {
            self.progress.bytes.add(taken);
        }
    }

    /// Moves behind records of the block that have been handed over, up to `at` in it.
    fn advance(&mut self, at: usize) {
        let Some(current) = &mut self.block else {
            return;
        };
        let passed = current.block.bytes.get(current.at..at).unwrap_or_default();
        if current.next.line > 0 {
            current.next.line += count_lines(&self.plan.dialects.raw, passed);
        }
        current.next.offset += passed.len() as u64;
        current.at = at;
        self.progress
            .bytes
            .add(self.ledger.handed_out(current.next));
        if at >= current.block.bytes.len()
            && let Some(current) = self.block.take()
        {
            self.fetcher.give_back(current.block.bytes);
        }
    }

    /// Takes events until there is a block. False: there is nothing more right now.
    fn next_block<T>(&mut self, out: &mut Vec<T>) -> Result<bool>
    where
        D: Decode<T>,
    {
        while self.block.is_none() {
            let Some(event) = self.fetcher.take()? else {
                return Ok(false);
            };
            if !self.ledger.is_running(event.task) {
                continue;
            }
            match event.news {
                News::Opened(head) => {
                    let Some(file) = self.ledger.file() else {
                        continue;
                    };
                    self.decoder.open(&file, head.as_deref(), out)?;
                    self.file = Some(file);
                    if let Some(names) = self.decoder.columns() {
                        self.ledger.set_columns(names);
                    }
                }
                News::Block(block) => {
                    self.count_taken(block.taken);
                    let (at, next) = (block.from, block.start);
                    self.block = Some(Current {
                        task: event.task,
                        block,
                        at,
                        next,
                    });
                }
                News::Grown => self.ledger.grown(),
                News::Done { start, taken } => {
                    self.done(start, taken);
                    self.look_around()?;
                }
                News::Failed(error) => {
                    self.ledger.failed(error)?;
                    self.look_around()?;
                }
            }
        }
        Ok(true)
    }

    /// Hands at most `limit` records of the block to the decoder.
    fn decode<T>(&mut self, out: &mut Vec<T>, limit: usize) -> Result<Decoded>
    where
        D: Decode<T>,
    {
        let (Some(current), Some(file)) = (&self.block, &self.file) else {
            return Ok(Decoded::default());
        };
        self.spans.clear();
        let raw = &self.plan.dialects.raw;
        let block = &current.block;
        let at = cut(
            raw,
            block.quoted,
            &block.bytes,
            current.at,
            limit,
            &mut self.spans,
        );
        let records = Records {
            file,
            bytes: &block.bytes,
            from: current.at,
            start: current.next,
            malformed: &block.malformed,
            limit: self.plan.sizes.record,
        };
        let decoded = self.decoder.decode(&records, &self.spans, out)?;
        self.advance(at);
        Ok(decoded)
    }
}

impl<T, D: Decode<T>> SourceReader<T> for FileReader<D> {
    fn poll(&mut self, out: &mut SourceOutput<T>, limit: Limit) -> Result<SourceStatus> {
        let (out, limit) = (out.records(), limit.records);
        self.look_around()?;
        if limit == 0 {
            return Ok(SourceStatus::Ready(0));
        }
        let limit = limit.min(self.plan.sizes.rows);
        let mut count = 0;
        let mut bad = 0;
        while count < limit && self.next_block(out)? {
            let decoded = self.decode(out, limit - count)?;
            count += decoded.rows + decoded.bad;
            bad += decoded.bad;
            if decoded.full {
                break;
            }
        }
        self.decoder.finish(out)?;
        self.progress.bad_records.add(bad as u64);
        if count > 0 {
            Ok(SourceStatus::Ready(count))
        } else {
            Ok(self.idle())
        }
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        self.ledger.snapshot().map(SourceSnapshot::from)
    }
}
