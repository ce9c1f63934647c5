//! Who looks into which parts the rows are split, once for all readers: a thread that asks the server, and the enumerator
//! that announces what it has found.

use std::sync::Arc;

use arrow::array::AsArray;
use crossbeam_channel::{Receiver, TryRecvError, bounded};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Enumerated, Enumerator, EnumeratorContext, Notice, SnapshotRequest, SourceSnapshot,
};

use super::describe::{SharedColumns, column_of};
use super::options::SplitBy;
use super::plan::Plan;
use super::position::{Parts, Query};
use super::session::{Reach, Session, Waiting, tell_progress};
use super::split::{LOWER, MOST_PARTS, MOST_TEXTS, Scale, UPPER, parts_of_texts};
use super::trouble::Trouble;
use super::types::Column;
use super::worker::Worker;

/// Parts for each subtask, where nobody says how many: some are done before others.
const FOR_EACH: u32 = 4;

/// Announces parts.
pub(super) struct PartsEnumerator {
    query: Query,
    /// What is to be announced, or has been.
    conditions: Option<Vec<String>>,
    announced: bool,
    looking: Option<Looking>,
}

/// Somebody looks for them.
struct Looking {
    found: Receiver<Result<Vec<String>>>,
    /// Dropped with the enumerator, which ends the thread and what it has begun at the server.
    _worker: Worker,
    held_up: Notice,
}

impl PartsEnumerator {
    /// Starts to look, unless a snapshot knows or there is nothing to be split.
    ///
    /// # Errors
    /// The snapshot is of another query, or there can't be a thread.
    pub(super) fn open(plan: &Arc<Plan>, context: EnumeratorContext) -> Result<Self> {
        let split = plan.options.split.clone();
        let column = split.as_ref().map(|split| split.column.as_str());
        let query = Query::of(plan.statement.all(), column, &plan.options.url.session);
        let mut conditions = None;
        if let Some(restored) = &context.restored {
            conditions = Parts::restore(&restored.entries, query)?.conditions;
        }
        let mut looking = None;
        match (&conditions, split) {
            (Some(_), _) => {}
            (None, None) => conditions = Some(vec![String::new()]),
            (None, Some(split)) => looking = Some(look(plan, split, context)?),
        }
        Ok(Self {
            query,
            conditions,
            announced: false,
            looking,
        })
    }
}

fn look(plan: &Arc<Plan>, split: SplitBy, context: EnumeratorContext) -> Result<Looking> {
    let (tell, found) = bounded(1);
    let own = Arc::clone(plan);
    let waker = context.waker.clone();
    let held_up = context.progress.held_up.clone();
    let shown = held_up.clone();
    let parallelism = u32::try_from(context.parallelism).unwrap_or(1);
    let parts = split.parts.unwrap_or(parallelism.saturating_mul(FOR_EACH));
    let worker = Worker::start("hive parts".to_owned(), plan, move |stopped, reach| {
        let asking = Asking {
            plan: &own,
            split: &split,
            parts: parts.clamp(1, MOST_PARTS),
            stop: &stopped,
            reach: &reach,
            held_up: &shown,
        };
        // If it is not taken, the enumerator is gone.
        drop(tell.send(asking.ask()));
        waker.wake();
    })?;
    Ok(Looking {
        found,
        _worker: worker,
        held_up,
    })
}

impl Enumerator for PartsEnumerator {
    fn poll(&mut self) -> Result<Enumerated> {
        if self.announced {
            return Ok(Enumerated::Ended);
        }
        if let Some(looking) = &self.looking {
            match looking.found.try_recv() {
                Ok(found) => self.conditions = Some(found?),
                Err(TryRecvError::Empty) => {
                    return Ok(match looking.held_up.get() {
                        Some(why) => Enumerated::HeldUp(why),
                        None => Enumerated::Pending(None),
                    });
                }
                Err(TryRecvError::Disconnected) => {
                    let message = "the thread that asks Hive for parts is gone";
                    return Err(Error::new(&codes::INTERNAL, message));
                }
            }
            looking.held_up.set(None);
            self.looking = None;
        }
        self.announced = true;
        let conditions = self.conditions.as_deref().unwrap_or_default();
        // Of texts only, which JSON always holds.
        let announcement = serde_json::to_vec(conditions).unwrap_or_default();
        Ok(Enumerated::Found(announcement.into()))
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<SourceSnapshot> {
        // What was not announced may be found otherwise the next time.
        let conditions = self.conditions.clone().filter(|_| self.announced);
        Ok(vec![Parts::new(self.query, conditions).entry()].into())
    }
}

/// Who asks.
struct Asking<'a> {
    plan: &'a Plan,
    split: &'a SplitBy,
    parts: u32,
    stop: &'a Receiver<()>,
    reach: &'a Reach,
    held_up: &'a Notice,
}

