//! What becomes of bad records: `error.policy`, counted exactly, with limits.
//!
//! Bad records of all subtasks meet in one subtask that counts them in its state, so the numbers and the limits
//! hold for the whole job, and across restarts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::{
    Collector, DataStream, Numbers, OpenContext, ProcessFunction, Record, ValueState,
};
use millstream_connectors::rows::letters::Letter;
use millstream_connectors::rows::{BadRecord, Origin, Parsed, Reason, Rows};
use millstream_core::options::reference::Hidden;
use millstream_core::{Error, EventTime, Result, codes};
use millstream_sql::{Evaluated, Query};
use serde::{Deserialize, Serialize};

use super::around::Around;
use super::dead_letter;
use crate::parameters::BadRecordLimits;

/// Records behind the step that finds bad ones.
pub(super) trait Judged: Record {
    /// How many records there were, whatever became of them.
    fn read(&self) -> u64;
    /// The good rows that go on, and the bad records.
    fn into_parts(self) -> (Option<Rows>, Vec<BadRecord>);
}

impl Judged for Parsed {
    fn read(&self) -> u64 {
        match self {
            Self::Rows(rows) => rows.len() as u64,
            Self::Bad(bad) => bad.len() as u64,
            Self::LeftOut(rows) => *rows,
        }
    }

    fn into_parts(self) -> (Option<Rows>, Vec<BadRecord>) {
        match self {
            Self::Rows(rows) => (Some(rows), Vec::new()),
            Self::Bad(bad) => (None, bad),
            Self::LeftOut(_) => (None, Vec::new()),
        }
    }
}

/// What the SQL made of a batch. Rows that its WHERE leaves out were good records all the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) read: u64,
    pub(super) rows: Option<Rows>,
    pub(super) bad: Vec<BadRecord>,
}

impl Judged for Answered {
    fn read(&self) -> u64 {
        self.read
    }

    fn into_parts(self) -> (Option<Rows>, Vec<BadRecord>) {
        (self.rows, self.bad)
    }
}

/// The query that rows go through.
pub(super) struct Asked<'a> {
    pub(super) query: &'a Query,
    /// What goes past it.
    pub(super) around: &'a Around,
    /// What is not shown of it.
    pub(super) hidden: &'a Hidden,
}

impl Asked<'_> {
    /// Runs the query over good rows; rows that it can't answer become bad records. Answers how many they are.
    pub(super) fn evaluate(
        &self,
        parsed: Parsed,
        out: &mut Collector<Answered>,
        numbers: &mut Numbers,
    ) -> Result<u64> {
        let read = parsed.read();
        let left_out = match &parsed {
            Parsed::LeftOut(rows) => *rows,
            Parsed::Rows(_) | Parsed::Bad(_) => 0,
        };
        let (rows, mut bad) = parsed.into_parts();
        let (mut answer, mut failed, mut silent) = (None, 0, 0);
        if let Some(mut rows) = rows {
            let whole = rows.batch.clone();
            rows.batch = self.around.without(&whole)?;
            let evaluated = self.query.evaluate_isolating(&rows.batch);
            let evaluated = evaluated.map_err(|error| self.hidden.hide_in(error))?;
            failed = evaluated.failures.len() as u64;
            silent = rows.len() - evaluated.failures.len() - evaluated.answered();
            numbers.produced += (evaluated.rows.num_rows() - evaluated.answered()) as u64;
            bad.extend(self.failures(&rows, &evaluated));
            if evaluated.rows.num_rows() > 0 {
                // Behind the SQL no record is asked for its place any more, but where it is kept for a sink that may refuse it.
                let origin = match &rows.origin.raws {
                    Some(_) => rows.origin.only(&evaluated.origins().collect::<Vec<_>>()),
                    None => Origin {
                        file: Arc::clone(&rows.origin.file),
                        offsets: Vec::new(),
                        lines: Vec::new(),
                        times: Vec::new(),
                        raws: None,
                    },
                };
                answer = Some(Rows {
                    batch: self.around.put_back(&whole, &evaluated)?,
                    origin: Arc::new(origin),
                });
            }
        }
        // Rows that the source has left out are read and filtered, too.
        numbers.filtered += silent as u64 + left_out;
        out.collect(Answered {
            read,
            rows: answer,
            bad,
        });
        Ok(failed)
    }

    fn failures(&self, rows: &Rows, evaluated: &Evaluated) -> Vec<BadRecord> {
        let failures = evaluated.failures.iter().map(|failure| {
            let error = format!("SQL: {}", self.hidden.hide(&failure.message));
            rows.origin.bad(failure.row, Reason::Sql, error)
        });
        failures.collect()
    }
}

