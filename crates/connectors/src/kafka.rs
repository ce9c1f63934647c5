//! Kafka as a source and as a sink.
//!
//! The source:
//! An enumerator finds partitions for all readers, with a thread that asks brokers; a reader consists of the worker's
//! side and a thread that fetches. Which subtask reads a partition is a function of its name and the parallelism, and
//! positions are state: the job is no member of the consumer group, whose offsets it reads at its first start and
//! writes behind completed checkpoints, for people and tools to see. Only where reading begins is written before: a start that
//! fails before the first checkpoint is found there again.
//!
//! - [`options`], [`properties`]: what is asked for; Java's names.
//! - [`partition`], [`begin`], [`topics`], [`messages`]: positions, and decisions about them. Pure.
//! - [`decode`], [`headers`]: from messages to rows. Pure.
//! - [`client`], [`discovery`], [`fetch`]: consumers, and the threads that have them. [`fetched`]: how far they are.
//! - [`letter_source`], [`letter_topic`]: dead letters, read once more.
//! - [`identity`]: whether a topic is still the one that was read.
//! - [`figures`]: what people see of clients.
//! - [`inspection`]: whether a source or sink would start. [`grants`]: what is said of rights that lack.
//! - [`token`]: the tokens of OAUTHBEARER.
//! - [`times`]: how far event time has come.
//! - [`reader`]: the worker's side.
//! - [`transaction`]: what a snapshot keeps of a transaction. [`proof`]: what became of it; [`wire`]: raw requests.
//!
//! The [`sink`] is a room of its own.

mod begin;
mod client;
mod decode;
mod discovery;
mod fetch;
mod fetched;
mod figures;
mod grants;
mod headers;
mod identity;
mod inspection;
mod letter_source;
mod letter_topic;
mod messages;
mod options;
mod partition;
pub mod proof;
mod properties;
mod reader;
mod sink;
mod times;
mod token;
mod topics;
mod transaction;
mod wire;

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use millstream_core::Result;
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Owner, Source, SourceContext, SourceReader,
};
use tracing::warn;

pub use decode::{ENVELOPE, TEXT_COLUMN, text_schema};
pub use letter_source::LetterSource;
pub use letter_topic::read_letters;
pub use options::{End, KafkaSourceOptions, Lost, Reset, Topics, ValueFormat};
pub use properties::Properties;
pub use sink::{
    AROUND, Called, Create, KafkaLetters, KafkaOutput, KafkaSink, KafkaSinkOptions, MessageFormat,
    NewTopic, Output, Timing, USUAL_MESSAGE_BYTES,
};
pub use transaction::{Described, Place, Proof, State, Transaction};
pub use wire::{Cluster, Listed, Session, TopicFound, TransactionVersion};

use decode::{Decoder, Shape};
use discovery::Partitions;
use fetch::Fetcher;
use partition::{Partition, Position};
use reader::KafkaReader;
use topics::Wanted;

use crate::rows::Parsed;

/// Reads topics of Kafka as rows of a table. What is decided about nulls, tombstones, numbers and the rest is in
/// `docs/guide/kafka.md`.
///
/// `SourceStatus::Ready` counts good rows and bad records together, so that bad ones are bounded, too.
#[derive(Debug, Clone)]
pub struct KafkaSource {
    options: Arc<KafkaSourceOptions>,
    wanted: Wanted,
    shape: Arc<Shape>,
    /// Whether the group is told where reading begins, and what has been read.
    commits: bool,
    /// Whether it is told where reading begins before there is a checkpoint.
    notes: bool,
}

impl KafkaSource {
    /// The source that `options` describe. Asks no broker.
    ///
    /// # Errors
    /// No topic is named, a property is not taken, or a column has a type that is not read from text.
    pub fn new(options: KafkaSourceOptions) -> Result<Self> {
        let shape = Shape::new(&options.format, &options.schema, None)?;
        // What librdkafka does not take is told before the job starts.
        let nobody = options.without_group();
        drop(client::consumer(&nobody, client::Ears::default())?);
        Ok(Self {
            wanted: Wanted::new(&options.topics)?,
            shape: Arc::new(shape),
            commits: true,
            notes: true,
            options: Arc::new(options),
        })
    }

    /// The same source for a look: its group is told nothing.
    #[must_use]
    pub fn without_commits(mut self) -> Self {
        self.commits = false;
        self
    }

    /// The same source for a job without checkpoints: the group is not told where reading begins, which nothing would move on from
    /// there. Each start begins as the reset says.
    #[must_use]
    pub fn without_notes(mut self) -> Self {
        self.notes = false;
        self
    }

    /// All columns of a record, whatever the projection is.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.options.schema)
    }

    /// The columns of the batches that are handed out.
    pub fn batch_schema(&self) -> SchemaRef {
        Arc::clone(self.shape.batch_schema())
    }

    /// What reads the dead letters that a file holds as this source reads messages.
    ///
    /// # Errors
    /// None that this source did not have.
    pub fn letters(&self, path: &Path) -> Result<LetterSource> {
        LetterSource::of_messages(path, &self.options.format, &self.options.schema)
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub fn with_projection(mut self, wanted: &[usize]) -> Result<Self> {
        let shape = Shape::new(&self.options.format, &self.options.schema, Some(wanted))?;
        self.shape = Arc::new(shape);
        Ok(self)
    }
}

impl KafkaSource {
    fn is_bounded(&self) -> bool {
        self.options.end != End::None
    }
}

impl Source<Parsed> for KafkaSource {
    fn is_bounded(&self) -> bool {
        self.is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let mut restored = Vec::new();
        for entry in context.restored.iter().flatten() {
            let mut position = Position::restore(entry)?;
            if !self.is_bounded() {
                position.end = None;
            }
            if self.wanted.holds(&position.partition.topic) {
                restored.push(position);
            } else {
                warn!(
                    "{} was read up to offset {}, and is not among the topics any more.",
                    position.partition, position.next
                );
            }
        }
        let progress = context.progress;
        let fetcher = Fetcher::start(&self.options, context.subtask, context.waker, &progress)?;
        let fetcher = match self.commits {
            true => fetcher,
            false => fetcher.without_commits(),
        };
        let reader = KafkaReader::new(
            (context.subtask, context.parallelism),
            self.is_bounded(),
            restored,
            fetcher,
            Decoder::new(Arc::clone(&self.shape), self.options.keep_raw),
            progress,
        )?;
        Ok(Box::new(reader))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        let (options, notes) = (Arc::clone(&self.options), self.commits && self.notes);
        let partitions = Partitions::open(options, self.wanted.clone(), notes, context)?;
        Ok(Some(Box::new(partitions)))
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        // A key of another kind is for everybody to refuse.
        Partition::parse(key).map_or(Owner::Everyone, |partition| {
            Owner::Subtask(partition.reader(parallelism))
        })
    }
}
