//! The reader of one subtask: takes rows from the fetching thread and keeps the positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use millstream_core::type_names::type_in_words;
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Limit, SourceOutput, SourceProgress, SourceReader, SourceSnapshot, SourceStatus, Waker,
};

use super::digest::Digest;
use super::fetch::{Event, Fetcher, Wanted};
use super::plan::Plan;
use super::position::{Position, reader_of};
use super::rowset::Misfit;
use crate::rows::{BadRecord, Origin, Parsed, Reason, Rows};

/// What a reader is opened with.
pub(super) struct Opening {
    pub(super) subtask: usize,
    pub(super) parallelism: usize,
    pub(super) restored: BTreeMap<u32, Position>,
    pub(super) waker: Waker,
    pub(super) progress: SourceProgress,
}

/// The reader of one subtask.
pub(super) struct HiveReader {
    plan: Arc<Plan>,
    subtask: usize,
    parallelism: usize,
    parts: BTreeMap<u32, Part>,
    waker: Waker,
    /// There once the parts are known.
    fetcher: Option<Fetcher>,
    current: Option<Current>,
    progress: SourceProgress,
}

/// How far one part is.
#[derive(Debug, Default)]
struct Part {
    rows: u64,
    done: bool,
    digest: Digest,
    /// The digest of a snapshot, until there are rows behind it.
    restored: Option<Position>,
}

/// Rows that are being handed out.
struct Current {
    part: u32,
    /// The number of the first one that has not been.
    first: u64,
    rows: RecordBatch,
    /// Which of them has not been.
    from: usize,
    misfits: Vec<Misfit>,
    /// Bytes of a row, about.
    each: usize,
}

impl HiveReader {
    /// A reader that goes on from what was restored.
    pub(super) fn new(plan: Arc<Plan>, opening: Opening) -> Self {
        let parts = opening.restored.into_iter().map(|(number, position)| {
            let part = Part {
                rows: position.rows,
                done: position.done,
                digest: Digest::default(),
                restored: Some(position),
            };
            (number, part)
        });
        let reader = Self {
            plan,
            subtask: opening.subtask,
            parallelism: opening.parallelism,
            parts: parts.collect(),
            waker: opening.waker,
            fetcher: None,
            current: None,
            progress: opening.progress,
        };
        reader.tell();
        reader
    }

    /// Shows people how far it is.
    fn tell(&self) {
        let done = self.parts.values().filter(|part| part.done).count();
        self.progress.files.set(done as u64);
        self.progress.files_total.set(self.parts.len() as u64);
    }

    fn is_done(&self) -> bool {
        self.fetcher.is_some() && self.parts.values().all(|part| part.done)
    }

