//! What a sink looks at before it writes: whether the topic is there, and what the brokers allow.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker as TaskWaker};
use std::thread::Thread;
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Cancelled;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic as Wanted, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::Producer as _;

use super::account::Account;
use super::limits::{AROUND, Found};
use super::options::{KafkaSinkOptions, NewTopic};
use super::period::Period;
use super::producer::{Producer, Reports, configuration, producer, unmade};
use super::refusals::refused;
use crate::kafka::wire::{Cluster, Session, Trouble, Wanted as WantedTopic};

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long one question may take before it is seen whether the job is being cancelled.
const SLICE: Duration = Duration::from_secs(2);
/// What brokers allow in one message where they do not say.
const USUAL_LIMIT: usize = 1_048_588;
/// The settings of a topic and of a broker that are asked for.
const LARGEST: &str = "max.message.bytes";
const LONGEST: &str = "transaction.max.timeout.ms";
/// What the producer of Java allows in one message.
const JAVA_LIMIT: usize = 1_048_576;

/// What brokers say that they take.
#[derive(Debug, Clone, Copy, Default)]
struct Allowed {
    /// The largest message of the topic, in bytes; `None`: they do not say.
    bytes: Option<usize>,
    period: Period,
    /// The longest transaction, in milliseconds; `None`: they do not say, or nobody has asked.
    transaction_ms: Option<u64>,
}

/// Looks at the topic, and makes it if that is wanted.
///
/// # Errors
/// No broker answers (unavailable), or the topic is missing, or it can't be made.
pub(super) fn look(
    options: &KafkaSinkOptions,
    cancelled: &Cancelled,
    exactly_once: bool,
) -> Result<Found> {
    let account = Arc::new(Account::unseen());
    let config = configuration(options, None);
    let client = producer(
        &config,
        &options.topic,
        options.called,
        Arc::clone(&account),
    )?;
    let (led, broker) = match find(&client, &account, options, cancelled)? {
        (Some(led), broker) => (led, broker),
        (None, _) => {
            let wanted = options.create.ok_or_else(|| missing(options))?;
            create(options, wanted, false)?;
            made(&client, &account, options, cancelled)?
        }
    };
    let allowed = allowed(options, broker, exactly_once);
    Ok(Found {
        partitions: led.all,
        on_one_broker: led.by_one,
        message_bytes: allowed
            .bytes
            .unwrap_or(USUAL_LIMIT)
            .min(JAVA_LIMIT)
            .saturating_sub(AROUND),
        told_bytes: allowed.bytes.map(|bytes| bytes.saturating_sub(AROUND)),
        period: allowed.period,
        transaction_ms: allowed.transaction_ms,
    })
}

/// What brokers say that they take: the largest message of the topic, in bytes, and the longest transaction, in
/// milliseconds. `None`: they do not say.
///
/// # Errors
/// No broker answers.
pub(in crate::kafka) fn limits(
    options: &KafkaSinkOptions,
    exactly_once: bool,
) -> Result<(Option<usize>, Option<u64>)> {
    let account = Arc::new(Account::unseen());
    let config = configuration(options, None);
    let client = producer(
        &config,
        &options.topic,
        options.called,
        Arc::clone(&account),
    )?;
    let (_, broker) = find(&client, &account, options, &Cancelled::default())?;
    let allowed = allowed(options, broker, exactly_once);
    Ok((allowed.bytes, allowed.transaction_ms))
}

/// Whether the topic, which is missing, would be made.
///
/// # Errors
/// It would not.
pub(in crate::kafka) fn would_be_made(options: &KafkaSinkOptions) -> Result<NewTopic> {
    let wanted = options.create.ok_or_else(|| missing(options))?;
    create(options, wanted, true)?;
    Ok(wanted)
}

/// The partitions of a topic.
#[derive(Clone, Copy)]
struct Led {
    all: usize,
    /// The most of them that one broker leads.
    by_one: usize,
}

