//! The writer that promises at least once: one producer, whose messages are there before a snapshot is.

use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{Prepared, SinkContext, SinkWriter, WriteStatus};
use rdkafka::config::ClientConfig;
use rdkafka::producer::Producer as _;

use super::account::Account;
use super::encode::{Encode, To};
use super::options::KafkaSinkOptions;
use super::producer::{Producer, producer};
use super::pump::Pump;
use crate::kafka::figures::Sent;

pub(super) struct AtLeastOnce<T> {
    encoder: Box<dyn Encode<T>>,
    account: Arc<Account>,
    /// Dropped before the producer: nobody hears of what is purged.
    pump: Option<Pump>,
    producer: Arc<Producer>,
    /// The row of the first batch that is the next.
    row: usize,
    written: u64,
    side: usize,
    preparing: Option<CheckpointId>,
}

impl<T> AtLeastOnce<T> {
    pub(super) fn start(
        options: &KafkaSinkOptions,
        encoder: Box<dyn Encode<T>>,
        config: &ClientConfig,
        context: SinkContext,
    ) -> Result<Self> {
        let account = Arc::new(Account::new(
            context.waker,
            Sent::new(context.gauges, context.held_up, false),
        ));
        let producer = Arc::new(producer(
            config,
            &options.topic,
            options.called,
            Arc::clone(&account),
        )?);
        let pump = Pump::start(context.subtask, Arc::clone(&producer), Arc::clone(&account))?;
        Ok(Self {
            encoder,
            account,
            pump: Some(pump),
            producer,
            row: 0,
            written: 0,
            side: 0,
            preparing: None,
        })
    }

    fn check(&self) -> Result<()> {
        self.account.failure().map_or(Ok(()), Err)
    }
}

impl<T> SinkWriter<T> for AtLeastOnce<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        self.check()?;
        // A call of the waker is one for all that is waited for: who was called for room asks about the prepare again, too.
        if self.preparing.is_some() && self.account.is_settled(1 - self.side) {
            self.account.wake();
        }
        for (taken, record) in records.iter().enumerate() {
            let to = To {
                side: self.side,
                producer: &self.producer,
                account: &self.account,
            };
            let given = self.encoder.give(record, self.row, to)?;
            self.written += given.counted;
            self.row = given.next;
            if given.full {
                records.drain(..taken);
                return Ok(WriteStatus::Full);
            }
            self.row = 0;
        }
        records.clear();
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        self.check()?;
        if self.preparing != Some(checkpoint) {
            self.preparing = Some(checkpoint);
            self.side = 1 - self.side;
            self.account.settles(Some(1 - self.side));
        }
        // Also what went wrong in between: a failure is told before a message is heard of.
        if !self.account.is_settled(1 - self.side) {
            return Ok(Prepared::Pending);
        }
        self.check()?;
        self.account.settles(None);
        self.account.sent.show();
        self.preparing = None;
        Ok(Prepared::Ready(Vec::new()))
    }

    fn written(&self) -> Option<u64> {
        Some(self.written)
    }
}

impl<T> Drop for AtLeastOnce<T> {
    fn drop(&mut self) {
        // What is not prepared is written again; nothing of it needs to be waited for.
        self.producer.context().close();
        self.pump = None;
    }
}
