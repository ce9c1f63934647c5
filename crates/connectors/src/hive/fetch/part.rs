//! One part, from its statement to its last row.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use millstream_core::{Error, Result, codes};

use super::{Ended, Event, Fetching, Wanted};
use crate::hive::digest::{Compared, Digest};
use crate::hive::options::ExactlyOnce;
use crate::hive::pace::Pace;
use crate::hive::rowset::Fetched;
use crate::hive::session::{Running, Session, Waiting, tell_progress};

/// Reads one part.
pub(super) struct PartReader<'a> {
    pub(super) fetching: &'a Fetching,
    pub(super) session: &'a mut Session,
    pub(super) wanted: &'a Wanted,
}

/// What became of the rows that were handed out before.
enum Before {
    /// They are the same. What is left of the last answer, if there is something, and how many rows of it are to be left out.
    Same(Option<(Fetched, usize)>),
    /// They are not, or nothing tells.
    Doubtful(&'static Doubt),
}

/// Why rows can't be counted off that were handed out before, and what to do about it.
struct Doubt {
    why: &'static str,
    next: &'static str,
}

const OTHERWISE: Doubt = Doubt {
    why: "do not come again as they were handed out: they have no order, or the table has changed",
    next: "give source.db.sql an `order by` over columns that tell every row from every other, or go on with \
           --source.db.exactly-once best-effort: rows then come again",
};

const UNTOLD: Doubt = Doubt {
    why: "can't be compared with those that were handed out: stream.sql reads none of the columns that it read then",
    next: "have stream.sql read a column that it read before, best one that tells every row from every other, or go on with \
           --source.db.exactly-once best-effort: rows then come again",
};

impl PartReader<'_> {
    /// Hands over all rows that were not handed out before.
    pub(super) fn read(&mut self) -> Result<(), Ended> {
        let before = self.wanted.position.rows;
        let mut running = self.execute()?;
        let mut pace = Pace::new(self.plan().options.fetch);
        let mut first = 0;
        if before > 0 {
            match self.pass_over(&running, before, &mut pace)? {
                Before::Same(rest) => {
                    first = before;
                    if let Some((fetched, from)) = rest {
                        first += self.hand_over(fetched, from, first)?;
                    }
                }
                Before::Doubtful(doubt) => {
                    self.judge(before, doubt)?;
                    self.session.close_statement(&running);
                    self.fetching.tell(Event::Again(self.wanted.part))?;
                    running = self.execute()?;
                }
            }
        }
        loop {
            let fetched = self.fetch(&running, &mut pace)?;
            if fetched.rows == 0 {
                break;
            }
            first += self.hand_over(fetched, 0, first)?;
        }
        self.session.close_statement(&running);
        Ok(())
    }

    fn plan(&self) -> &crate::hive::plan::Plan {
        &self.fetching.plan
    }

    fn execute(&mut self) -> Result<Running, Ended> {
        let fetching = self.fetching;
        let statement = fetching
            .plan
            .part(&self.wanted.condition)
            .map_err(Ended::Failed)?;
        let part = self.wanted.part;
        let show = |progress: &str| {
            let text = match self.wanted.condition.is_empty() {
                true => format!("Hive runs the statement: {progress}"),
                false => format!("Hive runs the statement of part {part}: {progress}"),
            };
            tell_progress(&fetching.held_up, text);
        };
        show("it has begun");
        let running = self.session.execute(&statement, &fetching.stop);
        let running = running.map_err(|trouble| fetching.ended(&trouble))?;
        let waiting = Waiting {
            stop: &fetching.stop,
            show: &show,
        };
        let finished = self.session.finish(&running, &waiting);
        finished.map_err(|trouble| fetching.ended(&trouble))?;
        fetching.held_up.set(None);
        let columns = self.session.columns(&running);
        let columns = columns.map_err(|trouble| fetching.ended(&trouble))?;
        if columns != *fetching.plan.columns {
            let message = format!(
                "HiveServer2 at {}: the rows have other columns than when the job was started",
                fetching.plan.options.url
            );
            return Err(Ended::Failed(
                Error::new(&codes::SOURCE_SCHEMA, message)
                    .next("start the job again from its last checkpoint, with SQL that fits the columns as they are"),
            ));
        }
        Ok(running)
    }