impl Led {
    fn of(topic: &MetadataTopic) -> Self {
        let mut each: HashMap<i32, usize> = HashMap::new();
        for partition in topic.partitions() {
            *each.entry(partition.leader()).or_default() += 1;
        }
        Self {
            all: topic.partitions().len(),
            by_one: each.into_values().max().unwrap_or_default(),
        }
    }
}

/// The partitions, `None` where there is no such topic, and a broker.
fn find(
    client: &Producer,
    account: &Account,
    options: &KafkaSinkOptions,
    cancelled: &Cancelled,
) -> Result<(Option<Led>, i32)> {
    let doing = format!("look for topic {}", options.topic);
    let mut left = ANSWER.as_secs() / SLICE.as_secs();
    let metadata = loop {
        client.poll(Duration::ZERO);
        match client.client().fetch_metadata(Some(&options.topic), SLICE) {
            Ok(metadata) => break metadata,
            Err(error) => {
                client.poll(Duration::from_millis(10));
                account.failure().map_or(Ok(()), Err)?;
                let trouble = client.context().trouble();
                left -= 1;
                if left == 0 || cancelled.is_set() {
                    return Err(refused(&doing, &error, trouble));
                }
            }
        }
    };
    let broker = metadata.brokers().first().map_or(0, |broker| broker.id());
    let Some(topic) = metadata.topics().first() else {
        return Ok((None, broker));
    };
    match topic.error().map(RDKafkaErrorCode::from) {
        None => Ok((Some(Led::of(topic)), broker)),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            Ok((None, broker))
        }
        // The topic is just being made.
        Some(RDKafkaErrorCode::LeaderNotAvailable) if !topic.partitions().is_empty() => {
            Ok((Some(Led::of(topic)), broker))
        }
        Some(code) => Err(refused(&doing, &KafkaError::MetadataFetch(code), None)),
    }
}

/// Waits until a topic that was made is known.
fn made(
    client: &Producer,
    account: &Account,
    options: &KafkaSinkOptions,
    cancelled: &Cancelled,
) -> Result<(Led, i32)> {
    for _ in 0..100 {
        if let (Some(led), broker) = find(client, account, options, cancelled)? {
            return Ok((led, broker));
        }
        client.poll(Duration::from_millis(100));
    }
    Err(missing(options))
}

fn missing(options: &KafkaSinkOptions) -> Error {
    let KafkaSinkOptions { topic, called, .. } = options;
    let message = format!("topic {topic} is not there");
    let (named, prefix) = (called.topic(), called.prefix());
    Error::new(&codes::SINK_TOPIC, message).next(format!(
        "make the topic, correct {named}, or have it made with {prefix}create partitions=<number>,replication=<number>"
    ))
}

/// `only_validate`: the brokers say what they would do, and do nothing.
fn create(options: &KafkaSinkOptions, wanted: NewTopic, only_validate: bool) -> Result<()> {
    let topic = &options.topic;
    if let Some(session) = by_token(options)? {
        return create_by_token(session, options, wanted, only_validate);
    }
    let replication = TopicReplication::Fixed(wanted.replication.unwrap_or(-1));
    let new = Wanted::new(topic, wanted.partitions.unwrap_or(-1), replication);
    let admin = admin(options)?;
    let asked = AdminOptions::new()
        .request_timeout(Some(ANSWER))
        .operation_timeout(Some(ANSWER))
        .validate_only(only_validate);
    let doing = format!("make topic {topic}");
    let results =
        wait(admin.create_topics([&new], &asked)).map_err(|error| refused(&doing, &error, None))?;
    for result in results {
        match result {
            Ok(_) if only_validate => {}
            Ok(_) => tracing::info!("Made topic {topic}."),
            // Somebody else was quicker.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(not_made(options, &code.to_string())),
        }
    }
    Ok(())
}