    /// Takes events until there are rows. False: there is nothing more right now.
    fn next_rows(&mut self) -> Result<bool> {
        while self.current.is_none() {
            let Some(fetcher) = self.fetcher.as_ref().filter(|_| !self.is_done()) else {
                return Ok(false);
            };
            match fetcher.take()? {
                None => return Ok(false),
                Some(Event::Rows {
                    part,
                    first,
                    rows,
                    misfits,
                }) => {
                    let each = rows.get_array_memory_size() / rows.num_rows().max(1);
                    self.current = Some(Current {
                        part,
                        first,
                        rows,
                        from: 0,
                        misfits,
                        each: each.max(1),
                    });
                }
                Some(Event::Again(part)) => {
                    self.parts.insert(part, Part::default());
                }
                Some(Event::Ended(part)) => {
                    self.parts.entry(part).or_default().done = true;
                    self.tell();
                }
                Some(Event::Failed(error)) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Hands out rows of the batch: how many, and how many bytes they are.
    fn hand_out(
        &mut self,
        out: &mut Vec<Parsed>,
        records: usize,
        bytes: usize,
    ) -> Result<(usize, usize)> {
        let Some(mut current) = self.current.take() else {
            return Ok((0, 0));
        };
        let each = current.each;
        let left = current.rows.num_rows() - current.from;
        let count = left.min(records).min((bytes / each).max(1));
        let rows = current.rows.slice(current.from, count);
        let part = self.parts.entry(current.part).or_default();
        part.take(&rows, current.first + count as u64, &self.plan);
        let origin = self.origin(&current, count);
        let to = current.from + count;
        let (mine, later): (Vec<Misfit>, Vec<Misfit>) = current
            .misfits
            .drain(..)
            .partition(|misfit| misfit.row < to);
        let from = current.from;
        let bad = mine
            .into_iter()
            .map(|misfit| self.bad(&origin, misfit, from));
        let bad: BTreeMap<usize, BadRecord> = bad.collect();
        self.progress.bytes.add((count * each) as u64);
        self.progress.bad_records.add(bad.len() as u64);
        let good = Rows {
            batch: rows,
            origin: Arc::new(origin),
        };
        if bad.is_empty() {
            out.push(Parsed::Rows(good));
        } else {
            let numbers: Vec<usize> = (0..count).filter(|row| !bad.contains_key(row)).collect();
            if !numbers.is_empty() {
                out.push(Parsed::Rows(good.only(&numbers)?));
            }
            out.push(Parsed::Bad(bad.into_values().collect()));
        }
        if to < current.rows.num_rows() {
            current.from = to;
            current.first += count as u64;
            current.misfits = later;
            self.current = Some(current);
        }
        Ok((count, count * each))
    }

    /// Where rows come from: the part, and the number of each row in it.
    fn origin(&self, current: &Current, count: usize) -> Origin {
        let url = &self.plan.options.url;
        let file = match self.parts.len() {
            0 | 1 if self.parallelism == 1 => url.to_string(),
            _ => format!("{url}#part-{}", current.part),
        };
        let numbers = current.first..current.first + count as u64;
        Origin {
            file: file.into(),
            offsets: numbers.clone().collect(),
            lines: numbers.map(|number| number + 1).collect(),
            times: Vec::new(),
            raws: None,
        }
    }

    fn bad(&self, origin: &Origin, misfit: Misfit, from: usize) -> (usize, BadRecord) {
        let row = misfit.row - from;
        let column = self.plan.columns.get(misfit.column);
        let name = column.map(|column| column.name.clone()).unwrap_or_default();
        let kind = column.map(|column| type_in_words(&column.kind.data_type()));
        let text = String::from_utf8_lossy(&misfit.text);
        let error = format!("`{text}` is no {}", kind.unwrap_or_default());
        let bad = BadRecord {
            raw: misfit.text.clone(),
            column: Some(name),
            ..origin.bad(row, Reason::Value, error)
        };
        (row, bad)
    }
}

impl Part {
    /// Rows up to number `next` have been handed out.
    fn take(&mut self, rows: &RecordBatch, next: u64, plan: &Plan) {
        if let Some(restored) = self.restored.take() {
            let names = plan.schema.fields().iter();
            self.digest =
                Digest::restored(names.map(|field| restored.digest.get(field.name()).copied()));
        }
        self.digest.take(rows);
        self.rows = next;
    }

    fn position(&self, plan: &Plan) -> Position {
        if let Some(restored) = &self.restored {
            return Position::new(
                restored.rows,
                self.done,
                match self.done {
                    true => BTreeMap::new(),
                    false => restored.digest.clone(),
                },
            );
        }
        let names = plan.schema.fields().iter();
        let digest = match self.done {
            true => BTreeMap::new(),
            false => self.digest.named(names.map(|field| field.name().clone())),
        };
        Position::new(self.rows, self.done, digest)
    }
}

impl SourceReader<Parsed> for HiveReader {
    fn poll(&mut self, out: &mut SourceOutput<Parsed>, limit: Limit) -> Result<SourceStatus> {
        if limit.records == 0 {
            return Ok(SourceStatus::Ready(0));
        }
        let (mut count, mut bytes) = (0, 0);
        while count < limit.records && (count == 0 || bytes < limit.bytes) && self.next_rows()? {
            let fits = |current: &Current| bytes + current.each <= limit.bytes;
            if count > 0 && !self.current.as_ref().is_some_and(fits) {
                break;
            }
            let (rows, taken) =
                self.hand_out(out.records(), limit.records - count, limit.bytes - bytes)?;
            count += rows;
            bytes += taken;
        }
        out.bytes(bytes);
        Ok(match count {
            0 if self.is_done() => SourceStatus::Ended,
            0 => SourceStatus::Pending(None),
            count => SourceStatus::Ready(count),
        })
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        let parts = self.parts.iter();
        let begun = parts.filter(|(_, part)| part.rows > 0 || part.done);
        let entries: Vec<_> = begun
            .map(|(number, part)| part.position(&self.plan).entry(*number))
            .collect();
        Ok(entries.into())
    }

    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        let conditions: Vec<String> = serde_json::from_slice(announcement).map_err(|error| {
            let message = "what was announced to a reader of Hive can't be read";
            Error::new(&codes::INTERNAL, message).cause(error)
        })?;
        let mut wanted = Vec::new();
        for (number, condition) in (0_u32..).zip(conditions) {
            if reader_of(number, self.parallelism) != self.subtask {
                continue;
            }
            let part = self.parts.entry(number).or_default();
            if !part.done {
                wanted.push(Wanted {
                    part: number,
                    condition,
                    position: part.position(&self.plan),
                });
            }
        }
        self.tell();
        let waker = self.waker.clone();
        let held_up = self.progress.held_up.clone();
        let fetcher = Fetcher::start(&self.plan, wanted, self.subtask, waker, held_up)?;
        self.fetcher = Some(fetcher);
        // One that has nothing to read ends.
        self.waker.wake();
        Ok(())
    }
}