/// Policy `fail`: good rows go on, the first bad record fails the job.
pub(super) fn fail_on_first<J: Judged>(
    judged: J,
    out: &mut Collector<Rows>,
    _: &mut Numbers,
) -> Result<()> {
    let (rows, bad) = judged.into_parts();
    if let Some(bad) = bad.first() {
        return Err(Error::new(&codes::BAD_RECORD, dead_letter::reason(bad))
            .next("mend the record, or set error.policy to skip or dead-letter"));
    }
    if let Some(rows) = rows {
        out.collect(rows);
    }
    Ok(())
}

/// Policies `skip` and `dead-letter`: good rows go on.
pub(super) fn good_rows<J: Judged>(judged: J, out: &mut Collector<Rows>, numbers: &mut Numbers) {
    let (rows, bad) = judged.into_parts();
    numbers.bad += bad.len() as u64;
    if let Some(rows) = rows {
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

/// Counts bad records, holds them against the limits, and hands on each.
pub(super) fn count<J: Judged>(judged: DataStream<J>, limits: Limits) -> DataStream<Letter> {
    judged
        .map(|judged| {
            let read = judged.read();
            let (_, bad) = judged.into_parts();
            let good = read.saturating_sub(bad.len() as u64);
            Tally { good, bad }
        })
        .name("Tally")
        // Good and bad records go their way beside this, and count there.
        .aside()
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
    /// Where they go, in words; `None`: nowhere.
    letters: Option<String>,
    /// What both who find bad records know of each other's.
    known: Arc<Known>,
}

/// Bad records are found before the sink, and by its servers. Both count in one process, against the same limits.
#[derive(Debug, Default)]
pub(super) struct Known {
    good: AtomicU64,
    bad: AtomicU64,
    /// Among the good ones: those that the servers of the sink have refused.
    refused: AtomicU64,
}

impl Known {
    fn tell(&self, counts: Counts) {
        self.good.store(counts.good, Ordering::Relaxed);
        self.bad.store(counts.bad, Ordering::Relaxed);
    }

    /// All of them, of which these are counted here.
    fn with(&self, counts: Counts) -> Counts {
        let refused = self.refused.load(Ordering::Relaxed);
        Counts {
            good: counts.good.saturating_sub(refused),
            bad: counts.bad + refused,
        }
    }
}

impl Limits {
    pub(super) fn new(limits: BadRecordLimits, letters: Option<String>, known: Arc<Known>) -> Self {
        Self {
            limits,
            letters,
            known,
        }
    }

    /// So many records the servers of the sink have refused up to the snapshot that the job goes on from.
    pub(super) fn restored(&self, refused: u64) {
        self.known.refused.store(refused, Ordering::Relaxed);
    }

    /// So many records the servers of the sink have refused.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn refused(&self, refused: u64, latest: &BadRecord) -> Result<()> {
        let known = &self.known;
        known.refused.store(refused, Ordering::Relaxed);
        let counts = Counts {
            // What is not counted yet was read all the same.
            good: known.good.load(Ordering::Relaxed).max(refused),
            bad: known.bad.load(Ordering::Relaxed),
        };
        self.hold_against(known.with(counts), false, Some(latest))
    }

    /// Holds the counts against the limits; `latest` says which record was the last bad one and why.
    fn check(&self, counts: Counts, at_end: bool, latest: Option<&BadRecord>) -> Result<()> {
        self.known.tell(counts);
        self.hold_against(self.known.with(counts), at_end, latest)
    }

    fn hold_against(&self, counts: Counts, at_end: bool, latest: Option<&BadRecord>) -> Result<()> {
        let all = counts.good + counts.bad;
        if let Some(limit) = self.limits.count.filter(|limit| counts.bad > *limit) {
            return Err(too_many(
                counts,
                &format!("error.max.count is {limit}"),
                latest,
            ));
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
            Some(limit) => Err(too_many(
                counts,
                &format!("error.max.ratio is {limit}"),
                latest,
            )),
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
    /// The bad record that came last since the start of this attempt.
    latest: Option<BadRecord>,
}

impl Counter {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: None,
            last: Counts::default(),
            latest: None,
        }
    }
}

/// Records of the whole job since its start.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counts {
    good: u64,
    bad: u64,
}

