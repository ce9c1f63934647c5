//! Files of text.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::{Desk, Fetch, Gone, News, Task};
use crate::files_source::beginning::BEGINNING;
use crate::files_source::format::Dialects;
use crate::files_source::input::InputError;
use crate::files_source::listing::volume::Volume;
use crate::files_source::listing::{FoundFile, Identity};
use crate::files_source::opened::Access;
use crate::files_source::starts::{FileStarts, Starts};
use crate::files_source::stream::{Block, RecordStream, Sizes, Start};

/// How files are opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) dialects: Dialects,
    pub(crate) sizes: Sizes,
    /// Whether the first record of each file is wanted.
    pub(crate) head: bool,
    /// Whether the first record is no data.
    pub(crate) skip_head: bool,
    /// How many fields records should have, if that is known.
    pub(crate) columns: Option<usize>,
    /// How files are got at.
    pub(crate) access: Access,
    /// What readers of the process have found out about the starts of records.
    pub(crate) starts: Arc<Starts>,
    /// How long a file that ends within a record has to stand still before it is read as it is.
    pub(crate) patience: Duration,
}

/// Between two looks at a file that may get its end.
const PAUSE: Duration = Duration::from_millis(500);

struct OpenFile {
    file: Arc<FoundFile>,
    stream: RecordStream,
    /// Where the first record that is data begins.
    data: Start,
    /// No record begins between here and the stream's position: the stretch before was read up to here.
    passed: u64,
    /// What other readers have found out, where they read parts of the file whose starts can't be told from any place.
    starts: Option<Arc<FileStarts>>,
}

impl OpenFile {
    /// Whether the stream stands behind the first record of the stretch that begins at `from`.
    fn is_behind(&self, from: u64) -> bool {
        self.stream.position().offset > from && from < self.passed
    }

    /// Goes to a known start on the way to the stretch that begins at `from`, unless the stream is further on that way:
    /// where it stands is a known start, too.
    fn go_to(&mut self, from: u64, known: Start) -> Result<(), InputError> {
        if self.is_behind(from) || known.offset > self.stream.position().offset {
            self.stream.go_to(known)?;
            // The file may have been written anew behind its first bytes. At its end nothing is read, and a last record may have had
            // no end.
            let inside = self.data.offset + 1..self.file.identity.size;
            if inside.contains(&known.offset) && !self.stream.is_between_lines()? {
                let now = self.stream.input().identity()?;
                return Err(InputError::Changed(now));
            }
        }
        Ok(())
    }
}

/// Reads text.
pub(crate) struct TextFetch {
    opening: Opening,
    open: Option<OpenFile>,
}

impl TextFetch {
    pub(crate) fn new(opening: Opening) -> Self {
        Self {
            opening,
            open: None,
        }
    }

    fn open_file(&self, task: &Task) -> Result<(OpenFile, Option<Vec<u8>>), InputError> {
        let file = &task.file;
        let access = &self.opening.access;
        let open = || {
            let dialects = self.opening.dialects.clone();
            RecordStream::open(file, task.beginning, access, dialects, self.opening.sizes)
        };
        let mut stream = open()?;
        stream.keep_tail(task.keeps_tail);
        let head = if self.opening.head {
            stream.take_head()?
        } else {
            None
        };
        let (columns, is_header) = (self.opening.columns, self.opening.skip_head);
        stream.check_head(head.as_deref(), columns, is_header)?;
        if self.opening.skip_head && stream.is_one_line() && task.from == 0 {
            let text = &self.opening.dialects.text;
            let end = if text.any_line_end {
                "auto"
            } else {
                &text.line_end.escape_ascii().to_string()
            };
            warn!(
                file = %file.text,
                "the first line is all of the file, and taken for its header: no records are read; lines end with {end} here, and source.line.delimiter says otherwise where that is wrong"
            );
        }
        if self.opening.head && !self.opening.skip_head {
            stream = open()?;
        }
        let data = stream.position();
        let is_shared = stream.can_seek() && !self.opening.dialects.raw.can_jump();
        Ok((
            OpenFile {
                file: Arc::clone(file),
                stream,
                data,
                passed: 0,
                starts: is_shared.then(|| self.opening.starts.of(file)),
            },
            head,
        ))
    }

