//! What people see of clients of Kafka, by the names that Kafka's own clients and Flink have for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_engine::connector::{Counter, Gauges, Notice};
use rdkafka::statistics::{Broker, Statistics};

use crate::waiting::Waiting;

/// What the names of a sink's numbers begin with, as in Flink.
const PRODUCER: &str = "KafkaProducer";
/// And those of a source.
const CONSUMER: &str = "KafkaSourceReader.KafkaConsumer";

/// Time between two looks of librdkafka at itself, in milliseconds, unless a consumer was told otherwise.
pub(super) const STATISTICS: &str = "1000";
/// A producer that has delivered nothing that is waited for in so many seconds waits for brokers, whether it says so or not: of packets
/// that are dropped it does not.
pub(super) const STILL_SECONDS: i64 = 30;

/// The numbers of one writer, whose producers share them, and what one of the producers waits for.
#[derive(Clone, Default)]
pub(super) struct Sent {
    gauges: Gauges,
    records: Counter,
    bytes: Counter,
    errors: Counter,
    committed: Counter,
    aborted: Counter,
    /// Whether there are transactions.
    transactional: bool,
    waiting: Waiting,
    /// Whether the producer has delivered anything that is waited for since it told of itself last.
    moves: Arc<AtomicBool>,
}

impl Sent {
    pub(super) fn new(gauges: Gauges, held_up: Notice, transactional: bool) -> Self {
        let sent = Self {
            gauges,
            transactional,
            waiting: Waiting::new(held_up),
            ..Self::default()
        };
        sent.show();
        sent
    }

    /// The same numbers, for another producer of the writer.
    pub(super) fn of_another(&self) -> Self {
        Self {
            waiting: self.waiting.another(),
            moves: Arc::default(),
            ..self.clone()
        }
    }

    /// A record was delivered. `is_waited_for`: one of those that are to be, so the producer goes on.
    pub(super) fn delivered(&self, bytes: usize, is_waited_for: bool) {
        self.records.add(1);
        self.bytes.add(bytes as u64);
        if is_waited_for {
            self.moves.store(true, Ordering::Relaxed);
            self.waiting.goes_on();
        }
    }

    /// Brokers are away, and waited for.
    pub(super) fn waits_for(&self, why: String) {
        self.waiting.waits_for(why);
    }

    /// One was not.
    pub(super) fn failed(&self) {
        self.errors.add(1);
    }

    /// A transaction with records has ended.
    pub(super) fn ended(&self, committed: bool) {
        let counter = if committed {
            &self.committed
        } else {
            &self.aborted
        };
        counter.add(1);
        self.show();
    }

    /// Shows what was counted.
    pub(super) fn show(&self) {
        let always = [
            ("record-send-total", &self.records),
            ("record-bytes-total", &self.bytes),
            ("record-error-total", &self.errors),
        ];
        let of_transactions = [
            ("transactions-committed-total", &self.committed),
            ("transactions-aborted-total", &self.aborted),
        ];
        let of_transactions = of_transactions.into_iter().filter(|_| self.transactional);
        for (name, counter) in always.into_iter().chain(of_transactions) {
            let name = format!("{PRODUCER}.{name}");
            self.gauges.set(&name, counter.get() as f64);
        }
        // As Flink has it of any sink.
        for (name, counter) in [
            ("numRecordsSend", &self.records),
            ("numBytesSend", &self.bytes),
            ("numBytesOut", &self.bytes),
            ("numRecordsSendErrors", &self.errors),
        ] {
            self.gauges.set(name, counter.get() as f64);
        }
    }

    /// Takes over what the producer tells of itself. Whether it stands still: it has messages, and has delivered none that is waited for
    /// in some time.
    pub(super) fn hear(&self, before: &Before, statistics: &Statistics) -> bool {
        self.show();
        // Of what is underway the deliveries tell.
        if statistics.msg_cnt == 0
            && statistics
                .brokers
                .values()
                .any(|broker| broker.state == "UP")
        {
            self.waiting.goes_on();
        }
        let told = before.since(statistics);
        let add = |name: &str, amount: u64| {
            self.gauges
                .add(&format!("{PRODUCER}.{name}"), amount as f64);
        };
        add("record-retry-total", told.retries);
        add("request-total", told.requests);
        add("outgoing-byte-total", told.bytes_out);
        latencies(&self.gauges, PRODUCER, statistics);
        let moves = self.moves.swap(false, Ordering::Relaxed);
        before.stands_still(statistics, moves)
    }
}

/// Takes over what a consumer tells of itself.
pub(super) fn read(gauges: &Gauges, before: &Before, statistics: &Statistics) {
    let told = before.since(statistics);
    let add = |name: &str, amount: u64| gauges.add(&format!("{CONSUMER}.{name}"), amount as f64);
    add("request-total", told.requests);
    add("request-retry-total", told.retries);
    add("incoming-byte-total", told.bytes_in);
    latencies(gauges, CONSUMER, statistics);
}

/// How long each broker takes to answer, in milliseconds.
fn latencies(gauges: &Gauges, of: &str, statistics: &Statistics) {
    for (broker, latency) in
        brokers(statistics).filter_map(|broker| Some((broker, broker.rtt.as_ref()?)))
    {
        // There was no answer in the last second.
        if latency.cnt == 0 {
            continue;
        }
        let within = format!("{of}.node-{}", broker.nodeid);
        let millis = |micros: i64| micros as f64 / 1_000.0;
        gauges.set(
            &format!("{within}.request-latency-avg"),
            millis(latency.avg),
        );
        gauges.set(
            &format!("{within}.request-latency-max"),
            millis(latency.max),
        );
    }
}

/// Those that the cluster has numbered: the others are addresses that were given, or coordinators under another name.
fn brokers(statistics: &Statistics) -> impl Iterator<Item = &Broker> {
    let brokers = statistics.brokers.values();
    brokers.filter(|broker| broker.nodeid >= 0)
}

/// What a client has told before: it tells what there was since it was made.
#[derive(Default)]
pub(super) struct Before {
    totals: Mutex<BTreeMap<String, Totals>>,
    /// How old the client was when it last had nothing to deliver, or had delivered something: in microseconds.
    moved: AtomicI64,
}

/// What came since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Totals {
    retries: u64,
    requests: u64,
    bytes_out: u64,
    bytes_in: u64,
}

impl Before {
    /// Whether a producer has had messages for some time of which it delivered none that is waited for. `moves`: it has, since the last
    /// time.
    fn stands_still(&self, statistics: &Statistics, moves: bool) -> bool {
        if moves || statistics.msg_cnt == 0 {
            self.moved.store(statistics.age, Ordering::Relaxed);
        }
        let still = statistics.age - self.moved.load(Ordering::Relaxed);
        still >= STILL_SECONDS * 1_000_000
    }

    /// What has come since the last time. A broker that is new or has begun anew counts from 0.
    fn since(&self, statistics: &Statistics) -> Totals {
        let mut before = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let mut since = Totals::default();
        for broker in statistics.brokers.values() {
            let now = Totals {
                retries: broker.txretries,
                requests: broker.tx,
                bytes_out: broker.txbytes,
                bytes_in: broker.rxbytes,
            };
            let last = before.insert(broker.name.clone(), now).unwrap_or_default();
            let more = |now: u64, last: u64| if now < last { now } else { now - last };
            since.retries += more(now.retries, last.retries);
            since.requests += more(now.requests, last.requests);
            since.bytes_out += more(now.bytes_out, last.bytes_out);
            since.bytes_in += more(now.bytes_in, last.bytes_in);
        }
        since
    }
}

#[cfg(test)]
mod tests;