fn too_many(counts: Counts, limit: &str, latest: Option<&BadRecord>) -> Error {
    let Counts { good, bad } = counts;
    let latest = latest.map_or_else(String::new, |bad| {
        format!(" (the latest: {})", dead_letter::reason(bad))
    });
    let message = format!(
        "{bad} of {} records are bad{latest}, and {limit}",
        good + bad
    );
    Error::new(&codes::BAD_RECORD_LIMIT, message)
        .next("look at the dead letters or the log, mend the input, or raise the limit")
}

/// As many bad records of a job are logged for everybody to see, the others at DEBUG.
const SHOWN: u64 = 10;

/// Logs bad records, before which there were `before` others in the job. Those of an epoch that is never
/// committed are found nowhere else.
pub(super) fn log(before: u64, bad: &[BadRecord]) {
    for (number, bad) in (before..).zip(bad) {
        let reason = dead_letter::reason(bad);
        if number < SHOWN {
            tracing::warn!("Bad record: {reason}");
        } else {
            tracing::debug!("Bad record: {reason}");
        }
        if number + 1 == SHOWN {
            tracing::warn!("More bad records are logged at DEBUG only.");
        }
    }
}

impl ProcessFunction<u8, Tally, Letter> for Counter {
    fn open(&mut self, context: &mut OpenContext<'_, u8>) -> Result<()> {
        let state = context.value("counts")?;
        // After a restart there may be no record left to tell.
        self.last = context.at_key(KEY, || state.get())?.unwrap_or_default();
        self.state = Some(state);
        Ok(())
    }

    fn process(&mut self, tally: Tally, _: &u8, out: &mut Collector<Letter>) -> Result<()> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        let mut counts = state.get()?.unwrap_or_default();
        log(counts.bad, &tally.bad);
        counts.good += tally.good;
        counts.bad += tally.bad.len() as u64;
        state.set(counts)?;
        self.last = counts;
        if let Some(bad) = tally.bad.last() {
            self.latest = Some(bad.clone());
        }
        self.limits.check(counts, false, self.latest.as_ref())?;
        if self.limits.letters.is_some() {
            let letters = tally.bad.into_iter().map(dead_letter::set_aside);
            letters.for_each(|letter| out.collect(letter));
        }
        Ok(())
    }

    fn watermark(&mut self, watermark: EventTime, _: &mut Collector<Letter>) -> Result<()> {
        if watermark < EventTime::MAX {
            return Ok(());
        }
        self.limits.check(self.last, true, self.latest.as_ref())?;
        let Counts { good, bad } = self.last;
        let whereto = match &self.limits.letters {
            Some(place) => format!("written to {place}"),
            None => "skipped".to_owned(),
        };
        if bad > 0 {
            tracing::warn!("{bad} of {} records were bad and {whereto}.", good + bad);
        }
        Ok(())
    }
}
