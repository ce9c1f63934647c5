//! Kafka as a sink.
//!
//! At least once: one idempotent producer for each subtask, all of whose messages are delivered before a snapshot is
//! taken. The worker gives messages to librdkafka's own buffer, which is bounded; where it is full the stream is held up. A
//! thread for each producer hears what became of messages.
//!
//! - [`options`]: what is asked for.
//! - [`envelope`], [`encode`]: from rows to messages. Pure.
//! - [`account`], [`producer`], [`pump`]: producers, what is known of their messages, and who hears of that.
//! - [`topic`], [`period`], [`limits`]: what is looked at before anything is written. [`refusals`]: what is said of what brokers refuse.
//! - [`writer`]: at least once.
//!
//! Exactly once: one transaction for each subtask and checkpoint. A subtask has a few transactional ids: while one waits for
//! its checkpoint the next is written. Each id has a [`lane`]: a producer and a thread that opens, flushes, marks and gives up
//! transactions. A flushed one is handed to the committer, which commits it through its own producer; whoever comes after a
//! failure settles it as [`proof`](crate::kafka::proof) says, before any id is initialised.
//!
//! - [`names`], [`timeout`]: what ids are called, and how long a transaction may be open. Pure.
//! - [`exactly_once`], [`lane`], [`transactions`]: the writer, its lanes, what is asked of producers. [`rights`]: whether brokers and
//!   user allow transactions and their proof.
//! - [`letters`], [`output`]: dead letters, in a sink of their own or in the transactions of the output.
//! - [`registry`], [`commit`]: from the writers to the committer.

mod account;
mod commit;
mod encode;
mod envelope;
mod exactly_once;
mod lane;
mod letters;
mod limits;
mod names;
mod options;
mod output;
mod period;
mod producer;
mod pump;
mod refusals;
mod registry;
mod rights;
pub(super) mod timeout;
pub(super) mod topic;
mod transactions;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use millstream_core::Result;
use millstream_core::lineage::Kin;
use millstream_engine::connector::{
    Cancelled, CommitterContext, Sink, SinkCommitter, SinkContext, SinkWriter,
};
use rdkafka::config::ClientConfig;

use super::figures::Sent;
use super::times::present;
use super::wire::Cluster;
use crate::rows::Rows;

pub use envelope::AROUND;
pub use options::{Called, Create, KafkaSinkOptions, MessageFormat, NewTopic, Timing};
pub use output::{KafkaLetters, KafkaOutput, Output};
pub(super) use rights::too_old;

use account::Account;
use commit::KafkaCommitter;
use encode::{Encode, Encoder};
use exactly_once::{ExactlyOnce, SinkState};
use lane::Common;
use limits::{Found, Largest, Limits, Told};
use names::Names;
use registry::Registry;
use writer::AtLeastOnce;

/// The largest message where nobody has asked the brokers: what Java's producer takes.
pub const USUAL_MESSAGE_BYTES: usize = 1_048_576;

/// Writes rows as messages into a topic of Kafka. What becomes of keys, nulls and the rest is in `docs/guide/kafka.md`.
#[derive(Clone)]
pub struct KafkaSink {
    options: Arc<KafkaSinkOptions>,
    /// `None`: at least once.
    exactly_once: Option<Timing>,
    limits: Limits,
    shared: Arc<Shared>,
}

/// What committer and writers have in common.
#[derive(Default)]
struct Shared {
    /// The topic of dead letters, where the sink writes those, too: the same options but for the topic.
    letters: Option<KafkaSinkOptions>,
    /// What was found out about that.
    letters_found: Mutex<Option<Found>>,
    /// What the committer, which may wait, has found out for the writers, which may not.
    found: Mutex<Option<Found>>,
    registry: Arc<Registry>,
}

impl KafkaSink {
    /// The sink that `options` describe, at least once. Asks no broker.
    ///
    /// # Errors
    /// A property is not taken.
    pub fn new(options: KafkaSinkOptions) -> Result<Self> {
        // What librdkafka does not take is told before the job starts.
        let account = Arc::new(Account::unseen());
        let config = producer::configuration(&options, None);
        drop(producer::producer(
            &config,
            &options.topic,
            options.called,
            account,
        )?);
        Ok(Self {
            options: Arc::new(options),
            exactly_once: None,
            limits: Limits::of(&config),
            shared: Arc::default(),
        })
    }

