//! The thread that reads columns: it decodes batches, so that a worker never does, and nothing that a file holds
//! gets past it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use millstream_core::guard::guarded;

use super::SharedColumns;
use super::condition::Test;
use super::fit::{Fit, Fitted, named};
use super::groups::{Group, Part, lay_out, parts};
use super::open::{self, OpenColumns};
use super::orc::OrcColumns;
use super::parquet::ParquetColumns;
use super::ranged::Ranged;
use super::ranges::Ranges;
use super::{ColumnFormat, Columns};
use crate::files_source::failure::{InputError, Unfit};
use crate::files_source::fetch::{Desk, Fetch, Gone, News, Task};
use crate::files_source::listing::FoundFile;
use crate::files_source::opened::Access;
use crate::files_source::stream::Start;

/// About the bytes of a batch in memory: rows are read together as long as those of their group come to this.
const TOGETHER: u64 = 4 << 20;

/// A batch with more bytes than this is the last one of so many rows.
const LARGE: usize = 16 << 20;
/// Rows that are read together where it isn't known how many bytes they become.
const UNKNOWN: usize = 1_024;

/// Rows of a group that follow each other.
#[derive(Debug)]
pub(super) struct ColumnBlock {
    /// `None`: nobody wants them, as the file's statistics say.
    pub(super) fitted: Option<Fitted>,
    pub(super) part: Part,
    /// The first of them, by its number in the group.
    pub(super) row: u64,
    pub(super) rows: u64,
}

/// How files are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) format: ColumnFormat,
    pub(super) shared: SharedColumns,
    pub(super) conditions: Arc<Vec<(String, Test)>>,
    /// The most rows of a batch.
    pub(super) rows: usize,
    /// How files are got at.
    pub(super) access: Access,
}

/// Reads columns.
pub(super) struct ColumnsFetch {
    reading: Reading,
    open: Option<OpenFile>,
}

struct OpenFile {
    found: Arc<FoundFile>,
    file: Ranged,
    columns: Box<dyn OpenColumns>,
    fit: Fit,
    groups: Vec<Group>,
}

/// Opens a file of columns, guarded. `beginning`: the fingerprint of its first bytes; 0: not known.
///
/// # Errors
/// It is no such file, or the disk is away.
pub(super) fn open_columns(
    format: ColumnFormat,
    (found, beginning): (&FoundFile, u64),
    access: &Access,
) -> Result<(Ranged, Box<dyn OpenColumns>), InputError> {
    let file = Ranged::new(access.open(found)?, found.identity.size);
    check_identity(found, &file)?;
    file.file().check_beginning(found, beginning)?;
    let opened = guarded(|| open_as(format, &file)).unwrap_or_else(|panic| Err(gave_up(&panic)));
    match opened {
        Ok(columns) => Ok((file, columns)),
        Err(unfit) => Err(failure(&file, unfit)),
    }
}

fn open_as(format: ColumnFormat, file: &Ranged) -> Result<Box<dyn OpenColumns>, Unfit> {
    Ok(match format {
        ColumnFormat::Parquet => Box::new(ParquetColumns::open(file.clone())?),
        ColumnFormat::Orc => Box::new(OrcColumns::open(file.clone())?),
    })
}

/// The reader of the format has panicked, which is the file's fault: it is not what it says.
fn gave_up(panic: &str) -> Unfit {
    // Where in the reader's own source that was says nothing of the file.
    let told = panic.split(", location: Location").next();
    Unfit::Damaged(format!("its reader gave up: {}", told.unwrap_or(panic)))
}

/// The disk's failure, if that is behind what the reader of the format said.
fn failure(file: &Ranged, unfit: Unfit) -> InputError {
    let failed = file.take_failure().map(InputError::while_reading);
    failed.unwrap_or(InputError::Columns(unfit))
}

/// Whether the open file is the one that was found.
fn check_identity(found: &FoundFile, file: &Ranged) -> Result<(), InputError> {
    let now = file.file().identity(found.identity)?;
    if now == found.identity {
        Ok(())
    } else {
        Err(InputError::Changed(now))
    }
}

