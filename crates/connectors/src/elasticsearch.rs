//! Elasticsearch and OpenSearch as a sink.
//!
//! At least once: a document is written again after a failure, under the same id, so that with `full` and `incremental` the
//! effect is that of once. A subtask has a few lanes, each with a thread that sends one bulk after the other; a document always
//! goes by the same lane, so that its changes arrive in their order. A checkpoint waits until every bulk of its epoch is settled.
//!
//! - [`options`], [`servers`], [`pattern`]: what is asked for.
//! - [`version`], [`outcome`], [`reply`], [`backoff`], [`mapping`], [`ids`], [`whole`], [`document`], [`epochs`]: what follows from what is known. Pure.
//! - [`bulk`], [`lane`], [`writer`]: from rows to bulks, on the worker.
//! - [`send`], [`client`], [`stop`]: from bulks to servers, on threads that wait.
//! - [`refusals`]: records that servers refuse, as dead letters.
//! - [`look`], [`inspection`]: what is looked at before anything is written.
//! - [`commit`], [`stale`], [`written`]: what is done when a snapshot is complete, and what the runs before have written.

mod backoff;
mod bulk;
mod chance;
mod client;
mod commit;
mod document;
mod epochs;
mod figures;
mod ids;
mod inspection;
mod lane;
mod look;
mod mapping;
mod options;
mod outcome;
mod pattern;
mod refusals;
mod reply;
mod send;
mod servers;
mod stale;
mod stop;
mod version;
mod whole;
mod writer;
mod written;

use std::sync::Arc;
use std::thread::Builder;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use millstream_core::guard::guarded;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    CommitterContext, Sink, SinkCommitter, SinkContext, SinkWriter, Waker,
};

pub use options::{Backoff, EsOptions, Flush, Login, SyncType};
pub use pattern::IndexPattern;
pub use refusals::Refusals;
pub use servers::Server;

use chance::Chance;
use client::{Client, Trouble};
use commit::EsCommitter;
use document::{Actions, documents};
use figures::Figures;
use ids::Ids;
use lane::Lane;
use look::Known;
use refusals::{Desk, Total};
use send::{Sender, Unsettled};
use stop::{Living, Stop};
use whole::Naming;
use writer::{EsWriter, State};
use written::Written;

use crate::formats::JsonRows;
use crate::rows::{Rows, is_json};
use crate::waiting::Waiting;

/// Writes rows as documents of Elasticsearch or OpenSearch. What becomes of ids, types and refused documents is in
/// `docs/guide/elasticsearch.md`.
#[derive(Clone)]
pub struct EsSink {
    options: Arc<EsOptions>,
    /// The columns that are written, where they are known.
    columns: Option<SchemaRef>,
    /// `None`: the first record that is refused fails the job.
    refusals: Option<Arc<dyn Refusals>>,
    shared: Arc<Shared>,
}

/// What committer and writers have in common.
#[derive(Default)]
struct Shared {
    /// What the committer, which may wait, has found out for the writers, which may not.
    known: Known,
    living: Living,
    total: Total,
}

impl EsSink {
    /// The sink that `options` describe. Asks no server.
    ///
    /// # Errors
    /// The certificates that are to be trusted can't be read.
    pub fn new(options: EsOptions) -> Result<Self> {
        let options = Arc::new(options);
        drop(Client::new(&options, 0)?);
        Ok(Self {
            options,
            columns: None,
            refusals: None,
            shared: Arc::default(),
        })
    }

