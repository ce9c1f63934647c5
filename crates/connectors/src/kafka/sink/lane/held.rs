//! A sealed transaction that waits for its checkpoint. Where that fails it waits for the next one, and brokers abort what is open
//! for too long. A snapshot that completes behind that holds output that is lost, and nobody writes it again; so an attempt
//! that fails before is the better end: the job goes on from its newest snapshot, and writes all of it again.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after, select};
use millstream_core::{Error, Result, codes};
use rdkafka::producer::Producer as _;

use super::{Onward, Order, WAIT, Work};
use crate::kafka::sink::producer::Producer;
use crate::kafka::sink::registry::Stage;
use crate::kafka::transaction::{Described, State, Transaction};

/// Between two looks whether it is still open.
const LOOK: Duration = Duration::from_secs(10);
/// What a checkpoint has at least, however old the transaction is when it is sealed.
const LEAST: Duration = Duration::from_secs(5);

/// What the thread of a sealed transaction hears.
enum Heard {
    /// What the worker asks for; `None`: the worker is gone.
    Order(Option<Order>),
    /// It is time to look.
    Look,
    /// The transaction is old.
    Old,
    /// Its checkpoint has had the least time.
    Due,
    Nothing,
}

impl Work {
    /// Waits until the sealed transaction is committed, and that is noted. What is sealed stays open when the lane stops: only
    /// the committer knows what becomes of it. `old` tells when the transaction is as old as it may be.
    ///
    /// # Errors
    /// Nobody has asked for its commit, and the brokers have ended it or are about to.
    pub(super) fn await_release(
        &mut self,
        producer: &Producer,
        transaction: &Transaction,
        old: &Receiver<Instant>,
    ) -> Result<Onward> {
        let (mut look, due) = (after(LOOK), after(LEAST));
        let (mut is_old, mut is_due) = (false, false);
        loop {
            let heard = select! {
                recv(self.orders) -> order => Heard::Order(order.ok()),
                recv(look) -> _ => Heard::Look,
                recv(old) -> _ => Heard::Old,
                recv(due) -> _ => Heard::Due,
                default(WAIT) => Heard::Nothing,
            };
            match heard {
                Heard::Order(Some(Order::Release)) => {
                    return Ok(match self.common.registry.take(&self.id) {
                        true => Onward::Again,
                        false => Onward::Anew,
                    });
                }
                Heard::Order(None) => return Ok(stop(producer)),
                _ if self.shared.is_stopped() => return Ok(stop(producer)),
                Heard::Order(Some(Order::Seal { .. })) => {}
                Heard::Look => {
                    self.look(transaction)?;
                    look = after(LOOK);
                }
                Heard::Old => is_old = true,
                Heard::Due => is_due = true,
                Heard::Nothing => producer.poll(Duration::ZERO),
            }
            if is_old && is_due && self.is_waiting(transaction) {
                return Err(too_old(&self.id));
            }
        }
    }

    /// Whether nobody has asked for its commit: who has knows what becomes of it.
    fn is_waiting(&self, transaction: &Transaction) -> bool {
        let held = self.common.registry.find(transaction);
        matches!(held, Some((Stage::Waiting, _)))
    }

    /// Asks the brokers once whether the transaction is still open. No answer says nothing of it.
    fn look(&mut self, transaction: &Transaction) -> Result<()> {
        if !self.is_waiting(transaction) {
            return Ok(());
        }
        let described = match self.session.describe_now(&self.id) {
            Ok(described) => described,
            Err(why) => {
                tracing::debug!("{} is not looked at: {why}", self.id);
                return Ok(());
            }
        };
        // It may have been asked for meanwhile.
        match is_over(transaction, described.as_ref()) && self.is_waiting(transaction) {
            true => Err(gone(&self.id)),
            false => Ok(()),
        }
    }
}

fn stop(producer: &Producer) -> Onward {
    producer.context().close();
    Onward::Stop
}

/// Whether a transaction can't be committed any more, by what its coordinator says of the id. Pure.
fn is_over(transaction: &Transaction, described: Option<&Described>) -> bool {
    let same = described.filter(|described| {
        described.producer == transaction.producer && described.started == transaction.started
    });
    same.is_none_or(|described| matches!(described.state, State::Aborting | State::Aborted))
}

/// The error of a transaction that is not open any more.
pub(super) fn gone(id: &str) -> Error {
    let message =
        format!("the transaction of {id} was ended by somebody else before its checkpoint");
    Error::new(&codes::SINK_KAFKA, message).next(
        "see whether transaction.max.timeout.ms of the brokers is shorter than a checkpoint takes; the job goes on from its \
         newest snapshot",
    )
}

/// The error of a transaction that won't be open for much longer.
fn too_old(id: &str) -> Error {
    let message = format!(
        "the transaction of {id} waits for a checkpoint, and its time is nearly out: the brokers would abort it"
    );
    Error::new(&codes::SINK_KAFKA, message).next(
        "see why checkpoints fail or take so long, or raise sink.kafka.transaction.timeout.ms; the job goes on from its newest \
         snapshot and writes the records again",
    )
}

#[cfg(test)]
mod tests;