    /// Waits while a file that ends within a record may still be being written: whether it has grown. Then the record was cut off, and
    /// no half of it is handed out.
    fn await_end(
        &self,
        task: &Task,
        desk: &Desk<Block>,
        open: &OpenFile,
    ) -> Result<Result<bool, Gone>, InputError> {
        let access = &self.opening.access;
        // Clusters tell whether somebody writes a file, and objects are whole. What the enumerator has waited for need not be again.
        let is_on_disk = access.store.is_none() && matches!(access.volume, Volume::Disk);
        let is_own = open.stream.position().offset < task.to;
        if task.waited || !is_on_disk || !is_own || !open.stream.is_within_record() {
            return Ok(Ok(false));
        }
        let patience = self.opening.patience;
        let mut has_waited = false;
        loop {
            let left = patience.saturating_sub(task.file.stood_still());
            if left.is_zero() {
                break;
            }
            if let Err(gone) = desk.pause(PAUSE.min(left)) {
                return Ok(Err(gone));
            }
            has_waited = true;
            if has_grown(task, open)? {
                return Ok(Ok(true));
            }
        }
        if has_waited && open.stream.has_tail(task.from, task.to) {
            warn!(
                file = %task.file.text,
                "the file ends within a record, and nothing was added for {} s (ten times source.file.settle): it is read as it is; \
                 write files under names that begin with `.` or `_`, and rename them when they are complete",
                patience.as_secs_f64()
            );
        }
        Ok(Ok(false))
    }
}

impl Fetch for TextFetch {
    type Block = Block;

    fn work(&mut self, task: &Task, desk: &Desk<Block>) -> Result<Result<(), Gone>, InputError> {
        let mut open = match self.open.take().filter(|open| can_go_on(open, task)) {
            Some(open) => open,
            None => {
                let (open, head) = self.open_file(task)?;
                if desk.tell(task, News::Opened(head)).is_err() {
                    return Ok(Err(Gone));
                }
                open
            }
        };
        compare(task, &open)?;
        let from = task.from.max(open.data.offset);
        let known = task
            .known
            .filter(|known| known.offset >= open.data.offset)
            .unwrap_or(open.data);
        reach(task, &mut open, from, known)?;
        let begun_at = open.stream.position();
        if tell_blocks(task, desk, &mut open)?.is_err() {
            return Ok(Err(Gone));
        }
        let is_untouched = open.stream.position() == begun_at;
        let mut grown = compare(task, &open)?;
        let mut tail = open.stream.has_tail(from, task.to);
        if open.stream.is_undecided() && !task.keeps_tail && !grown {
            match self.await_end(task, desk, &open)? {
                Ok(has_grown) => grown = has_grown,
                Err(gone) => return Ok(Err(gone)),
            }
        }
        if grown && tail && is_untouched && can_be_read_anew(task) {
            return Err(InputError::Changed(open.stream.input().identity()?));
        }
        if open.stream.is_undecided() && !task.keeps_tail && !grown {
            // Nobody is writing, so the file ends without a line end.
            open.stream.keep_tail(false);
            tail = false;
            open.stream.advance(from)?;
            if tell_blocks(task, desk, &mut open)?.is_err() {
                return Ok(Err(Gone));
            }
        }
        let start = if open.stream.is_adrift() {
            known
        } else {
            open.stream.position()
        };
        if let Some(starts) = &open.starts {
            learn(starts, task, task.to, start);
        }
        let taken = open.stream.taken_since();
        open.passed = task.to;
        self.open = Some(open);
        if grown && desk.tell(task, News::Grown { cut: tail }).is_err() {
            return Ok(Err(Gone));
        }
        // What has grown since the source ended is left to who goes on from there.
        let kept = tail && (task.keeps_tail || grown && task.appends);
        Ok(desk.tell(task, News::Done { start, taken, kept }))
    }