    /// The next rows. A statement that nobody wants any more is cancelled.
    fn fetch(&mut self, running: &Running, pace: &mut Pace) -> Result<Fetched, Ended> {
        let fetching = self.fetching;
        if !fetching.is_wanted() {
            self.session.cancel(running);
            return Err(Ended::Stopped);
        }
        let plan = &fetching.plan;
        let fetched = self
            .session
            .fetch(running, pace.rows(), &plan.columns, &plan.wanted);
        let fetched = fetched.map_err(|trouble| fetching.ended(&trouble))?;
        let bytes = fetched
            .columns
            .iter()
            .map(|column| column.get_array_memory_size());
        pace.came(fetched.rows, bytes.sum());
        Ok(fetched)
    }

    /// Reads again what was handed out before, and compares.
    fn pass_over(
        &mut self,
        running: &Running,
        before: u64,
        pace: &mut Pace,
    ) -> Result<Before, Ended> {
        let mut digest = Digest::default();
        let mut left = before;
        loop {
            let fetched = self.fetch(running, pace)?;
            if fetched.rows == 0 {
                return Ok(Before::Doubtful(&OTHERWISE));
            }
            let taken = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(fetched.rows);
            digest.take(&self.rows(&fetched)?.slice(0, taken));
            left -= taken as u64;
            if left > 0 {
                continue;
            }
            let names = self.plan().schema.fields().iter();
            let names = names.map(|field| field.name().clone());
            return Ok(match digest.compare(&self.wanted.position.digest, names) {
                Compared::Same => Before::Same((taken < fetched.rows).then_some((fetched, taken))),
                Compared::Other => Before::Doubtful(&OTHERWISE),
                Compared::Unknown => Before::Doubtful(&UNTOLD),
            });
        }
    }

    /// What follows when rows are not known to be those that they were.
    fn judge(&self, before: u64, doubt: &Doubt) -> Result<(), Ended> {
        let place = match self.wanted.condition.as_str() {
            "" => "the query".to_owned(),
            condition => format!("the part where {condition}"),
        };
        let url = &self.plan().options.url;
        let message = format!(
            "HiveServer2 at {url}: the first {before} rows of {place} {}",
            doubt.why
        );
        match self.plan().options.exactly_once {
            ExactlyOnce::BestEffort => {
                tracing::warn!(
                    "{message}; it is read from its start, so that up to {before} rows come twice."
                );
                Ok(())
            }
            ExactlyOnce::Require => Err(Ended::Failed(
                Error::new(&codes::SOURCE_HIVE_ORDER, message).next(doubt.next),
            )),
        }
    }

    /// Hands over rows from one of them on: how many.
    fn hand_over(&self, fetched: Fetched, from: usize, first: u64) -> Result<u64, Ended> {
        let rows = self.rows(&fetched)?;
        let count = fetched.rows - from;
        let mut misfits = fetched.misfits;
        misfits.retain(|misfit| misfit.row >= from);
        misfits.iter_mut().for_each(|misfit| misfit.row -= from);
        self.fetching.tell(Event::Rows {
            part: self.wanted.part,
            first,
            rows: rows.slice(from, count),
            misfits,
        })?;
        Ok(count as u64)
    }

    /// The rows with the columns that are wanted, in their order.
    fn rows(&self, fetched: &Fetched) -> Result<RecordBatch, Ended> {
        let plan = self.plan();
        let columns = plan
            .order
            .iter()
            .map(|place| fetched.columns.get(*place).cloned());
        let columns: Vec<ArrayRef> = columns.flatten().collect();
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(fetched.rows));
        let rows = RecordBatch::try_new_with_options(Arc::clone(&plan.schema), columns, &options);
        rows.map_err(|error| {
            let message = "columns of Hive make no batch";
            Ended::Failed(Error::new(&codes::INTERNAL, message).cause(error))
        })
    }
}