    /// The same sink with output that is there exactly once for readers of what is committed.
    ///
    /// # Errors
    /// Transactions can't be asked about with these properties.
    pub fn exactly_once(mut self, timing: Timing) -> Result<Self> {
        cluster(&self.options)?;
        self.exactly_once = Some(timing);
        Ok(self)
    }

    /// The same sink, which writes dead letters into another topic of the same brokers, in the same transactions
    /// ([`output`](Self::output)). `create`: how that topic is made where it is missing.
    pub fn with_letters(mut self, topic: &str, create: Option<NewTopic>) -> Self {
        let letters = KafkaSinkOptions {
            topic: topic.to_owned(),
            create,
            called: Called::DeadLetters,
            ..(*self.options).clone()
        };
        self.shared = Arc::new(Shared {
            letters: Some(letters),
            ..Shared::default()
        });
        self
    }

    /// Whether rows can be messages: they are written into nowhere.
    ///
    /// # Errors
    /// They can't.
    pub fn try_rows(&self, batch: &RecordBatch) -> Result<()> {
        encode::try_rows(&self.options, batch)
    }

    /// The messages of rows as people are shown them: the key, where there is one, and the value.
    ///
    /// # Errors
    /// A row can't be a message.
    pub fn shown(&self, batch: &RecordBatch) -> Result<Vec<String>> {
        encode::shown(&self.options, batch)
    }

    /// Hands the key of the message of each row to `each`, in their order; `None`: it has none. Messages with the same key go to the same
    /// partition.
    ///
    /// # Errors
    /// A row can't be a message.
    pub fn each_key(&self, batch: &RecordBatch, each: impl FnMut(Option<&[u8]>)) -> Result<()> {
        encode::each_key(&self.options, batch, each)
    }

    /// How many bytes the message of each row has: value, key and headers.
    ///
    /// # Errors
    /// A row can't be a message.
    pub fn message_bytes(&self, batch: &RecordBatch) -> Result<Vec<usize>> {
        encode::sizes(&self.options, batch)
    }

    /// The largest message that is taken, in bytes, and what says so: the smallest of what was given, what the topic takes, once a
    /// broker was asked, and what fits into the memory of a producer.
    pub fn largest_message(&self) -> (usize, &'static str) {
        let Largest { bytes, by } = self.limits.largest(self.shared.known().as_ref());
        (bytes, by)
    }

    /// The rows whose headers are none, and why.
    ///
    /// # Errors
    /// The column of headers holds no texts.
    pub fn without_headers(&self, batch: &RecordBatch) -> Result<Vec<(usize, String)>> {
        encode::without_headers(batch)
    }

    /// The rows whose messages have times that the topic does not take, and why; none before a broker was asked.
    ///
    /// # Errors
    /// A row can't be a message.
    pub fn untimely(&self, batch: &RecordBatch) -> Result<Vec<(usize, String)>> {
        let period = self.shared.known().map(|found| found.period);
        period.map_or(Ok(Vec::new()), |period| {
            encode::untimely(batch, period, present())
        })
    }

    /// What was asked for.
    pub(super) fn options(&self) -> &KafkaSinkOptions {
        &self.options
    }

    /// How long transactions are open; `None`: at least once, without any.
    pub(super) const fn timing(&self) -> Option<Timing> {
        self.exactly_once
    }

    /// The longest time between two checkpoints that a job can be given while it runs; `None`: any.
    pub fn longest_interval(&self) -> Option<Duration> {
        let given = self.options.properties.get("transaction.timeout.ms");
        let timing = self.exactly_once?;
        Some(timeout::longest_interval(timing, given))
    }

    fn found(&self) -> Result<Found> {
        match self.shared.known() {
            Some(found) => Ok(found),
            None => {
                let exactly_once = self.exactly_once.is_some();
                self.shared
                    .look(&self.options, &Cancelled::default(), exactly_once)
            }
        }
    }