impl Asking<'_> {
    fn ask(&self) -> Result<Vec<String>> {
        let column = column_of(&self.plan.columns, &self.split.column)?;
        let scale = Scale::of(column)?;
        let name = column.name.as_str();
        if scale == Scale::Texts {
            let mut texts = self.texts(name)?;
            return Ok(parts_of_texts(name, &mut texts, self.parts));
        }
        let given = |name: &str, text: &Option<String>| {
            let bound = text.as_ref().map(|text| scale.bound(name, text));
            bound.transpose()
        };
        let lower = given(LOWER, &self.split.lower)?;
        let upper = given(UPPER, &self.split.upper)?;
        let (lower, upper) = match (lower, upper) {
            (Some(lower), Some(upper)) => (Some(lower), Some(upper)),
            (lower, upper) => {
                let (least, greatest) = self.bounds(column, scale)?;
                (lower.or(least), upper.or(greatest))
            }
        };
        Ok(match (lower, upper) {
            (Some(lower), Some(upper)) => scale.parts(name, lower, upper, self.parts),
            // No row has a value.
            _ => vec![String::new()],
        })
    }

    fn bounds(&self, column: &Column, scale: Scale) -> Result<(Option<i128>, Option<i128>)> {
        let quoted = super::statement::quoted(&column.name);
        let asked = format!("min({quoted}) as least, max({quoted}) as greatest");
        let statement = self.plan.statement.some(&asked, "")?;
        let (mut least, mut greatest) = (None, None);
        self.read(&statement, &mut |arrays| {
            if let [first, second] = arrays {
                least = scale.value(first);
                greatest = scale.value(second);
            }
            Ok(())
        })?;
        Ok((least, greatest))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>> {
        let asked = format!("distinct {}", super::statement::quoted(name));
        let statement = self.plan.statement.some(&asked, "")?;
        let mut texts = Vec::new();
        self.read(&statement, &mut |arrays| {
            let found = arrays.first().and_then(|array| array.as_string_opt::<i32>());
            let found = found.into_iter().flat_map(|texts| texts.iter().flatten());
            texts.extend(found.map(str::to_owned));
            if texts.len() <= MOST_TEXTS {
                return Ok(());
            }
            let message = format!("source.db.partition.column `{name}` has more than {MOST_TEXTS} different texts");
            Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message)
                .next("give a column of numbers, dates or timestamps, or one with fewer texts, such as a partition of the table"))
        })?;
        Ok(texts)
    }

    /// Reads all rows of a short answer.
    fn read(
        &self,
        statement: &str,
        take: &mut dyn FnMut(&[arrow::array::ArrayRef]) -> Result<()>,
    ) -> Result<()> {
        let url = &self.plan.options.url;
        let session = Session::open(url, &self.plan.options.login, self.reach, self.stop);
        let mut session = session.map_err(|trouble| trouble.error(url))?;
        let read = self.read_in(&mut session, statement, take);
        session.close();
        read
    }

    fn read_in(
        &self,
        session: &mut Session,
        statement: &str,
        take: &mut dyn FnMut(&[arrow::array::ArrayRef]) -> Result<()>,
    ) -> Result<()> {
        let failed = |trouble: Trouble| trouble.error(&self.plan.options.url);
        let show = |progress: &str| {
            let text =
                format!("Hive looks for the bounds of source.db.partition.column: {progress}");
            tell_progress(self.held_up, text);
        };
        show("the statement has begun");
        let waiting = Waiting {
            stop: self.stop,
            show: &show,
        };
        let running = session.execute(statement, self.stop).map_err(failed)?;
        session.finish(&running, &waiting).map_err(failed)?;
        let columns: SharedColumns = Arc::new(session.columns(&running).map_err(failed)?);
        let wanted = vec![true; columns.len()];
        loop {
            let fetched = session
                .fetch(&running, 10_000, &columns, &wanted)
                .map_err(failed)?;
            if fetched.rows == 0 {
                break;
            }
            take(&fetched.columns)?;
        }
        session.close_statement(&running);
        Ok(())
    }
}
