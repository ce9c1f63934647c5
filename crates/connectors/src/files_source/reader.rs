//! The reader of one subtask: takes blocks from the fetching thread, has their records decoded, and keeps
//! the ledger.

use std::sync::Arc;
use std::time::Duration;

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Limit, SourceContext, SourceOutput, SourceProgress,
    SourceReader, SourceSnapshot, SourceStatus,
};

use super::enumerator::{FileEnumerator, Parts};
use super::fetch::{Fetcher, News, Opening};
use super::format::Dialects;
use super::intake::Rules;
use super::ledger::{Ledger, Mended, Passed, PassedOver, Place};
use super::line_end::check_line_end;
use super::lister::Policy;
use super::listing::Root;
use super::meeting::{self, Meeting};
use super::name::shown;
use super::options::{AfterCommit, Bad, Changed, Intake, ReadSizes, Watch};
use super::piece::Announcement;
use super::records::Records;
use super::scan::{Span, count_lines, cut};
use super::seen::whole_minutes;
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

/// What the enumerator and all readers of a source share.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) root: Root,
    pub(crate) dialects: Arc<Dialects>,
    pub(crate) watch: Watch,
    pub(crate) intake: Intake,
    pub(crate) sizes: ReadSizes,
    /// Whether the decoder wants the first record of each file, and whether that is no data.
    pub(crate) head: bool,
    pub(crate) skip_head: bool,
    /// Where readers and enumerator of an attempt meet.
    pub(crate) meeting: meeting::Place,
}

/// How long files have to stand still in a watched directory.
const SETTLE: Duration = Duration::from_secs(2);

impl Plan {
    /// Whether the source ends by itself.
    pub(crate) fn is_bounded(&self) -> bool {
        self.watch == Watch::Once
    }

    fn settle(&self) -> Duration {
        let follows = self.intake.changed == Changed::Append;
        let usual = if self.is_bounded() || follows {
            Duration::ZERO
        } else {
            SETTLE
        };
        self.intake.settle.unwrap_or(usual)
    }

    /// What becomes of what can't be read.
    pub(crate) fn bad(&self) -> Bad {
        let usual = || {
            if self.is_bounded() {
                Bad::Fail
            } else {
                Bad::Skip
            }
        };
        self.intake.bad.clone().unwrap_or_else(usual)
    }

    /// Opens the enumerator of an attempt.
    pub(crate) fn enumerator(
        &self,
        context: EnumeratorContext,
    ) -> Result<Option<Box<dyn Enumerator>>> {
        let rules = Rules {
            changed: self.intake.changed,
            settle: self.settle(),
            forget: whole_minutes(self.intake.forget),
            split: self.sizes.split,
            decodes_first: self.dialects.decodes_first(),
            takes_away: self.intake.after_commit != AfterCommit::Keep,
            shown: shown(&self.root.directory),
            line_ends: self.dialects.line_ends(),
        };
        let policy = Policy {
            interval: match self.watch {
                Watch::Once => None,
                Watch::Continuously { interval } => Some(interval),
            },
            bad: self.bad(),
            lost: self.intake.lost,
            after_commit: self.intake.after_commit.clone(),
            other: self.intake.other,
        };
        let parts = Parts {
            root: self.root.clone(),
            rules,
            policy,
            meeting: meeting::join(&self.meeting, context.run, context.parallelism),
        };
        Ok(Some(Box::new(FileEnumerator::open(parts, context)?)))
    }

