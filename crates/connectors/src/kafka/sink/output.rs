//! Sinks that write dead letters.

use std::sync::Arc;

use millstream_core::Result;
use millstream_engine::connector::{
    CommitterContext, Sink, SinkCommitter, SinkContext, SinkWriter,
};
use serde::{Deserialize, Serialize};

use super::KafkaSink;
use super::encode::{Encode, Given, To};
use super::letters::LetterEncoder;
use crate::rows::Rows;
use crate::rows::letters::Letter;

/// What a job makes of its input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Output {
    /// Good rows.
    Rows(Rows),
    /// A record that was set aside.
    Letter(Box<Letter>),
}

/// Writes dead letters alone, as the sink would write rows.
pub struct KafkaLetters {
    sink: KafkaSink,
    job: Arc<str>,
}

/// Writes rows, and dead letters into another topic. A subtask has both in one transaction, where there are any.
pub struct KafkaOutput {
    sink: KafkaSink,
    job: Arc<str>,
}

impl KafkaSink {
    /// A sink of the dead letters of the job with this name, all by itself.
    pub fn letters(self, job: &str) -> KafkaLetters {
        KafkaLetters {
            sink: self,
            job: job.into(),
        }
    }

    /// A sink of rows and of the dead letters of the job with this name, for whose topic see
    /// [`with_letters`](Self::with_letters).
    pub fn output(self, job: &str) -> KafkaOutput {
        KafkaOutput {
            sink: self,
            job: job.into(),
        }
    }
}

impl Sink<Letter> for KafkaLetters {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<Letter>>> {
        let (job, id) = (Arc::clone(&self.job), context.job);
        let topic = &self.sink.options.topic;
        self.sink.writer(
            |found| {
                let limit = self.sink.limits.largest(Some(found)).bytes;
                Box::new(LetterEncoder::new(topic, job, id, limit, true))
            },
            context,
        )
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(self.sink.committed_by(context))
    }
}

impl Sink<Output> for KafkaOutput {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<Output>>> {
        let (job, id) = (Arc::clone(&self.job), context.job);
        let shared = &self.sink.shared;
        let topic = shared.letters.as_ref().unwrap_or(&self.sink.options);
        self.sink.writer(
            |found| {
                // One producer has one limit.
                let limits = self.sink.limits;
                let own = limits.largest(shared.known_of_letters().as_ref()).bytes;
                let limit = limits.largest(Some(found)).bytes.min(own);
                Box::new(OutputEncoder {
                    rows: self.sink.rows(),
                    letters: LetterEncoder::new(&topic.topic, job, id, limit, false),
                })
            },
            context,
        )
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(self.sink.committed_by(context))
    }
}

/// Makes messages of what a job makes of its input.
struct OutputEncoder {
    rows: Box<dyn Encode<Rows>>,
    letters: LetterEncoder,
}

impl Encode<Output> for OutputEncoder {
    fn messages(&self, output: &Output) -> usize {
        match output {
            Output::Rows(rows) => self.rows.messages(rows),
            Output::Letter(letter) => self.letters.messages(letter),
        }
    }

    fn give(&mut self, output: &Output, first: usize, to: To<'_>) -> Result<Given> {
        match output {
            Output::Rows(rows) => self.rows.give(rows, first, to),
            Output::Letter(letter) => self.letters.give(letter, first, to),
        }
    }
}