impl ColumnsFetch {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            reading,
            open: None,
        }
    }

    fn open_file(&self, task: &Task) -> Result<OpenFile, InputError> {
        let reading = &self.reading;
        let (file, columns) = open_columns(
            reading.format,
            (&task.file, task.beginning),
            &reading.access,
        )?;
        let known = Columns::of_first(&reading.shared, columns.schema());
        let made = known.and_then(|known| {
            let unread = || Unfit::Schema("it has columns that are not read".to_owned());
            let batch = known.batch.as_ref().ok_or_else(unread)?;
            let named = named(&reading.shared, &known.schema, columns.schema());
            let fit = Fit::of(batch, named.as_ref().unwrap_or(columns.schema()))?;
            columns.check(&fit.read)?;
            let groups = lay_out(file.size(), &columns.groups());
            let message = "its groups of rows are more than it has room for";
            let groups = groups.ok_or_else(|| Unfit::Damaged(message.to_owned()))?;
            Ok((fit, groups))
        });
        let (fit, groups) = made.map_err(InputError::Columns)?;
        Ok(OpenFile {
            found: Arc::clone(&task.file),
            file,
            columns,
            fit,
            groups,
        })
    }

    /// Reads the parts of groups that belong to the task.
    fn tell_parts(
        &self,
        task: &Task,
        desk: &Desk<ColumnBlock>,
        open: &OpenFile,
    ) -> Result<Result<(), Gone>, InputError> {
        for part in parts(&open.groups, task.from, task.to, task.known) {
            if part.from >= part.group.rows {
                continue;
            }
            let read = guarded(|| self.tell_part(task, desk, open, part));
            let read = read.unwrap_or_else(|panic| Err(gave_up(&panic)));
            match read.map_err(|unfit| failure(&open.file, unfit))? {
                Ok(()) => {}
                Err(Gone) => return Ok(Err(Gone)),
            }
        }
        Ok(Ok(()))
    }

    fn tell_part(
        &self,
        task: &Task,
        desk: &Desk<ColumnBlock>,
        open: &OpenFile,
        part: Part,
    ) -> Result<Result<(), Gone>, Unfit> {
        let group = part.group;
        let all = part.from..group.rows;
        // A row that would be a bad record is one whatever the query says of it.
        let wanted = if self.reading.conditions.is_empty() || open.fit.may_be_bad() {
            vec![all]
        } else {
            let asked = open::asked(&open.fit, &self.reading.conditions);
            let held = open.columns.may_hold(group.number, &asked)?;
            open::intersection(&held, &[all])
        };
        let mut teller = Teller {
            task,
            desk,
            part,
            at: part.from,
        };
        if open.fit.read.is_empty() {
            // Nothing of it is looked at but how many rows there are.
            return teller.tell_rows(open, &wanted, self.reading.rows);
        }
        let mut ranges = Ranges::new(wanted);
        let mut together = self.together(open, group.number);
        while !ranges.is_empty() {
            match tell_batches(&mut teller, open, &mut ranges, together)? {
                Told::All => {}
                Told::Large(rows) => together = rows,
                Told::Nobody => return Ok(Err(Gone)),
            }
        }
        Ok(teller.tell_rest())
    }

    /// How many rows of a group are read together.
    fn together(&self, open: &OpenFile, group: usize) -> usize {
        let bytes = open.columns.row_bytes(group, &open.fit.read).max(1);
        let rows = usize::try_from(TOGETHER / bytes).unwrap_or(usize::MAX);
        let most = if open.columns.tells_bytes(group, &open.fit.read) {
            self.reading.rows
        } else {
            self.reading.rows.min(UNKNOWN)
        };
        rows.clamp(1, most.max(1))
    }
}

/// What came of reading ranges.
enum Told {
    All,
    /// A batch was far larger than was expected: what is left is read so many rows at a time.
    Large(usize),
    /// The worker has gone away.
    Nobody,
}