    fn rest(&mut self) {
        self.open = None;
    }
}

/// Hands over every whole record of the task.
fn tell_blocks(
    task: &Task,
    desk: &Desk<Block>,
    open: &mut OpenFile,
) -> Result<Result<(), Gone>, InputError> {
    while let Some(block) = open.stream.next_block(task.to)? {
        if desk.tell(task, News::Block(block)).is_err() {
            return Ok(Err(Gone));
        }
        while let Some(buffer) = desk.spare() {
            open.stream.give_back(buffer);
        }
    }
    Ok(Ok(()))
}

/// Whether the file has grown, where that is allowed; any other change is an error.
fn compare(task: &Task, open: &OpenFile) -> Result<bool, InputError> {
    let (found, now): (Identity, _) = (task.file.identity, open.stream.input().identity()?);
    if found == now {
        return Ok(false);
    }
    let begins_so = || open.stream.input().begins_as(task.beginning);
    // A write sets the time before the size: where files are appended to, that is no change.
    let is_all = found.size <= BEGINNING as u64 && task.beginning != 0;
    if now.size == found.size && (task.appends || is_all) && begins_so()? {
        Ok(false)
    } else if task.may_grow && now.size > found.size && begins_so()? {
        Ok(true)
    } else {
        Err(InputError::Changed(now))
    }
}

/// Whether a file whose end is waited for has grown; any other change is an error.
fn has_grown(task: &Task, open: &OpenFile) -> Result<bool, InputError> {
    let now = open.stream.input().identity()?;
    let is_left = task.leaves_growth && now.size > task.file.identity.size;
    if is_left && open.stream.input().begins_as(task.beginning)? {
        return Ok(true);
    }
    compare(task, open)
}

/// Whether a file that has grown, and of which the task has handed out nothing, is better read as what it is now: the task is all of it.
/// One that goes on growing would be announced again for ever, so that is done once.
fn can_be_read_anew(task: &Task) -> bool {
    task.leaves_growth && !task.anew && task.from == 0 && task.to >= task.file.identity.size
}

/// Goes to the first record that begins at or behind `from`, by way of the nearest place where one is known to begin.
fn reach(task: &Task, open: &mut OpenFile, from: u64, known: Start) -> Result<(), InputError> {
    open.stream.keep_tail(true);
    let Some(starts) = open.starts.clone() else {
        open.go_to(from, known)?;
        return open.stream.advance(from);
    };
    if !open.is_behind(from) && open.stream.position().offset >= from {
        return Ok(());
    }
    starts.while_nobody_passes(|| {
        let nearest = starts.nearest(from);
        open.go_to(from, nearest.map_or(known, |nearest| nearest.max(known)))?;
        let split = task.to.saturating_sub(task.from).max(1);
        while open.stream.position().offset < from {
            // Whoever reads what lies between need not pass over it again.
            let following = (open.stream.position().offset / split + 1).saturating_mul(split);
            let target = following.min(from);
            open.stream.advance(target)?;
            let start = open.stream.position();
            if start.offset < target {
                // The end, or what may become a record there.
                break;
            }
            learn(&starts, task, target, start);
        }
        Ok(())
    })
}

/// Tells other readers that the first record at or behind `from` begins at `start`, unless that is the end.
fn learn(starts: &FileStarts, task: &Task, from: u64, start: Start) {
    if (from..task.file.identity.size).contains(&start.offset) {
        starts.learn(from, start);
    }
}

/// Whether the open file is the task's, and the task's stretch can still be reached.
fn can_go_on(open: &OpenFile, task: &Task) -> bool {
    let behind = open.is_behind(task.from.max(open.data.offset));
    // Of tasks that were put back nobody has heard that their file was opened.
    Arc::ptr_eq(&open.file, &task.file) && (open.stream.can_seek() || !behind)
}
