//! The reader of one subtask: takes blocks from the fetching thread, has their records handed out, and keeps
//! the ledger. It knows no format: what blocks are is known to a [`Serve`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Limit, SourceContext, SourceOutput, SourceProgress,
    SourceReader, SourceSnapshot, SourceStatus,
};

use super::contents::Contents;
use super::counts::{Count, Counting};
use super::enumerator::{FileEnumerator, Parts};
use super::fetch::{Fetch, Fetcher, News};
use super::intake::Rules;
use super::ledger::{Ledger, Mended, Passed, PassedOver, Place};
use super::lister::Policy;
use super::listing::Root;
use super::meeting::{self, Fate, Meeting};
use super::name::shown;
use super::opened::Access;
use super::options::{AfterCommit, Bad, Changed, Intake, ReadSizes, Watch};
use super::piece::Announcement;
use super::seen::whole_minutes;
use super::settle::UNENDED;
use super::stream::Start;

/// Hands out the records of blocks. One for each reader.
pub(crate) trait Serve<T> {
    /// What the fetching thread brings.
    type Block: Send + 'static;

    /// The names of the columns, if a file has told them.
    fn columns(&self) -> Option<Vec<String>>;

    /// The names of the columns that a snapshot knows.
    fn restore_columns(&mut self, names: &[String]) -> Result<()>;

    /// The blocks that follow are those of `file`, whose first record is `head`, if it was asked for.
    fn open(&mut self, file: &Arc<str>, head: Option<&[u8]>, out: &mut Vec<T>) -> Result<()>;

    /// Takes a block; answers how many bytes of the file were taken for it.
    fn begin(&mut self, block: Self::Block) -> Result<u64>;

    /// Hands out records of the block, up to `limit`; they may come now or when it [finishes](Self::finish).
    fn serve(&mut self, limit: Limit, out: &mut Vec<T>) -> Result<Served>;

    /// The rest of the block is not wanted any more.
    fn drop_block(&mut self);

    /// Hands out everything that is still held.
    fn finish(&mut self, out: &mut Vec<T>) -> Result<()>;
}

/// What became of records of a block.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) decoded: Decoded,
    /// How many bytes they were.
    pub(crate) bytes: usize,
    /// Where the first record begins that was not handed out.
    pub(crate) next: Start,
    /// Whether the block has been handed out to its end.
    pub(crate) over: bool,
    /// A buffer that the thread may use again.
    pub(crate) spent: Option<Vec<u8>>,
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
    pub(crate) contents: Contents,
    pub(crate) watch: Watch,
    pub(crate) intake: Intake,
    pub(crate) sizes: ReadSizes,
    /// Where readers and enumerator of an attempt meet.
    pub(crate) meeting: meeting::Place,
    /// Where it is noted what people are told of files; `None`: nowhere.
    pub(crate) book: Option<PathBuf>,
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

    /// How long a file that ends within a record has to stand still before it is read as it is.
    pub(crate) fn patience(&self) -> Duration {
        let settle = self.intake.settle.unwrap_or(SETTLE);
        settle.saturating_mul(UNENDED)
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
            contents: self.contents.clone(),
            takes_away: self.intake.after_commit != AfterCommit::Keep,
            shown: shown(&self.root.directory),
        };
        let policy = Policy {
            interval: match self.watch {
                Watch::Once => None,
                Watch::Continuously { interval } => Some(interval),
            },
            patience: self.patience(),
            bad: self.bad(),
            lost: self.intake.lost,
            after_commit: self.intake.after_commit.clone(),
            other: self.intake.other,
        };
        let parts = Parts {
            root: self.root.clone().with_aside(self.aside()),
            rules,
            policy,
            meeting: meeting::join(&self.meeting, context.run, context.parallelism),
            book: self.book.clone(),
        };
        Ok(Some(Box::new(FileEnumerator::open(parts, context)?)))
    }

    /// Where files are moved that can't be read to their end.
    fn aside(&self) -> Option<PathBuf> {
        match self.bad() {
            Bad::Quarantine(target) => Some(target),
            Bad::Fail | Bad::Skip => None,
        }
    }

    /// How files are got at; `at_random`: at any place of theirs at any time.
    pub(crate) fn access(&self, at_random: bool) -> Access {
        Access {
            aside: self.aside(),
            store: self.root.store.as_deref().cloned(),
            volume: self.root.volume.clone(),
            at_random,
        }
    }

    /// Opens the reader of one subtask: what `fetch` reads on its thread, `server` hands out.
    pub(crate) fn open<T, S, F>(
        &self,
        context: SourceContext,
        mut server: S,
        fetch: impl FnOnce(&Meeting) -> F,
    ) -> Result<FileReader<T, S>>
    where
        S: Serve<T>,
        F: Fetch<Block = S::Block>,
    {
        let place = Place {
            subtask: context.subtask,
            parallelism: context.parallelism,
            directory: self.root.directory.clone(),
            contents: self.contents.clone(),
            changed: self.intake.changed,
            lost: self.intake.lost,
            bad: self.bad(),
        };
        let meeting = meeting::join(&self.meeting, context.run, context.parallelism);
        let counted = self.book.is_some().then(|| Arc::clone(meeting.counts()));
        let counting = Counting::new(context.subtask, counted, context.restored.as_deref());
        let ledger = Ledger::new(place, context.restored)?;
        if let Some(names) = ledger.columns() {
            server.restore_columns(names)?;
        }
        let name = format!("reads {}", context.subtask);
        let fetcher = Fetcher::new(name, fetch(&meeting), context.waker);
        let reader = FileReader {
            plan: self.clone(),
            subtask: context.subtask,
            progress: context.progress,
            meeting,
            counting,
            fetcher,
            ledger,
            server,
            block: None,
        };
        reader.tell_position();
        Ok(reader)
    }
}