    /// Opens the reader of one subtask, whose records `decoder` takes.
    pub(crate) fn open<T, D: Decode<T>>(
        &self,
        context: SourceContext,
        mut decoder: D,
    ) -> Result<FileReader<D>> {
        let bad = self.bad();
        let aside = match &bad {
            Bad::Quarantine(target) => Some(target.clone()),
            Bad::Fail | Bad::Skip => None,
        };
        let place = Place {
            subtask: context.subtask,
            parallelism: context.parallelism,
            directory: self.root.directory.clone(),
            decodes_first: self.dialects.decodes_first(),
            changed: self.intake.changed,
            lost: self.intake.lost,
            bad,
        };
        let ledger = Ledger::new(place, context.restored)?;
        if let Some(names) = ledger.columns() {
            decoder.restore_columns(names)?;
        }
        let meeting = meeting::join(&self.meeting, context.run, context.parallelism);
        let opening = Opening {
            starts: meeting.starts(),
            dialects: self.dialects.as_ref().clone(),
            sizes: Sizes {
                block: self.sizes.block,
                record: self.sizes.record,
            },
            head: self.head,
            skip_head: self.skip_head,
            aside,
        };
        let fetcher = Fetcher::start(format!("reads {}", context.subtask), opening, context.waker)?;
        let reader = FileReader {
            plan: self.clone(),
            subtask: context.subtask,
            progress: context.progress,
            meeting,
            fetcher,
            ledger,
            decoder,
            file: None,
            block: None,
            spans: Vec::new(),
        };
        reader.tell_position();
        Ok(reader)
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

/// A reader that waits for a file to be announced again looks this often whether it is gone.
const BLOCKED: Duration = Duration::from_millis(100);

/// The reader of one subtask.
pub(crate) struct FileReader<D> {
    plan: Plan,
    subtask: usize,
    progress: SourceProgress,
    meeting: Arc<Meeting>,
    fetcher: Fetcher,
    ledger: Ledger,
    decoder: D,
    /// The file of the newest blocks.
    file: Option<Arc<str>>,
    block: Option<Current>,
    spans: Vec<Span>,
}

impl<D> FileReader<D> {
    /// Gives the thread something to do.
    fn give_tasks(&mut self) -> Result<()> {
        while self.fetcher.room() > 0 {
            let Some(task) = self.ledger.next_task() else {
                break;
            };
            self.fetcher.give(task)?;
        }
        Ok(())
    }

    /// Looks whether it is known what became of the file that reading waits for.
    fn look_for_blocked(&mut self) -> Result<()> {
        let Some(key) = self.ledger.blocked() else {
            return Ok(());
        };
        let is_there = if self.ledger.is_sought() {
            self.meeting.take_answer(self.subtask)
        } else {
            self.meeting.is_missing(key).then_some(false)
        };
        let mended = match is_there {
            None => return Ok(()),
            Some(true) => self.ledger.blocked_is_there(),
            Some(false) => self.ledger.blocked_is_gone()?,
        };
        self.mend(mended)
    }

    fn mend(&mut self, mended: Mended) -> Result<()> {
        match mended {
            Mended::GoesOn => {}
            Mended::Again(key, piece) => self.meeting.want_again(key, piece),
            Mended::Sought(key) => self.meeting.seek(self.subtask, key),
            Mended::Lost(passed) => {
                self.progress.lost_files.add(1);
                self.pass_over(&passed);
            }
            Mended::Bad(passed) => {
                self.progress.bad_files.add(1);
                self.pass_over(&passed);
                if matches!(self.plan.bad(), Bad::Quarantine(_)) {
                    self.meeting.met_bad(passed);
                }
            }
        }
        self.tell_position();
        self.give_tasks()
    }

    /// Tells the enumerator, before the position says so, that a file is done with though it was not read to its end.
    fn pass_over(&self, passed: &Passed) {
        let (file, piece) = (passed.name.key(), passed.piece);
        self.meeting
            .passed_over(self.subtask, PassedOver { file, piece });
    }

    /// Tells the enumerator how far the reader is.
    fn tell_position(&self) {
        self.meeting.finished(self.subtask, self.ledger.below());
    }

    /// What to say when there is nothing to hand out.
    fn idle(&self) -> SourceStatus {
        if self.ledger.has_ended() {
            SourceStatus::Ended
        } else if self.ledger.blocked().is_some() {
            SourceStatus::Pending(Some(BLOCKED))
        } else {
            SourceStatus::Pending(None)
        }
    }

    fn done(&mut self, start: Start, taken: u64, kept: bool) {
        self.count_taken(taken);
        let finished = self.ledger.finished(start, kept);
        self.progress.bytes.add(finished.bytes);
        self.progress.files.add(u64::from(finished.file));
        self.tell_position();
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
                    self.decoder.open(&file.text, head.as_deref(), out)?;
                    self.file = Some(Arc::clone(&file.text));
                    if let Some(names) = self.decoder.columns() {
                        self.ledger.set_columns(names);
                    }
                }
                News::Block(block) => {
                    self.count_taken(block.taken);
                    let (at, next) = (block.from, block.start);
                    if let (true, Some(file)) = (block.whole, &self.file) {
                        let record = block.bytes.get(at..).unwrap_or_default();
                        check_line_end(file, &self.plan.dialects, record)?;
                    }
                    self.block = Some(Current {
                        task: event.task,
                        block,
                        at,
                        next,
                    });
                }
                News::Grown { cut } => self.ledger.grown(cut),
                News::Done { start, taken, kept } => {
                    self.done(start, taken, kept);
                    self.give_tasks()?;
                }
                News::Failed(error) => {
                    let mended = self.ledger.failed(error)?;
                    self.mend(mended)?;
                }
            }
        }
        Ok(true)
    }

    /// Hands records of the block to the decoder, up to `limit`; what became of them, and how many bytes they were.
    fn decode<T>(&mut self, out: &mut Vec<T>, limit: Limit) -> Result<(Decoded, usize)>
    where
        D: Decode<T>,
    {
        let (Some(current), Some(file)) = (&self.block, &self.file) else {
            return Err(Error::new(
                &codes::INTERNAL,
                "records of a file came before the file was opened",
            ));
        };
        let raw = &self.plan.dialects.raw;
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
            limit: self.plan.sizes.record,
        };
        let decoded = self.decoder.decode(&records, &self.spans, out)?;
        self.advance(at);
        Ok((decoded, at - from))
    }
}

