//! Dead letters as a source: records that were set aside go once more through what they were set aside by.
//!
//! A file holds them, a line each. One subtask reads it, with a thread that waits for the disk; the position is how many lines
//! were read. Records are read as messages are, those of files of text as well: each is one value.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Limit, Owner, Source, SourceContext, SourceOutput, SourceProgress, SourceReader,
    SourceSnapshot, SourceStatus, StateEntry, Waker,
};

use super::decode::{Batch, Decoder, MessageParts, Shape};
use super::options::ValueFormat;
use super::partition::Partition;
use crate::files_source::{Format, Reading, to_text};
use crate::rows::letters::Line;
use crate::rows::{BadRecord, Besides, Parsed, Raws, Reason};

/// Lines that are handed over together.
const TOGETHER: usize = 256;
/// Bytes of lines that are handed over together, about.
const BYTES: usize = 1 << 20;
/// How many times that may wait.
const WAITING: usize = 4;
/// The key of the position.
const KEY: &str = "letters";

/// Reads the dead letters that a file holds, as [lines](Line).
#[derive(Debug, Clone)]
pub struct LetterSource {
    path: PathBuf,
    format: ValueFormat,
    /// How the records of files of text are read.
    reading: Reading,
    schema: SchemaRef,
    shape: Arc<Shape>,
}

impl LetterSource {
    /// Of letters that were messages with values of `format`.
    ///
    /// # Errors
    /// The columns are not those of such values.
    pub(super) fn of_messages(
        path: &Path,
        format: &ValueFormat,
        schema: &SchemaRef,
    ) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            shape: Arc::new(Shape::new(format, schema, None)?),
            format: format.clone(),
            reading: Reading::Utf8,
            schema: Arc::clone(schema),
        })
    }

    /// Of letters that were records of files of text with this format and these columns.
    ///
    /// # Errors
    /// The columns are not those of such records.
    pub fn of_text(path: &Path, format: Format, schema: &SchemaRef) -> Result<Self> {
        let reading = format.compile()?.reading;
        let format = ValueFormat::Csv(Format {
            header: false,
            ..format
        });
        Ok(Self {
            reading,
            ..Self::of_messages(path, &format, schema)?
        })
    }

    /// All columns of a record, whatever the projection is.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The columns of the batches that are handed out.
    pub fn batch_schema(&self) -> SchemaRef {
        Arc::clone(self.shape.batch_schema())
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub fn with_projection(mut self, wanted: &[usize]) -> Result<Self> {
        self.shape = Arc::new(Shape::new(&self.format, &self.schema, Some(wanted))?);
        Ok(self)
    }
}

impl Source<Parsed> for LetterSource {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let is_first = context.subtask == 0;
        let mut restored = context.restored.iter().flatten();
        let read = restored.find(|entry| entry.key == KEY && is_first);
        let read = read.and_then(|entry| entry.value.as_u64()).unwrap_or(0);
        let lines = match is_first {
            true => Some(start(self.path.clone(), read, context.waker)?),
            false => None,
        };
        context.progress.files_total.set(u64::from(is_first));
        Ok(Box::new(LetterReader {
            is_first,
            lines,
            waiting: Vec::new(),
            read,
            decoder: Decoder::new(Arc::clone(&self.shape), true),
            reading: self.reading,
            progress: context.progress,
        }))
    }

    fn owner(&self, _: &str, _: usize) -> Owner {
        Owner::Subtask(0)
    }
}

struct LetterReader {
    /// It is the one that reads.
    is_first: bool,
    /// `None`: they have ended.
    lines: Option<Receiver<Result<Vec<Line>>>>,
    /// What comes next, the last first.
    waiting: Vec<Line>,
    read: u64,
    decoder: Decoder,
    reading: Reading,
    progress: SourceProgress,
}

impl LetterReader {
    /// Hands out some lines, all of which are from one file or partition.
    fn decode(&mut self, lines: &[Line], out: &mut Vec<Parsed>) -> Result<()> {
        let Some(first) = lines.first() else {
            return Ok(());
        };
        let partition = match Partition::parse(&first.file).filter(|_| first.message) {
            Some(partition) => partition,
            None => Partition::new(first.file.as_str(), 0),
        };
        let mut batch = Batch::new(partition);
        let mut bad = Vec::new();
        for line in lines {
            let record = line.record();
            let text = match (&record, first.message) {
                (Some(record), false) => to_text(self.reading, record),
                (record, _) => {
                    push(&mut batch, line, record.as_deref());
                    continue;
                }
            };
            match text {
                Some(text) => push(&mut batch, line, Some(text.as_bytes())),
                None => bad.push(malformed(line, self.reading)),
            }
        }
        let from = out.len();
        let decoded = self.decoder.decode(&batch, 0..batch.len(), out)?;
        self.progress
            .bad_records
            .add((decoded.bad + bad.len()) as u64);
        if !bad.is_empty() {
            out.push(Parsed::Bad(bad));
        }
        if !first.message {
            for parsed in out.iter_mut().skip(from) {
                restore(parsed, lines);
            }
        }
        Ok(())
    }
}

