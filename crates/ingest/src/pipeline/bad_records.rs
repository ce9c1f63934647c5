//! What becomes of bad records: `error.policy`, counted exactly, with limits.
//!
//! Bad records of all subtasks meet in one subtask that counts them in its state, so the numbers and the limits
//! hold for the whole job, and across restarts.

use std::path::PathBuf;
use std::sync::Arc;

use millstream::{Collector, DataStream, OpenContext, ProcessFunction, ValueState};
use millstream_connectors::rows::{BadRecord, Origin, Parsed, Rows};
use millstream_core::{Error, EventTime, Result, codes};
use millstream_sql::{Evaluated, Query};
use serde::{Deserialize, Serialize};

use super::dead_letter;
use crate::parameters::BadRecordLimits;

/// Runs the query over good rows; rows that it can't answer become bad records.
pub(super) fn evaluate(query: &Query, parsed: Parsed, out: &mut Collector<Parsed>) -> Result<()> {
    let rows = match parsed {
        Parsed::Bad(bad) => {
            out.collect(Parsed::Bad(bad));
            return Ok(());
        }
        Parsed::Rows(rows) => rows,
    };
    let evaluated = query.evaluate_isolating(&rows.batch)?;
    if !evaluated.failures.is_empty() {
        out.collect(Parsed::Bad(failures(&rows, &evaluated)?));
    }
    if evaluated.rows.num_rows() > 0 {
        // Behind the SQL no record is asked for its place any more.
        let origin = Origin {
            file: Arc::clone(&rows.origin.file),
            offsets: Vec::new(),
            lines: Vec::new(),
        };
        out.collect(Parsed::Rows(Rows {
            batch: evaluated.rows,
            origin: Arc::new(origin),
        }));
    }
    Ok(())
}

fn failures(rows: &Rows, evaluated: &Evaluated) -> Result<Vec<BadRecord>> {
    let failures = evaluated.failures.iter();
    failures
        .map(|failure| {
            Ok(BadRecord {
                raw: dead_letter::row_as_json(&rows.batch, failure.row)?,
                file: Arc::clone(&rows.origin.file),
                line: rows.origin.line(failure.row),
                offset: rows.origin.offset(failure.row).unwrap_or(0),
                column: None,
                error: format!("SQL: {}", failure.message),
            })
        })
        .collect()
}

/// Policy `fail`: good rows go on, the first bad record fails the job.
pub(super) fn fail_on_first(parsed: Parsed, out: &mut Collector<Rows>) -> Result<()> {
    match parsed {
        Parsed::Rows(rows) => {
            out.collect(rows);
            Ok(())
        }
        Parsed::Bad(bad) => match bad.first() {
            None => Ok(()),
            Some(bad) => {
                let column = bad
                    .column
                    .as_ref()
                    .map_or_else(String::new, |c| format!("column `{c}`: "));
                let message = format!("{}: {column}{}", dead_letter::place(bad), bad.error);
                Err(Error::new(&codes::BAD_RECORD, message)
                    .next("mend the record, or set error.policy to skip or dead-letter"))
            }
        },
    }
}

/// Policies `skip` and `dead-letter`: good rows go on.
pub(super) fn good_rows(parsed: Parsed, out: &mut Collector<Rows>) {
    if let Parsed::Rows(rows) = parsed {
        out.collect(rows);
    }
}

/// All counts stand under one key, so that they are the whole job's.
const KEY: u8 = 0;

/// How many records of a batch were good, and those that were not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Tally {
    good: u64,
    bad: Vec<BadRecord>,
}

/// Counts bad records, holds them against the limits, and hands on the line of each.
pub(super) fn count(parsed: DataStream<Parsed>, limits: Limits) -> DataStream<String> {
    parsed
        .map(|parsed| match parsed {
            Parsed::Rows(rows) => Tally {
                good: rows.len() as u64,
                bad: Vec::new(),
            },
            Parsed::Bad(bad) => Tally { good: 0, bad },
        })
        .name("Tally")
        .key_by(|_| KEY)
        .process(move || Counter::new(limits.clone()))
        .set_parallelism(1)
        .name("Bad records")
        .uid("bad-records")
}

/// What a job tolerates, and where bad records go.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    limits: BadRecordLimits,
    /// Where the lines go; `None`: nowhere.
    letters: Option<PathBuf>,
}

impl Limits {
    pub(super) fn new(limits: BadRecordLimits, letters: Option<PathBuf>) -> Self {
        Self { limits, letters }
    }

    fn check(&self, counts: Counts, at_end: bool) -> Result<()> {
        let all = counts.good + counts.bad;
        if let Some(limit) = self.limits.count.filter(|limit| counts.bad > *limit) {
            return Err(too_many(counts, &format!("error.max.count is {limit}")));
        }
        let is_telling = at_end || all >= BadRecordLimits::RATIO_FROM;
        let ratio = if all == 0 {
            0.0
        } else {
            counts.bad as f64 / all as f64
        };
        match self
            .limits
            .ratio
            .filter(|limit| is_telling && ratio > *limit)
        {
            Some(limit) => Err(too_many(counts, &format!("error.max.ratio is {limit}"))),
            None => Ok(()),
        }
    }
}

/// Counts the records of the whole job, in its state.
struct Counter {
    limits: Limits,
    state: Option<ValueState<u8, Counts>>,
    /// The counts as they were last, for the end, where no record is at hand.
    last: Counts,
}

impl Counter {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: None,
            last: Counts::default(),
        }
    }
}

/// Records of the whole job since its start.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counts {
    good: u64,
    bad: u64,
}

fn too_many(counts: Counts, limit: &str) -> Error {
    let Counts { good, bad } = counts;
    let message = format!("{bad} of {} records are bad, and {limit}", good + bad);
    Error::new(&codes::BAD_RECORD_LIMIT, message)
        .next("look at the dead letters or the log, mend the input, or raise the limit")
}

impl ProcessFunction<u8, Tally, String> for Counter {
    fn open(&mut self, context: &mut OpenContext<'_, u8>) -> Result<()> {
        let state = context.value("counts")?;
        // After a restart there may be no record left to tell.
        self.last = context.at_key(KEY, || state.get())?.unwrap_or_default();
        self.state = Some(state);
        Ok(())
    }

    fn process(&mut self, tally: Tally, _: &u8, out: &mut Collector<String>) -> Result<()> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        let mut counts = state.get()?.unwrap_or_default();
        counts.good += tally.good;
        counts.bad += tally.bad.len() as u64;
        state.set(counts)?;
        self.last = counts;
        self.limits.check(counts, false)?;
        for bad in &tally.bad {
            tracing::debug!("Bad record: {}: {}", dead_letter::place(bad), bad.error);
            if self.limits.letters.is_some() {
                out.collect(dead_letter::line(bad));
            }
        }
        Ok(())
    }

    fn watermark(&mut self, watermark: EventTime, _: &mut Collector<String>) -> Result<()> {
        if watermark < EventTime::MAX {
            return Ok(());
        }
        self.limits.check(self.last, true)?;
        let Counts { good, bad } = self.last;
        let whereto = match &self.limits.letters {
            Some(path) => format!("written to {}", path.display()),
            None => "skipped".to_owned(),
        };
        if bad > 0 {
            tracing::warn!("{bad} of {} records were bad and {whereto}.", good + bad);
        }
        Ok(())
    }
}