    /// The writer of one subtask, whose messages `encoder` makes.
    fn writer<T: 'static>(
        &self,
        encoder: impl FnOnce(&Found) -> Box<dyn Encode<T>>,
        context: SinkContext,
    ) -> Result<Box<dyn SinkWriter<T>>> {
        let found = self.found()?;
        let encoder = encoder(&found);
        if let Some(timing) = self.exactly_once {
            let writer = self.open_exactly_once(encoder, timing, found, &context)?;
            return Ok(Box::new(writer));
        }
        let config = producer::configuration(&self.options, Some(self.shared.told(&found)));
        let writer = AtLeastOnce::start(&self.options, encoder, &config, context)?;
        Ok(Box::new(writer))
    }

    fn rows(&self) -> Box<dyn Encode<Rows>> {
        Box::new(Encoder::new(Arc::clone(&self.options)))
    }

    fn committed_by(&self, context: CommitterContext) -> Box<dyn SinkCommitter> {
        Box::new(KafkaCommitter::new(
            Arc::clone(&self.options),
            Arc::clone(&self.shared),
            self.exactly_once.is_some(),
            context,
        ))
    }

    fn open_exactly_once<T>(
        &self,
        encoder: Box<dyn Encode<T>>,
        timing: Timing,
        found: Found,
        context: &SinkContext,
    ) -> Result<ExactlyOnce<T>> {
        let states = SinkState::all(context.restored.as_deref().unwrap_or_default());
        let restored = states.iter().map(|state| state.job);
        let kin = Kin::new(context.job, context.run, &context.lineage, restored);
        let names = Names::new(kin.author, &context.uid);
        let (config, longest) = self.transactional(timing, found, context.subtask == 0)?;
        let common = Common {
            config,
            oldest: timeout::oldest(timing, longest),
            topic: self.options.topic.clone(),
            called: self.options.called,
            proof: self.options.proof,
            cluster: cluster(&self.options)?,
            registry: Arc::clone(&self.shared.registry),
            next: context.next_checkpoint,
            waker: context.waker.clone(),
            sent: Sent::new(context.gauges.clone(), context.held_up.clone(), true),
        };
        ExactlyOnce::start(encoder, names, common, context)
    }

    /// What producers of transactions are told, without their ids, and how long a transaction may be open.
    fn transactional(
        &self,
        timing: Timing,
        found: Found,
        tell: bool,
    ) -> Result<(ClientConfig, Duration)> {
        let given = self.options.properties.get("transaction.timeout.ms");
        let chosen = timeout::choose(timing, found.transaction_ms, given)?;
        if let Some(warning) = chosen.warning.filter(|_| tell) {
            tracing::warn!("Topic {}: {warning}.", self.options.topic);
        }
        let told = self.shared.told(&found);
        let mut config = producer::configuration(&self.options, Some(told));
        let timeout = chosen.timeout.as_millis();
        config.set("transaction.timeout.ms", timeout.to_string());
        // librdkafka wants at least one request to fit in.
        let wait = config
            .get("socket.timeout.ms")
            .and_then(|wait| wait.parse().ok());
        if wait.is_none_or(|wait: u128| wait > timeout) {
            config.set("socket.timeout.ms", timeout.min(180_000).to_string());
        }
        Ok((config, chosen.timeout))
    }
}

impl Shared {
    fn known(&self) -> Option<Found> {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the topic of dead letters, where the sink writes that, too.
    fn known_of_letters(&self) -> Option<Found> {
        *self
            .letters_found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What a producer is told of the topics that it writes.
    fn told(&self, found: &Found) -> Told {
        Told::of(found, self.known_of_letters().as_ref())
    }

    /// Looks at the topic and the brokers, at the start of each attempt.
    fn look(
        &self,
        options: &KafkaSinkOptions,
        cancelled: &Cancelled,
        exactly_once: bool,
    ) -> Result<Found> {
        let looked = topic::look(options, cancelled, exactly_once)?;
        if let Some(letters) = &self.letters {
            let looked = topic::look(letters, cancelled, false)?;
            let mut found = self
                .letters_found
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *found = Some(looked);
        }
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(looked);
        Ok(looked)
    }
}

/// What transactional ids of any job begin with.
pub(super) const fn prefix_of_ids() -> &'static str {
    names::BEGIN
}

/// Whom to ask about transactions.
fn cluster(options: &KafkaSinkOptions) -> Result<Arc<Cluster>> {
    let settings = options.properties.settings();
    Cluster::new(&options.brokers, settings).map(Arc::new)
}

impl Sink<Rows> for KafkaSink {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<Rows>>> {
        self.writer(|_| self.rows(), context)
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(self.committed_by(context))
    }
}