    /// The same sink, which knows what columns are written, and holds them against the index before it writes.
    ///
    /// # Errors
    /// A column is missing, or one has the name of the version's.
    pub fn with_columns(mut self, columns: SchemaRef) -> Result<Self> {
        let options = &self.options;
        if is_json(&columns) {
            // Each record has fields of its own; which ones is known with the record.
            return match whole::check_index(&options.index) {
                Ok(()) => Ok(self),
                Err(why) => Err(Error::new(&codes::INGEST_PARAMETERS, why)
                    .next("give --stream.sql.schema.json '{\"column\": \"type\", …}'")),
            };
        }
        let is_there = |name: &str| columns.column_with_name(name).is_some();
        let known = || {
            let names = columns.fields().iter().map(|field| field.name().as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let wanted = options
            .id
            .iter()
            .map(|name| ("sink.es.unique.column", name.as_str()));
        let wanted = wanted.chain(options.index.columns().map(|name| ("sink.es.index", name)));
        for (parameter, name) in wanted {
            if !is_there(name) {
                let message = format!(
                    "{parameter} names the column {name}, and the columns are {}",
                    known()
                );
                return Err(Error::new(&codes::INGEST_PARAMETERS, message).next("name one of them"));
            }
        }
        let version = &options.version_column;
        if options.version.is_some() && is_there(version) {
            let message = format!(
                "the records have a column {version}, which is where sink.es.version is written"
            );
            return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                .next("give another sink.es.version.column, leave sink.es.version out, or rename the column in the SQL"));
        }
        self.columns = Some(columns);
        Ok(self)
    }

    /// The same sink, which sets records aside that the servers refuse.
    #[must_use]
    pub fn with_refusals(mut self, refusals: Arc<dyn Refusals>) -> Self {
        self.refusals = Some(refusals);
        self
    }

    /// Whether rows can be documents: they are written into nowhere.
    ///
    /// # Errors
    /// They can't.
    pub fn try_rows(&self, batch: &RecordBatch) -> Result<()> {
        self.shown(batch).map(drop)
    }

    /// The documents of rows as people are shown them: index and id, and the document.
    ///
    /// # Errors
    /// A row can't be a document.
    pub fn shown(&self, batch: &RecordBatch) -> Result<Vec<String>> {
        let unfit = |why: String| {
            Error::new(&codes::INGEST_PARAMETERS, why)
                .next("name another column, or cast it in the SQL")
        };
        let documents = documents(batch)?;
        let naming = Naming::of(batch, &self.options).map_err(unfit)?;
        let ids = Ids::of(&naming.named, &self.options.id).map_err(unfit)?;
        let indices = self.options.index.indices(&naming.named, now());
        let indices = indices.map_err(unfit)?;
        let actions = Actions::new(&self.options, None);
        let mut rows = JsonRows::new(&documents)?;
        let (mut id, mut index) = (String::new(), String::new());
        let shown = (0..batch.num_rows()).map(|row| {
            let mut out = Vec::new();
            actions.append_document(row, &mut rows, &mut out);
            let named = naming.why_not(row).is_none()
                && ids.put(row, &mut id).is_ok()
                && indices.put(row, &mut index).is_ok();
            let document = String::from_utf8_lossy(&out);
            match named {
                true => format!("{index}/{id} {document}"),
                false => format!("(no id) {document}"),
            }
        });
        Ok(shown.collect())
    }

    fn look(&self) -> std::result::Result<(), Trouble> {
        let mut client = Client::new(&self.options, 0)?;
        let found = look::look(&mut client, &self.options, self.columns.as_deref())?;
        self.shared.known.set(found);
        Ok(())
    }

    /// A lane, and its thread.
    fn start(&self, number: usize, with: &With) -> Result<Arc<Lane>> {
        let lane = Arc::new(Lane::new(self.options.flush));
        let sender = Sender {
            client: Client::new(&self.options, with.subtask + number)?,
            options: Arc::clone(&self.options),
            known: self.shared.known.clone(),
            schema: self.columns.clone(),
            fails: self.refusals.is_none(),
            figures: with.figures.clone(),
            waiting: with.waiting.another(),
            stop: with.stop.clone(),
            chance: Chance::new(),
        };
        let (own, waker, life) = (
            Arc::clone(&lane),
            with.waker.clone(),
            self.shared.living.enter(),
        );
        // Nothing is given to the others before one has looked.
        let looks = number == 0;
        let run = move || {
            // A worker that waits for its end would wait for ever.
            if let Err(panic) = guarded(|| send_all(&own, sender, looks, &waker)) {
                let what = format!("a thread that writes to Elasticsearch gave up: {panic}");
                own.failed(Error::new(&codes::INTERNAL, what));
                waker.wake();
            }
            drop(life);
        };
        // Nobody waits for its end but who writes next: a server that does not answer must not hold up a job that is cancelled.
        Builder::new()
            .name(format!("es-sink-{}-{number}", with.subtask))
            .spawn(run)
            .map_err(|error| {
                Error::new(&codes::SINK_WRITE, "a thread of the sink can't be started")
                    .cause(error)
                    .next("check the limit of threads (ulimit -u)")
            })?;
        Ok(lane)
    }
}

/// What the lanes of a writer have in common.
struct With {
    subtask: usize,
    waker: Waker,
    waiting: Waiting,
    figures: Figures,
    stop: Stop,
}

/// Sends the bulks of a lane, one after the other.
fn send_all(lane: &Lane, mut sender: Sender, looks: bool, waker: &Waker) {
    let ended = match looks {
        true => sender.look_first().and_then(|()| {
            waker.wake();
            send_each(lane, &mut sender, waker)
        }),
        false => send_each(lane, &mut sender, waker),
    };
    if let Err(Unsettled::Failed(error)) = ended {
        lane.failed(error);
        waker.wake();
    }
}

fn send_each(
    lane: &Lane,
    sender: &mut Sender,
    waker: &Waker,
) -> std::result::Result<(), Unsettled> {
    while let Some(bulk) = lane.next() {
        if lane.is_wanted() {
            waker.wake();
        }
        let settled = sender.settle(&bulk)?;
        lane.done(bulk, settled);
        waker.wake();
    }
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "an index by the time of writing is named by a clock"
)]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    i64::try_from(millis).unwrap_or(i64::MAX)
}

impl Sink<Rows> for EsSink {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<Rows>>> {
        let with = With {
            subtask: context.subtask,
            waker: context.waker.clone(),
            waiting: Waiting::new(context.held_up.clone()),
            figures: Figures::new(context.gauges.clone()),
            stop: Stop::default(),
        };
        let written = Written::of(&self.options, context.restored.as_deref());
        if with.subtask == 0 {
            written.tell(&self.options);
        }
        // Dropped, it ends the threads that have been started.
        let mut writer = EsWriter {
            actions: None,
            known: self.shared.known.clone(),
            written,
            options: Arc::clone(&self.options),
            lanes: Vec::new(),
            desk: Desk::open(self.refusals.clone(), self.shared.total.clone(), context)?,
            subtask: with.subtask,
            stop: with.stop.clone(),
            clock: now,
            waker: with.waker.clone(),
            state: State::default(),
        };
        for number in 0..self.options.flush.concurrent.max(1) {
            writer.lanes.push(self.start(number, &with)?);
        }
        Ok(Box::new(writer))
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(Box::new(EsCommitter::new(self, context)?))
    }
}