fn push(batch: &mut Batch, line: &Line, value: Option<&[u8]>) {
    let key = line.key();
    let parts = MessageParts {
        offset: i64::try_from(line.offset).unwrap_or(i64::MAX),
        timestamp: line.timestamp,
        value,
        key: key.as_deref(),
    };
    let headers = line.headers.as_ref().map_or("[]", |headers| headers.get());
    batch.push(parts, |out| out.extend_from_slice(headers.as_bytes()));
}

fn malformed(line: &Line, reading: Reading) -> BadRecord {
    BadRecord {
        raw: line.record().unwrap_or_default(),
        cut: None,
        file: line.file.as_str().into(),
        line: line.line,
        offset: line.offset,
        enclosed: None,
        reason: Reason::Charset,
        column: None,
        error: format!("bytes that are not {}", reading.name()),
    }
}

/// Records of files of text were read as messages: their place and their bytes are those of the file.
fn restore(parsed: &mut Parsed, lines: &[Line]) {
    let of = |offset: u64| lines.iter().find(|line| line.offset == offset);
    match parsed {
        Parsed::Bad(bad) => {
            for bad in bad {
                if let Some(line) = of(bad.offset) {
                    bad.file = line.file.as_str().into();
                    bad.line = line.line;
                    bad.raw = line.record().unwrap_or_default();
                }
                bad.enclosed = None;
            }
        }
        Parsed::Rows(rows) => {
            let mut origin = (*rows.origin).clone();
            let mut raws = Raws::default();
            origin.lines.clear();
            for offset in &origin.offsets {
                let line = of(*offset);
                origin
                    .lines
                    .push(line.and_then(|line| line.line).unwrap_or(0));
                let record = line.and_then(Line::record);
                raws.push(record.as_deref(), Besides::default());
            }
            origin.raws = Some(raws);
            if let Some(first) = lines.first() {
                origin.file = first.file.as_str().into();
            }
            rows.origin = Arc::new(origin);
        }
        // Only files of columns tell what is in them before they are read.
        Parsed::LeftOut(_) => {}
    }
}

impl SourceReader<Parsed> for LetterReader {
    fn poll(&mut self, out: &mut SourceOutput<Parsed>, limit: Limit) -> Result<SourceStatus> {
        if self.waiting.is_empty() {
            let Some(lines) = &self.lines else {
                return Ok(SourceStatus::Ended);
            };
            match lines.try_recv() {
                Ok(read) => {
                    self.waiting = read?;
                    self.waiting.reverse();
                }
                Err(TryRecvError::Empty) => return Ok(SourceStatus::Pending(None)),
                Err(TryRecvError::Disconnected) => {
                    self.lines = None;
                    self.progress.files.add(1);
                    return Ok(SourceStatus::Ended);
                }
            }
        }
        let most = limit.records.max(1).min(self.waiting.len());
        let mut taken: Vec<Line> = Vec::with_capacity(most);
        let is_same = |a: &Line, b: &Line| a.file == b.file && a.message == b.message;
        while taken.len() < most
            && let Some(line) = self
                .waiting
                .pop_if(|line| taken.first().is_none_or(|first| is_same(first, line)))
        {
            taken.push(line);
        }
        self.decode(&taken, out.records())?;
        self.read += taken.len() as u64;
        Ok(SourceStatus::Ready(taken.len()))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        let (key, value) = (KEY.to_owned(), self.read.into());
        let own = self.is_first.then_some(StateEntry { key, value });
        Ok(own.into_iter().collect::<Vec<_>>().into())
    }
}

/// Starts the thread that reads the file behind its first `skip` lines.
fn start(path: PathBuf, skip: u64, waker: Waker) -> Result<Receiver<Result<Vec<Line>>>> {
    let (sender, lines) = bounded(WAITING);
    let run = move || {
        if let Err(error) = read(&path, skip, &sender, &waker) {
            // Nobody waits any more.
            drop(sender.send(Err(error)));
        }
        drop(sender);
        waker.wake();
    };
    std::thread::Builder::new()
        .name("dead-letters".to_owned())
        .spawn(run)
        .map_err(|error| {
            Error::new(
                &codes::SOURCE_READ,
                "a thread of the source can't be started",
            )
            .cause(error)
            .next("check the limit of threads (ulimit -u)")
        })?;
    Ok(lines)
}

fn read(path: &Path, skip: u64, sender: &Sender<Result<Vec<Line>>>, waker: &Waker) -> Result<()> {
    let unread = |error: std::io::Error| {
        let message = format!("dead letters can't be read from {}", path.display());
        Error::new(&codes::SOURCE_READ, message)
            .cause(error)
            .next("check the disk")
    };
    let file = File::open(path).map_err(unread)?;
    let (mut together, mut bytes) = (Vec::new(), 0);
    for (number, text) in (0..).zip(BufReader::new(file).lines()) {
        let text = text.map_err(unread)?;
        if number < skip {
            continue;
        }
        let line: Line = serde_json::from_str(&text).map_err(|error| {
            let message = format!(
                "line {} of {} is no dead letter",
                number + 1,
                path.display()
            );
            Error::new(&codes::SOURCE_READ, message).cause(error)
        })?;
        bytes += text.len();
        together.push(line);
        if together.len() >= TOGETHER || bytes >= BYTES {
            bytes = 0;
            if sender.send(Ok(std::mem::take(&mut together))).is_err() {
                return Ok(());
            }
            waker.wake();
        }
    }
    if !together.is_empty() {
        drop(sender.send(Ok(together)));
    }
    Ok(())
}