impl<T, D: Decode<T>> SourceReader<T> for FileReader<D> {
    fn poll(&mut self, out: &mut SourceOutput<T>, limit: Limit) -> Result<SourceStatus> {
        self.look_for_blocked()?;
        self.give_tasks()?;
        if limit.records == 0 {
            return Ok(SourceStatus::Ready(0));
        }
        let mut left = limit;
        left.records = left.records.min(self.plan.sizes.rows);
        let mut count = 0;
        let mut bad = 0;
        let records = out.records();
        while left.records > 0 && (left.bytes > 0 || count == 0) && self.next_block(records)? {
            let (decoded, bytes) = self.decode(records, left)?;
            let read = decoded.rows + decoded.bad;
            count += read;
            bad += decoded.bad;
            left.records = left.records.saturating_sub(read);
            left.bytes = left.bytes.saturating_sub(bytes);
            if decoded.full {
                break;
            }
        }
        self.decoder.finish(records)?;
        out.bytes(limit.bytes - left.bytes);
        self.progress.bad_records.add(bad as u64);
        if count > 0 {
            Ok(SourceStatus::Ready(count))
        } else {
            Ok(self.idle())
        }
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        let below = self.ledger.below();
        self.meeting.at_boundary(checkpoint, self.subtask, below);
        let mut entries = self.ledger.snapshot()?;
        for passed in self.meeting.passed_before(checkpoint, self.subtask) {
            entries.push(passed.entry(self.subtask)?);
        }
        Ok(SourceSnapshot::from(entries))
    }

    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        let announcement = Announcement::decode(announcement).map_err(|error| {
            Error::new(
                &codes::INTERNAL,
                "what was announced to a reader of files can't be read",
            )
            .cause(error)
        })?;
        let totals = self.ledger.hear(announcement)?;
        self.progress.files_total.add(totals.files);
        self.progress.bytes_total.add(totals.bytes);
        let running = self
            .block
            .as_ref()
            .is_none_or(|current| self.ledger.is_running(current.task));
        if !running {
            self.block = None;
        }
        self.tell_position();
        Ok(())
    }
}
