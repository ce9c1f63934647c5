//! A transactional id at work: its producer, and the thread that opens, seals and gives up its transactions.

mod held;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, after, bounded};
use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{Cancelled, Waker};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::producer::Producer as _;

use self::held::gone;
use super::account::Account;
use super::options::Called;
use super::producer::{IDLE, POLL, Producer, producer};
use super::pump::start_thread;
use super::refusals::refused;
use super::registry::Registry;
use super::transactions::{abort, finish, group, marker, patiently};
use crate::kafka::figures::Sent;
use crate::kafka::transaction::{Proof, State, Transaction};
use crate::kafka::wire::{Cluster, Marker, Session};

/// Orders that may wait: to seal, and to begin anew.
const ORDERS: usize = 2;
/// How long a sealed transaction's thread waits before it sees whether it is to stop.
const WAIT: Duration = Duration::from_millis(50);

/// What all lanes of a writer have in common.
#[derive(Clone)]
pub(super) struct Common {
    /// Of producers, without the transactional id.
    pub(super) config: ClientConfig,
    pub(super) topic: String,
    pub(super) called: Called,
    pub(super) proof: Proof,
    pub(super) cluster: Arc<Cluster>,
    pub(super) registry: Arc<Registry>,
    /// The number of the checkpoint that is the next.
    pub(super) next: CheckpointId,
    /// The age at which a transaction that nobody has asked to commit is given up with the attempt.
    pub(super) oldest: Duration,
    pub(super) waker: Waker,
    /// What people see.
    pub(super) sent: Sent,
}

/// The worker's end of a lane.
pub(super) struct Lane {
    orders: Option<Sender<Order>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the worker asks for.
enum Order {
    /// Flush and mark the present transaction.
    Seal {
        checkpoint: CheckpointId,
        records: u64,
    },
    /// The sealed transaction is committed, and that is noted.
    Release,
}

/// How far a lane is.
#[derive(Clone)]
pub(super) enum Status {
    /// Its producer is being made.
    Opening,
    /// A transaction has begun.
    Ready(Arc<Producer>),
    /// A transaction is being flushed.
    Sealing,
    /// A transaction waits for its checkpoint.
    Sealed(Transaction),
}

struct Shared {
    status: Mutex<Status>,
    account: Arc<Account>,
    stop: AtomicBool,
    /// Set together with `stop`, for those who ask brokers.
    cancelled: Cancelled,
}

impl Shared {
    fn is(&self, status: Status) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        self.account.wake();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Lane {
    /// Starts the lane of a transactional id.
    pub(super) fn start(id: String, common: Common) -> Result<Self> {
        let account = Arc::new(Account::new(common.waker.clone(), common.sent.of_another()));
        let shared = Arc::new(Shared {
            status: Mutex::new(Status::Opening),
            account: Arc::clone(&account),
            stop: AtomicBool::new(false),
            cancelled: Cancelled::default(),
        });
        let (sender, orders) = bounded(ORDERS);
        let number = id.rsplit('-').next().unwrap_or_default();
        let name = format!("kafka-sink-{number}");
        let session = Session::new(Arc::clone(&common.cluster), shared.cancelled.clone());
        let work = Work {
            id,
            common,
            orders,
            shared: Arc::clone(&shared),
            session,
        };
        Ok(Self {
            orders: Some(sender),
            thread: Some(start_thread(name, account, || work.run())?),
            shared,
        })
    }

    pub(super) fn status(&self) -> Status {
        let status = self
            .shared
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        status.clone()
    }

    pub(super) fn account(&self) -> &Account {
        &self.shared.account
    }

    /// Has the present transaction flushed and marked.
    pub(super) fn seal(&self, checkpoint: CheckpointId, records: u64) {
        *self
            .shared
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Status::Sealing;
        self.order(Order::Seal {
            checkpoint,
            records,
        });
    }

    /// Lets it go on with the next transaction.
    pub(super) fn release(&self) {
        *self
            .shared
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Status::Opening;
        self.order(Order::Release);
    }

    fn order(&self, order: Order) {
        // There is room for both kinds; a thread that is gone has told why.
        if let Some(orders) = &self.orders {
            drop(orders.try_send(order));
        }
    }

    /// Tells the thread to stop, without waiting for that.
    pub(super) fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.cancelled.set();
        self.orders = None;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so.
            drop(thread.join());
        }
    }
}

/// The thread's side.
struct Work {
    id: String,
    common: Common,
    orders: Receiver<Order>,
    shared: Arc<Shared>,
    session: Session,
}

/// What a lane goes on with.
enum Onward {
    /// The same producer.
    Again,
    /// Another producer of the same id.
    Anew,
    /// Nothing: it is to stop.
    Stop,
}

impl Work {
    fn run(mut self) {
        loop {
            let served = self.open().and_then(|opened| match opened {
                None => Ok(Onward::Stop),
                Some((producer, group)) => self.serve(&producer, &group),
            });
            match served {
                Ok(Onward::Again | Onward::Anew) => {}
                Ok(Onward::Stop) => return,
                Err(_) if self.shared.is_stopped() => return,
                Err(error) => return self.shared.account.fails(error),
            }
        }
    }

    /// Makes a producer, which aborts what an earlier one of the id left open, and sees to the first marker.
    fn open(&mut self) -> Result<Option<(Arc<Producer>, ConsumerGroupMetadata)>> {
        let (id, topic) = (self.id.clone(), self.common.topic.clone());
        let mut config = self.common.config.clone();
        config.set("transactional.id", &id);
        let group = group(&id)?;
        let producer = Arc::new(producer(
            &config,
            &topic,
            self.common.called,
            Arc::clone(&self.shared.account),
        )?);
        let stopped = || self.shared.is_stopped();
        let doing = format!("initialise transactional id {id}");
        let opened = patiently(&producer, &doing, &stopped, |producer, slice| {
            producer.init_transactions(slice)
        })?;
        if opened.is_none() || self.first_marker(&producer, &group)?.is_none() {
            return Ok(None);
        }
        Ok(Some((producer, group)))
    }

