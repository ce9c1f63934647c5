//! What people see of clients of Kafka, by the names that Kafka's own clients and Flink have for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_engine::connector::{Counter, Gauges, Notice};
use rdkafka::statistics::{Broker, Statistics};

/// What the names of a sink's numbers begin with, as in Flink.
const PRODUCER: &str = "KafkaProducer";
/// And those of a source.
const CONSUMER: &str = "KafkaSourceReader.KafkaConsumer";

/// Time between two looks of librdkafka at itself, in milliseconds, unless it was told otherwise.
pub(super) const STATISTICS: &str = "1000";

/// The numbers of one writer, whose producers share them.
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
    /// Where people see what is waited for, and whether anything is.
    held_up: Notice,
    waits: Arc<AtomicBool>,
}

impl Sent {
    pub(super) fn new(gauges: Gauges, held_up: Notice, transactional: bool) -> Self {
        let sent = Self {
            gauges,
            transactional,
            held_up,
            ..Self::default()
        };
        sent.show();
        sent
    }

    /// A record was delivered.
    pub(super) fn delivered(&self, bytes: usize) {
        self.records.add(1);
        self.bytes.add(bytes as u64);
        self.goes_on();
    }

    /// Brokers are away, and waited for.
    pub(super) fn waits_for(&self, why: String) {
        self.waits.store(true, Ordering::Relaxed);
        self.held_up.set(Some(why));
    }

    fn goes_on(&self) {
        if self.waits.load(Ordering::Relaxed) && self.waits.swap(false, Ordering::Relaxed) {
            self.held_up.set(None);
        }
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

    /// Takes over what one of the producers tells of itself.
    pub(super) fn hear(&self, before: &Before, statistics: &Statistics) {
        self.show();
        // Of what is underway the deliveries tell.
        if statistics.msg_cnt == 0
            && statistics
                .brokers
                .values()
                .any(|broker| broker.state == "UP")
        {
            self.goes_on();
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
