//! Producers, and what they say when something is wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::statistics::Statistics;

use super::account::Account;
use super::limits::{self, BATCH, BUFFER, IN_FLIGHT, MESSAGE, MOST_BUFFER_KIB, Told};
use super::options::{Called, KafkaSinkOptions};
use super::refusals::{advice, cause_of, code_of, too_large_to_wait, undelivered};
use crate::kafka::client::{is_of_kerberos, kerberos};
use crate::kafka::figures::{Before, STATISTICS, STILL_SECONDS};
use crate::kafka::token;

/// librdkafka takes about this much for each message, besides its bytes.
const MESSAGE_BYTES: usize = 256;

pub(super) type Producer = BaseProducer<Reports>;

/// What librdkafka tells of messages, and by itself.
pub(super) struct Reports {
    account: Arc<Account>,
    topic: String,
    trouble: Mutex<Option<String>>,
    before: Before,
    /// How many bytes of messages may wait.
    room: usize,
    /// Nobody wants to hear more.
    closed: AtomicBool,
}

impl Reports {
    /// For a client that is told this.
    pub(super) fn new(config: &ClientConfig, topic: &str, account: Arc<Account>) -> Self {
        Self {
            account,
            topic: topic.to_owned(),
            trouble: Mutex::new(None),
            before: Before::default(),
            room: limits::room_of(config),
            closed: AtomicBool::new(false),
        }
    }