/// Whoever logs in by a token has to ask by connections of ours; `None`: nobody does.
fn by_token(options: &KafkaSinkOptions) -> Result<Option<Session>> {
    if options.properties.get("sasl.mechanism") != Some("OAUTHBEARER") {
        return Ok(None);
    }
    let cluster = Cluster::new(&options.brokers, options.properties.settings())?;
    // A job that starts waits as long as it does for its transactions.
    Ok(Some(Session::new(Arc::new(cluster), Cancelled::default())))
}

fn create_by_token(
    mut session: Session,
    options: &KafkaSinkOptions,
    wanted: NewTopic,
    only_validate: bool,
) -> Result<()> {
    let topic = options.topic.as_str();
    let wanted = WantedTopic {
        topic,
        partitions: wanted.partitions,
        replication: wanted.replication,
    };
    match session.create_topic(wanted, ANSWER, only_validate) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(why)) => Err(not_made(options, &why)),
        Err(Trouble::Refused(error)) => Err(error),
        Err(Trouble::Away(why)) => {
            let message = format!("can't make topic {topic}: {why}");
            Err(Error::new(&codes::SINK_KAFKA, message)
                .next("check the brokers; it is tried again"))
        }
    }
}

fn not_made(options: &KafkaSinkOptions, why: &str) -> Error {
    let topic = &options.topic;
    let message = format!("topic {topic} is not there, and can't be made: {why}");
    let next = format!(
        "correct {}create, grant Create on the topic, or make it by hand",
        options.called.prefix()
    );
    Error::new(&codes::SINK_TOPIC, message).next(next)
}

fn admin(options: &KafkaSinkOptions) -> Result<AdminClient<Reports>> {
    let account = Arc::new(Account::unseen());
    let config = configuration(options, None);
    let reports = Reports::new(&config, &options.topic, account);
    config
        .create_with_context(reports)
        .map_err(|error| unmade(&error, options.called))
}

/// What the topic and the broker say. Who may not ask is told nothing.
fn allowed(options: &KafkaSinkOptions, broker: i32, exactly_once: bool) -> Allowed {
    match by_token(options) {
        Ok(Some(session)) => return allowed_by_token(session, options, exactly_once),
        Ok(None) => {}
        Err(_) => return Allowed::default(),
    }
    let Ok(admin) = admin(options) else {
        return Allowed::default();
    };
    let settings = |resource: ResourceSpecifier<'_>| {
        let asked = AdminOptions::new().request_timeout(Some(ANSWER));
        let resources = [resource];
        let found = wait(admin.describe_configs(&resources, &asked)).ok()?;
        found.into_iter().next()?.ok()
    };
    let value =
        |found: &Option<ConfigResource>, name: &str| found.as_ref()?.get(name)?.value.clone();
    let topic = settings(ResourceSpecifier::Topic(&options.topic));
    let of_broker = match exactly_once {
        true => settings(ResourceSpecifier::Broker(broker)),
        false => None,
    };
    Allowed {
        bytes: value(&topic, LARGEST).and_then(|bytes| bytes.parse().ok()),
        period: Period::of(|name| value(&topic, name)),
        transaction_ms: value(&of_broker, LONGEST).and_then(|millis| millis.parse().ok()),
    }
}

fn allowed_by_token(
    mut session: Session,
    options: &KafkaSinkOptions,
    exactly_once: bool,
) -> Allowed {
    let mut setting = |name: &str| session.topic_setting(&options.topic, name).ok().flatten();
    let bytes = setting(LARGEST).and_then(|bytes| bytes.parse().ok());
    let period = Period::of(setting);
    let longest = |session: &mut Session| {
        let told = session.broker_setting(LONGEST);
        told.ok().flatten()?.parse().ok()
    };
    let transaction_ms = match exactly_once {
        true => longest(&mut session),
        false => None,
    };
    Allowed {
        bytes,
        period,
        transaction_ms,
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what librdkafka's own thread brings.
fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = TaskWaker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}