/// A reader that waits for a file to be announced again looks this often whether it is gone.
const BLOCKED: Duration = Duration::from_millis(100);

/// The reader of one subtask.
pub(crate) struct FileReader<T, S: Serve<T>> {
    plan: Plan,
    subtask: usize,
    progress: SourceProgress,
    meeting: Arc<Meeting>,
    counting: Counting,
    fetcher: Fetcher<S::Block>,
    ledger: Ledger,
    server: S,
    /// The task of the block that is being handed out.
    block: Option<u64>,
}

impl<T, S: Serve<T>> FileReader<T, S> {
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
        let mended = if self.ledger.is_sought() {
            match self.meeting.take_answer(self.subtask) {
                None => return Ok(()),
                Some(true) => self.ledger.blocked_is_there(),
                Some(false) => self.ledger.blocked_is_gone()?,
            }
        } else {
            match self.meeting.fate(key) {
                None => return Ok(()),
                Some(Fate::Denied) => self.ledger.blocked_is_denied(),
                Some(Fate::Gone) => self.ledger.blocked_is_gone()?,
            }
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
                self.counting
                    .failed(passed.piece, "was gone before it was read to its end");
                self.pass_over(&passed);
            }
            Mended::Bad(passed) => {
                self.progress.bad_files.add(1);
                self.counting
                    .failed(passed.piece, "can't be read from some place on");
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
        let piece = self.ledger.running_piece();
        let finished = self.ledger.finished(start, kept);
        self.count(piece, (finished.bytes, Decoded::default()));
        self.progress.bytes.add(finished.bytes);
        self.progress.files.add(u64::from(finished.file));
        self.tell_position();
    }

    /// Counts bytes of a file whose offsets are not those of its records.
    fn count_taken(&mut self, taken: u64) {
        if self.ledger.is_whole() {
            self.progress.bytes.add(taken);
            self.count(self.ledger.running_piece(), (taken, Decoded::default()));
        }
    }

    /// Counts what became of a piece, for who keeps the book.
    fn count(&mut self, piece: Option<u64>, (read, decoded): (u64, Decoded)) {
        let Decoded { rows, bad, .. } = decoded;
        let count = Count {
            read,
            records: (rows + bad) as u64,
            bad: bad as u64,
        };
        if let Some(piece) = piece.filter(|_| count != Count::default()) {
            self.counting.add(piece, count);
        }
    }

    /// Takes events until there is a block. False: there is nothing more right now.
    fn next_block(&mut self, out: &mut Vec<T>) -> Result<bool> {
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
                    self.server.open(&file.text, head.as_deref(), out)?;
                    if let Some(names) = self.server.columns() {
                        self.ledger.set_columns(names);
                    }
                }
                News::Block(block) => {
                    let taken = self.server.begin(block)?;
                    self.count_taken(taken);
                    self.block = Some(event.task);
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

    /// Hands out records of the block, up to `limit`; what became of them, and how many bytes they were.
    fn serve(&mut self, out: &mut Vec<T>, limit: Limit) -> Result<(Decoded, usize)> {
        let served = self.server.serve(limit, out)?;
        let piece = self.ledger.running_piece();
        let read = self.ledger.handed_out(served.next);
        self.progress.bytes.add(read);
        self.count(piece, (read, served.decoded));
        if served.over {
            self.block = None;
        }
        if let Some(buffer) = served.spent {
            self.fetcher.give_back(buffer);
        }
        Ok((served.decoded, served.bytes))
    }
}

impl<T, S: Serve<T>> SourceReader<T> for FileReader<T, S> {
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
            let (decoded, bytes) = self.serve(records, left)?;
            let read = decoded.rows + decoded.bad;
            count += read;
            bad += decoded.bad;
            left.records = left.records.saturating_sub(read);
            left.bytes = left.bytes.saturating_sub(bytes);
            if decoded.full {
                break;
            }
        }
        self.server.finish(records)?;
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
        entries.extend(self.counting.entry());
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
        let running = self.block.is_none_or(|task| self.ledger.is_running(task));
        if !running {
            self.block = None;
            self.server.drop_block();
        }
        self.tell_position();
        Ok(())
    }
}