    /// The last trouble with connections that librdkafka told of.
    pub(super) fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone()
    }

    /// A transaction of the producer has ended.
    pub(super) fn ended(&self, committed: bool) {
        self.account.sent.ended(committed);
    }

    /// What is purged from now on is no failure.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl ClientContext for Reports {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        config: Option<&str>,
    ) -> std::result::Result<OAuthToken, Box<dyn std::error::Error>> {
        token::for_librdkafka(config)
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info => {
                tracing::trace!("librdkafka: {facility}: {message}");
            }
            _ => tracing::debug!("librdkafka: {facility}: {message}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        let stands_still = self.account.sent.hear(&self.before, &statistics);
        // What it tells may be older than what was heard of its messages.
        if stands_still && self.account.underway() > 0 && !self.is_closed() {
            let trouble = self.trouble();
            let trouble = trouble.map_or_else(String::new, |heard| format!(" ({heard})"));
            self.account.sent.waits_for(format!(
                "topic {} can't be written: brokers have taken nothing that is waited for in {STILL_SECONDS} s{trouble}",
                self.topic
            ));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
        let code = cause_of(error.rdkafka_error_code(), reason);
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if code == Some(RDKafkaErrorCode::AllBrokersDown) && trouble.is_none() {
            tracing::warn!("No broker of topic {} can be reached: {reason}", self.topic);
        }
        // It tells that of each try, behind what Kerberos has said: that says more.
        let says_less = code == Some(RDKafkaErrorCode::AllBrokersDown)
            && trouble.as_deref().is_some_and(is_of_kerberos);
        if !says_less {
            *trouble = Some(reason.to_owned());
        }
        let heard = trouble.clone();
        drop(trouble);
        let passes = matches!(
            code,
            Some(
                RDKafkaErrorCode::AllBrokersDown
                    | RDKafkaErrorCode::BrokerTransportFailure
                    | RDKafkaErrorCode::Resolve
            )
        );
        // Of brokers whose answer nobody waits for it does not matter, unless there is no other.
        let is_waited_for =
            self.account.underway() > 0 || code == Some(RDKafkaErrorCode::AllBrokersDown);
        if passes && is_waited_for && !self.is_closed() {
            let heard = heard.as_deref().unwrap_or(reason);
            let why = format!("topic {} can't be written: {heard}", self.topic);
            self.account.sent.waits_for(why);
        }
        let untrusted =
            code == Some(RDKafkaErrorCode::SSL) && reason.contains("certificate verify failed");
        let by_kerberos = is_of_kerberos(reason);
        let advised = code.and_then(advice).filter(|_| !by_kerberos);
        let kerberos = || by_kerberos.then(|| kerberos(reason)).flatten();
        let next = advised.or_else(kerberos).or_else(|| {
            untrusted.then_some(
                "give the certificate of who has signed the brokers' as sink.kafka.ssl.truststore.location",
            )
        });
        if let Some(next) = next.filter(|_| !self.is_closed()) {
            let message = format!("topic {} can't be written: {reason}", self.topic);
            self.account
                .fails(Error::new(code_of(code), message).next(next));
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, side: usize) {
        match result {
            Ok(message) => {
                let topic = message.topic();
                let in_output = topic == self.topic;
                let (partition, offset) = (message.partition(), message.offset());
                self.account.lies(topic, partition, offset, in_output);
                let bytes = message.payload_len() + message.key_len();
                let is_waited_for = self.account.is_waited_for(side);
                self.account.sent.delivered(bytes, is_waited_for);
                if is_waited_for {
                    let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
                    *trouble = None;
                }
            }
            Err((error, message)) if !self.is_closed() => {
                let bytes = message.payload_len() + message.key_len();
                self.account.sent.failed();
                self.account
                    .fails(undelivered(error, message.topic(), bytes));
            }
            Err(_) => {}
        }
        self.account.heard(side);
    }
}

/// What all clients of a sink are told; `told`: of the topics, where they were looked at.
pub(super) fn configuration(options: &KafkaSinkOptions, told: Option<Told>) -> ClientConfig {
    let mut config = ClientConfig::new();
    let given = |name: &str| options.properties.get(name);
    let number = |name: &str| given(name).and_then(|text| text.trim().parse::<usize>().ok());
    config.set("client.id", "millstream");
    // Else brokers that make what is asked for make a topic whose name is misspelled, with as many partitions as they like.
    config.set("allow.auto.create.topics", "false");
    config.set("compression.type", "lz4");
    // The operator's default, of both that Java means by it.
    config.set("request.timeout.ms", REQUEST_TIMEOUT_MS);
    config.set("socket.timeout.ms", REQUEST_TIMEOUT_MS);
    // Where Java's producers put keys; what has none goes to one partition for as long as a batch is filled.
    config.set("partitioner", "murmur2_random");
    // Brokers that are away are waited for.
    config.set("message.timeout.ms", "0");
    let room = told.map_or(MOST_BUFFER_KIB, |told| told.buffer_kib(number(MESSAGE)));
    config.set(BUFFER, room.to_string());
    if let Some(told) = told {
        config.set(MESSAGE, told.message_max_bytes().to_string());
        config.set(IN_FLIGHT, told.in_flight().to_string());
    }
    for (name, value) in options.properties.settings() {
        config.set(name, value);
    }
    if let Some(told) = told {
        config.set(BATCH, told.batch_size(number(BATCH)).to_string());
    }
    if given("queue.buffering.max.messages").is_none() {
        let messages = (limits::room_of(&config) / MESSAGE_BYTES).clamp(1_000, 10_000_000);
        config.set("queue.buffering.max.messages", messages.to_string());
    }
    config.set("bootstrap.servers", &options.brokers);
    config.set("enable.idempotence", "true");
    // Whether brokers are waited for is known by them.
    config.set("statistics.interval.ms", STATISTICS);
    config
}

/// The longest wait for an answer, as in the operator.
pub(super) const REQUEST_TIMEOUT_MS: &str = "180000";

/// The error of a client that can't be made.
pub(super) fn unmade(error: &KafkaError, called: Called) -> Error {
    let prefix = called.prefix();
    let (message, next) = match error {
        KafkaError::ClientConfig(_, why, name, _) => (
            format!("{prefix}{name} is not taken: {why}"),
            "correct the property, or leave it out".to_owned(),
        ),
        other => (
            format!("Kafka's producer can't be made: {other}"),
            format!("check the properties given as {prefix}*"),
        ),
    };
    Error::new(&codes::INGEST_PARAMETERS, message).next(next)
}

/// Makes a producer. It connects by itself, whether brokers are there or not.
///
/// # Errors
/// librdkafka refuses a property.
pub(super) fn producer(
    config: &ClientConfig,
    topic: &str,
    called: Called,
    account: Arc<Account>,
) -> Result<Producer> {
    let reports = Reports::new(config, topic, account);
    config
        .create_with_context(reports)
        .map_err(|error| unmade(&error, called))
}

/// A message that is to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) topic: &'a str,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) timestamp: Option<i64>,
    pub(super) headers: Option<OwnedHeaders>,
    pub(super) side: usize,
}

/// Gives a message to a producer. `false`: it is full, and the account's worker will be woken. One for which there would never be room
/// is an error: nobody would wake the worker.
///
/// # Errors
/// It is too large, or the producer does not take any more.
pub(super) fn send(producer: &Producer, account: &Account, message: Outgoing<'_>) -> Result<bool> {
    let value = message.value.map_or(0, <[u8]>::len);
    let bytes = message.key.map_or(0, <[u8]>::len) + value;
    let (topic, side) = (message.topic, message.side);
    let mut record: BaseRecord<'_, [u8], [u8], usize> = BaseRecord::with_opaque_to(topic, side);
    record.key = message.key;
    record.payload = message.value;
    record.timestamp = message.timestamp;
    record.headers = message.headers;
    account.gives(side);
    let Err((error, again)) = producer.send(record) else {
        return Ok(true);
    };
    account.takes_back(side);
    if !is_full(&error) {
        return Err(undelivered(&error, topic, bytes));
    }
    let room = producer.context().room;
    // librdkafka counts values alone.
    if value > room {
        return Err(too_large_to_wait(topic, bytes, room));
    }
    // Whatever is heard of from now on wakes the worker; what was heard of before has made room.
    account.starves();
    account.gives(side);
    let Err((error, _)) = producer.send(again) else {
        account.is_fed();
        return Ok(true);
    };
    account.takes_back(side);
    if !is_full(&error) {
        return Err(undelivered(&error, topic, bytes));
    }
    // What was heard of last is freed a little later, and nothing is left that could be heard of: the worker has to ask again.
    if account.underway() == 0 {
        account.wake();
    }
    Ok(false)
}

fn is_full(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull)
}

/// How long whoever polls waits for what is to be told. The last part of each wait, below a millisecond, is a loop without a pause in
/// the client's library.
pub(super) const POLL: Duration = Duration::from_millis(20);
/// How long whoever has nothing to hear of waits for that to change.
pub(super) const IDLE: Duration = Duration::from_millis(5);