    /// A marker that is there and older proves that a transaction was not committed; one that is absent proves nothing.
    fn first_marker(
        &mut self,
        producer: &Producer,
        group: &ConsumerGroupMetadata,
    ) -> Result<Option<()>> {
        if self.common.proof != Proof::Marker {
            return Ok(Some(()));
        }
        let topic = self.common.topic.clone();
        match self.session.marker(&self.id, &topic, false)? {
            Marker::At(marker) if marker < self.common.next => return Ok(Some(())),
            Marker::At(_) | Marker::Absent | Marker::Unstable => {}
        }
        let first = marker(&topic, self.common.next.saturating_sub(1))?;
        let stopped = || self.shared.is_stopped();
        let doing = format!("mark the beginning of {}", self.id);
        producer
            .begin_transaction()
            .map_err(|error| refused(&doing, &error, None))?;
        let sent = patiently(producer, &doing, &stopped, |producer, slice| {
            producer.send_offsets_to_transaction(&first, group, slice)
        });
        if !matches!(sent, Ok(Some(()))) {
            abort(producer, &self.id);
            return sent;
        }
        let committed = patiently(producer, &doing, &stopped, |producer, slice| {
            producer.commit_transaction(slice)
        });
        if let Ok(None) = committed {
            // It is to stop, and may not leave open what it has begun to commit.
            finish(producer, &self.id);
        }
        committed
    }

    fn serve(&mut self, producer: &Arc<Producer>, group: &ConsumerGroupMetadata) -> Result<Onward> {
        loop {
            match self.serve_one(producer, group)? {
                Onward::Again => {}
                other => return Ok(other),
            }
        }
    }

    /// One transaction, from its begin to its end.
    fn serve_one(
        &mut self,
        producer: &Arc<Producer>,
        group: &ConsumerGroupMetadata,
    ) -> Result<Onward> {
        let doing = format!("begin a transaction of {}", self.id);
        producer
            .begin_transaction()
            .map_err(|error| refused(&doing, &error, None))?;
        // That of the transaction before is of no interest.
        let _ = self.shared.account.take_place();
        self.shared.is(Status::Ready(Arc::clone(producer)));
        // Brokers count from its first record on.
        let mut old: Option<Receiver<Instant>> = None;
        loop {
            if old.is_none() && self.shared.account.has_records() {
                old = Some(after(self.common.oldest));
            }
            let is_idle = self.shared.account.underway() == 0;
            let (pause, poll) = match is_idle {
                true => (IDLE, Duration::ZERO),
                false => (Duration::ZERO, POLL),
            };
            match self.orders.recv_timeout(pause) {
                Ok(Order::Seal {
                    checkpoint,
                    records,
                }) => {
                    let sealed = self.seal(producer, group, checkpoint, records);
                    let Ok(Some(transaction)) = sealed else {
                        self.give_up(producer);
                        return sealed.map(|_| Onward::Stop);
                    };
                    let registry = &self.common.registry;
                    registry.put(transaction.clone(), Arc::clone(producer));
                    self.shared.is(Status::Sealed(transaction.clone()));
                    let old = old.take().unwrap_or_else(|| after(self.common.oldest));
                    return self.await_release(producer, &transaction, &old);
                }
                Ok(Order::Release) => {}
                Err(RecvTimeoutError::Timeout) if !self.shared.is_stopped() => producer.poll(poll),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.give_up(producer);
                    return Ok(Onward::Stop);
                }
            }
        }
    }

    /// Aborts the present transaction. One without records is none that people are told of.
    fn give_up(&self, producer: &Producer) {
        let has_records = self.shared.account.has_records();
        if abort(producer, &self.id) && has_records {
            producer.context().ended(false);
        }
    }

    /// Flushes, marks and describes the present transaction. `None`: it is to stop.
    fn seal(
        &mut self,
        producer: &Producer,
        group: &ConsumerGroupMetadata,
        checkpoint: CheckpointId,
        records: u64,
    ) -> Result<Option<Transaction>> {
        let account = Arc::clone(&self.shared.account);
        while !account.is_settled(0) {
            if self.shared.is_stopped() {
                return Ok(None);
            }
            account.failure().map_or(Ok(()), Err)?;
            // That there is more is no news.
            drop(producer.flush(WAIT));
        }
        account.failure().map_or(Ok(()), Err)?;
        account.sent.show();
        let stopped = || self.shared.is_stopped();
        if self.common.proof == Proof::Marker {
            let marker = marker(&self.common.topic, checkpoint)?;
            let doing = format!("mark the transaction of {} with its checkpoint", self.id);
            let marked = patiently(producer, &doing, &stopped, |producer, slice| {
                producer.send_offsets_to_transaction(&marker, group, slice)
            })?;
            if marked.is_none() {
                return Ok(None);
            }
        }
        let described = self.session.describe(&self.id)?;
        let described = described.filter(|described| described.state == State::Ongoing);
        let described = described.ok_or_else(|| gone(&self.id))?;
        Ok(Some(Transaction {
            id: self.id.clone(),
            producer: described.producer,
            epoch: described.epoch,
            started: described.started,
            checkpoint,
            group: self.id.clone(),
            record: account.take_place(),
            topic: self.common.topic.clone(),
            records,
        }))
    }
}