/// Reads what is left of ranges, so many rows at a time, and tells of it.
fn tell_batches(
    teller: &mut Teller<'_>,
    open: &OpenFile,
    ranges: &mut Ranges,
    together: usize,
) -> Result<Told, Unfit> {
    let group = teller.part.group;
    let columns = &open.fit.read;
    let batches = open
        .columns
        .read(group.number, columns, &ranges.rest(), together)?;
    for batch in batches {
        let mut batch = batch?;
        let bytes = batch.get_array_memory_size();
        while batch.num_rows() > 0 {
            let Some(range) = ranges.take(batch.num_rows() as u64) else {
                return Err(Unfit::Damaged(format!(
                    "group {} holds more than the {} rows that the footer tells",
                    group.number, group.rows
                )));
            };
            let rows = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            let rows = rows.min(batch.num_rows());
            let piece = open.fit.apply(&batch.slice(0, rows))?;
            batch = batch.slice(rows, batch.num_rows() - rows);
            if teller.tell(range, Some(piece)).is_err() {
                return Ok(Told::Nobody);
            }
        }
        if bytes > LARGE && together > 1 {
            let fewer = together as u64 * TOGETHER / bytes as u64;
            let fewer = usize::try_from(fewer).unwrap_or(together);
            return Ok(Told::Large(fewer.clamp(1, together - 1)));
        }
    }
    if ranges.is_empty() {
        return Ok(Told::All);
    }
    Err(Unfit::Damaged(format!(
        "group {} ends before its {} rows",
        group.number, group.rows
    )))
}

/// Tells the worker of the rows of a part, in their order.
struct Teller<'a> {
    task: &'a Task,
    desk: &'a Desk<ColumnBlock>,
    part: Part,
    /// Rows before this have been told of.
    at: u64,
}

impl Teller<'_> {
    /// Tells of some rows, and before them of those that nobody wants.
    fn tell(&mut self, rows: Range<u64>, fitted: Option<Fitted>) -> Result<(), Gone> {
        if rows.start > self.at {
            self.send(self.at..rows.start, None)?;
        }
        self.at = rows.end;
        self.send(rows, fitted)
    }

    /// Tells of the rows that are left, which nobody wants.
    fn tell_rest(&mut self) -> Result<(), Gone> {
        let rest = self.at..self.part.group.rows;
        if rest.is_empty() {
            return Ok(());
        }
        self.at = rest.end;
        self.send(rest, None)
    }

    /// Tells of rows without columns that are read.
    fn tell_rows(
        mut self,
        open: &OpenFile,
        wanted: &[Range<u64>],
        together: usize,
    ) -> Result<Result<(), Gone>, Unfit> {
        for range in wanted {
            let mut at = range.start;
            while at < range.end {
                let end = range.end.min(at.saturating_add(together.max(1) as u64));
                let rows = usize::try_from(end - at).unwrap_or(usize::MAX);
                let rows = open.fit.apply(&empty(rows)?)?;
                if self.tell(at..end, Some(rows)).is_err() {
                    return Ok(Err(Gone));
                }
                at = end;
            }
        }
        Ok(self.tell_rest())
    }

    fn send(&self, rows: Range<u64>, fitted: Option<Fitted>) -> Result<(), Gone> {
        let block = ColumnBlock {
            fitted,
            part: self.part,
            row: rows.start,
            rows: rows.end - rows.start,
        };
        self.desk.tell(self.task, News::Block(block))
    }
}

/// Rows without columns.
fn empty(rows: usize) -> Result<RecordBatch, Unfit> {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(arrow::datatypes::Schema::empty());
    RecordBatch::try_new_with_options(schema, Vec::new(), &options)
        .map_err(|error| Unfit::Damaged(error.to_string()))
}

impl Fetch for ColumnsFetch {
    type Block = ColumnBlock;

    fn work(
        &mut self,
        task: &Task,
        desk: &Desk<ColumnBlock>,
    ) -> Result<Result<(), Gone>, InputError> {
        let is_it = |open: &OpenFile| Arc::ptr_eq(&open.found, &task.file);
        let open = match self.open.take().filter(is_it) {
            Some(open) => open,
            None => {
                let open = self.open_file(task)?;
                if desk.tell(task, News::Opened(None)).is_err() {
                    return Ok(Err(Gone));
                }
                open
            }
        };
        check_identity(&open.found, &open.file)?;
        let told = self.tell_parts(task, desk, &open);
        // What looks damaged may have been written over meanwhile.
        check_identity(&open.found, &open.file)?;
        if told?.is_err() {
            return Ok(Err(Gone));
        }
        self.open = Some(open);
        let start = Start {
            offset: task.to.min(task.file.identity.size),
            line: 0,
        };
        Ok(desk.tell(
            task,
            News::Done {
                start,
                taken: 0,
                kept: false,
            },
        ))
    }

    fn rest(&mut self) {
        self.open = None;
    }
}
