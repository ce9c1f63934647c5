//! Consumers, and what they say when something is wrong.

mod group;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Gauges, SourceProgress, SplitGauges};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::{Offset, TopicPartitionList};

use super::begin::Bounds;
use super::fetched::Fetched;
use super::figures::{self, Before, STATISTICS};
use super::options::{End, KafkaSourceOptions};
use super::partition::Partition;
use super::token;
use group::{Group, NOT_TAKEN};

/// How long a broker may take to answer. Bounds how long a thread can outlive its reader.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// Memory that librdkafka fills ahead for all partitions of a subtask, in KiB, unless it was told otherwise.
const AHEAD_KIB: usize = 4 * 1024;
const AHEAD: &str = "queued.max.messages.kbytes";
/// The same in messages, each of which takes some hundred bytes besides its own.
const MESSAGES: &str = "queued.min.messages";
const AHEAD_MESSAGES: usize = 100_000;
const LEAST_MESSAGES: usize = 100;
/// How long librdkafka fetches nothing of a partition of which enough was read ahead, in milliseconds, unless it was told otherwise.
/// Its own second is longer than it takes to use that up.
const PAUSE: &str = "10";
/// What is asked for of a partition at once, in bytes, at least and at most, unless it was told otherwise.
const PIECE: (usize, usize) = (64 * 1024, 1024 * 1024);
/// Its names, in librdkafka and in Java.
const PIECES: [&str; 2] = ["fetch.message.max.bytes", "max.partition.fetch.bytes"];

pub(super) type Client = BaseConsumer<Ears>;

/// What librdkafka tells by itself.
#[derive(Default)]
pub(super) struct Ears {
    trouble: Mutex<Option<Heard>>,
    /// Where people see how far partitions are; `None`: nobody does.
    splits: Option<SplitGauges>,
    /// Whether also records count that are not committed.
    uncommitted: bool,
    gauges: Gauges,
    before: Before,
    /// The group that is told how far the job is.
    group: Group,
    /// How far partitions were fetched.
    pub(super) fetched: Fetched,
}

/// An error that librdkafka told of by itself.
struct Heard {
    code: Option<RDKafkaErrorCode>,
    reason: String,
}

impl Heard {
    /// Whether a broker could not be reached, or nobody who lets in.
    fn is_of_a_connection(&self) -> bool {
        use RDKafkaErrorCode as Code;
        matches!(
            self.code,
            Some(Code::BrokerTransportFailure | Code::Resolve)
        ) || is_of_kerberos(&self.reason)
    }
}

/// The reason without how long it took and how often it came: with that it is another one each time, and would be told anew.
fn without_times(reason: &str) -> &str {
    match reason.rsplit_once(" (after ") {
        Some((before, times)) if times.contains("ms in state ") => before,
        _ => reason,
    }
}

impl Ears {
    /// Ears that tell people where partitions end, what the group knows, and what it does not take.
    pub(super) fn telling(progress: &SourceProgress, options: &KafkaSourceOptions) -> Self {
        Self {
            splits: Some(progress.splits.clone()),
            gauges: progress.gauges.clone(),
            group: Group::named(&options.group),
            uncommitted: reads_uncommitted(options),
            ..Self::default()
        }
    }

    /// The last trouble with connections that it told of, until somebody finds that there is none any more.
    pub(super) fn trouble(&self) -> Option<String> {
        let heard = self.place();
        heard.as_ref().map(|heard| heard.reason.clone())
    }

    /// What to do about that trouble, if it does not pass by itself. Who asks a question that is not answered for it
    /// is told nothing of it.
    fn refusal(&self) -> Option<&'static str> {
        let heard = self.place();
        let heard = heard.as_ref()?;
        if is_of_kerberos(&heard.reason) {
            return kerberos(&heard.reason);
        }
        let is_distrusted = heard.code == Some(RDKafkaErrorCode::SSL)
            && heard.reason.contains("certificate verify failed");
        if is_distrusted {
            return Some(
                "give the certificate of who has signed the brokers' as source.kafka.ssl.truststore.location",
            );
        }
        heard.code.and_then(refusal)
    }

    fn is_told_of_kerberos(&self) -> bool {
        let heard = self.place();
        heard
            .as_ref()
            .is_some_and(|heard| is_of_kerberos(&heard.reason))
    }

    /// A broker has answered.
    pub(super) fn forget_trouble(&self) {
        *self.place() = None;
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Option<Heard>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Ears {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        config: Option<&str>,
    ) -> std::result::Result<OAuthToken, Box<dyn std::error::Error>> {
        token::for_librdkafka(config)
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == NOT_TAKEN {
            self.group.refuses(message);
        }
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info => {
                tracing::trace!("librdkafka: {facility}: {message}");
            }
            // What matters besides comes as an error as well.
            _ => tracing::debug!("librdkafka: {facility}: {message}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        let Some(splits) = &self.splits else {
            return;
        };
        self.fetched.hear(&statistics);
        figures::read(&self.gauges, &self.before, &statistics);
        for (topic, told) in &statistics.topics {
            for told in told.partitions.values().filter(|told| told.partition >= 0) {
                let name = Partition::new(topic.as_str(), told.partition).to_string();
                let end = if self.uncommitted {
                    told.hi_offset
                } else {
                    told.ls_offset
                };
                splits.change(&name, |gauge| {
                    // What is not known yet is below 0.
                    gauge.end = u64::try_from(end).ok().or(gauge.end);
                    gauge.committed = u64::try_from(told.committed_offset).ok();
                });
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
        let code = error.rdkafka_error_code();
        let mut place = self.place();
        // It tells that of each try, behind what was in its way: that says more.
        if code == Some(RDKafkaErrorCode::AllBrokersDown)
            && place.as_ref().is_some_and(Heard::is_of_a_connection)
        {
            return;
        }
        *place = Some(Heard {
            code,
            reason: without_times(reason).to_owned(),
        });
    }
}

impl ConsumerContext for Ears {}

/// Whether also records are read that are not committed.
fn reads_uncommitted(options: &KafkaSourceOptions) -> bool {
    let mut settings = options.properties.settings();
    settings.any(|setting| setting == ("isolation.level", "read_uncommitted"))
}

/// What librdkafka is told of how much it may read ahead of each of so many partitions: each has a queue of its own there, and
/// with that a limit of its own.
fn ahead(options: &KafkaSourceOptions, partitions: usize) -> Vec<(&'static str, String)> {
    let given = |name: &str| options.properties.get(name);
    let all = given(AHEAD).map_or(Ok(AHEAD_KIB), |kib| kib.trim().parse());
    // librdkafka says what is wrong with it.
    let Ok(all) = all else {
        return Vec::new();
    };
    let kib = (all / partitions.max(1)).max(1);
    let mut told = vec![(AHEAD, kib.to_string())];
    if given(MESSAGES).is_none() {
        let messages = (AHEAD_MESSAGES / partitions.max(1)).max(LEAST_MESSAGES);
        told.push((MESSAGES, messages.to_string()));
    }
    let [piece, _] = PIECES;
    if !PIECES.iter().any(|name| given(name).is_some()) {
        let (least, most) = PIECE;
        let bytes = kib.saturating_mul(1024).clamp(least, most);
        told.push((piece, bytes.to_string()));
    }
    told
}

/// Makes a consumer, which reads at most one partition. It connects by itself, whether brokers are there or not.
///
/// # Errors
/// librdkafka refuses a property.
pub(super) fn consumer(options: &KafkaSourceOptions, ears: Ears) -> Result<Client> {
    consumer_of(options, ears, 1)
}

/// Makes a consumer that reads `partitions` partitions, or a few more.
///
/// # Errors
/// Those of [`consumer`].
pub(super) fn consumer_of(
    options: &KafkaSourceOptions,
    mut ears: Ears,
    partitions: usize,
) -> Result<Client> {
    let mut config = ClientConfig::new();
    if ears.splits.is_some() {
        config.set("statistics.interval.ms", STATISTICS);
    }
    configure(&mut config, options, partitions);
    if ears.splits.is_some() && options.end != End::None {
        // Whether a partition was read to its end may be known by them only.
        config.set("statistics.interval.ms", STATISTICS);
    }
    // It tells how old it is.
    ears.fetched = Fetched::default();
    config.create_with_context(ears).map_err(|error| {
        let (message, next) = match &error {
            KafkaError::ClientConfig(_, why, name, _) => (
                format!("source.kafka.{name} is not taken: {why}"),
                "correct the property, or leave it out",
            ),
            other => (
                format!("Kafka's consumer can't be made: {other}"),
                "check the properties given as source.kafka.*",
            ),
        };
        Error::new(&codes::INGEST_PARAMETERS, message).next(next)
    })
}

/// What a consumer is told, whoever it is for.
fn configure(config: &mut ClientConfig, options: &KafkaSourceOptions, partitions: usize) {
    // The client's library asks a logger that nobody has set up here, and would leave out what is listened for.
    config.set_log_level(RDKafkaLogLevel::Warning);
    config.set("client.id", "millstream");
    // As Java's consumer does it.
    config.set("check.crcs", "true");
    config.set("fetch.queue.backoff.ms", PAUSE);
    for (name, value) in options.properties.settings() {
        config.set(name, value);
    }
    for (name, value) in ahead(options, partitions) {
        config.set(name, value);
    }
    config.set("bootstrap.servers", &options.brokers);
    // Who has a group looks for its coordinator at once.
    if !options.group.is_empty() {
        config.set("group.id", &options.group);
    }
    config.set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false");
    config.set("enable.partition.eof", "true");
    // What to do about it is decided here, with what is missing told.
    config.set("auto.offset.reset", "error");
}

/// Why something could not be done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may pass: a broker is away, a leader is being elected.
    Away(String),
    /// It won't by itself.
    Refused(Error),
}

/// Whether an error of librdkafka may pass by itself, and what it says.
pub(super) fn judge(error: &KafkaError, doing: &str, ears: &Ears) -> Trouble {
    let code = error.rdkafka_error_code();
    let said = code.map_or_else(|| error.to_string(), |code| code.to_string());
    // The code is that of every login that fails; a KDC that is away says so in words.
    let refused = match ears.is_told_of_kerberos() {
        true => ears.refusal(),
        false => code.and_then(refusal).or_else(|| ears.refusal()),
    };
    let why = match refused {
        None => {
            let heard = ears.trouble().unwrap_or(said);
            return Trouble::Away(format!("{doing}: {heard}"));
        }
        Some(why) => why,
    };
    let heard = ears
        .trouble()
        .map_or_else(String::new, |heard| format!(" ({heard})"));
    Trouble::Refused(Error::new(&codes::SOURCE_KAFKA, format!("{doing}: {said}{heard}")).next(why))
}

/// Whether librdkafka tells of Kerberos: that has said itself what to do.
pub(super) fn is_of_kerberos(reason: &str) -> bool {
    reason.contains("SASL handshake failed")
}

/// What to do about it; `None`: it may pass by itself.
pub(super) fn kerberos(reason: &str) -> Option<&'static str> {
    let passes = millstream_gssapi::may_pass(reason);
    (!passes).then_some("do what it says; `millstream explain MS-6040` tells of each cause")
}

/// What to do about an error that does not pass by itself.
fn refusal(code: RDKafkaErrorCode) -> Option<&'static str> {
    use RDKafkaErrorCode as Code;
    Some(match code {
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState => {
            "check source.kafka.security.protocol, sasl.mechanism and sasl.jaas.config"
        }
        Code::TopicAuthorizationFailed => "grant Describe and Read on the topic",
        Code::GroupAuthorizationFailed => "grant Read on the group",
        Code::ClusterAuthorizationFailed => "grant the user what the message names",
        Code::UnsupportedVersion | Code::UnsupportedFeature => {
            "use brokers of version 0.11 or newer"
        }
        Code::InvalidTopic => "correct source.kafka.topic",
        Code::InvalidGroupId => "correct group.id",
        _ => return None,
    })
}

/// Whether an error says that a topic or partition is not there.
pub(super) fn is_unknown(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
        )
    )
}

/// Whether offsets that a group did not take may be taken soon. Else the user may not, or somebody is a member of it.
pub(super) fn may_be_taken_soon(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::CoordinatorLoadInProgress
                | Code::CoordinatorNotAvailable
                | Code::NotCoordinator
                | Code::WaitingForCoordinator
                | Code::RequestTimedOut
                | Code::OperationTimedOut
                | Code::TimedOutQueue
                | Code::NetworkException
                | Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::Resolve
                // One that was just made is not known to every broker at once.
                | Code::UnknownTopicOrPartition
        )
    )
}

/// The offsets that a partition holds which is to be read from `next` on, asked for no longer than `patience`.
pub(super) fn bounds(
    client: &Client,
    options: &KafkaSourceOptions,
    partition: &Partition,
    next: i64,
    patience: Duration,
) -> KafkaResult<Bounds> {
    let (low, high) = client.fetch_watermarks(&partition.topic, partition.number, patience)?;
    // Somebody who reads what is not committed has left the group, or a snapshot, behind a transaction that is open.
    let last = if next > high && !reads_uncommitted(options) {
        last_of_all(options, partition, patience)?
    } else {
        high
    };
    Ok(Bounds { low, high, last })
}

/// The offset behind the newest record of a partition, committed or not. A consumer is told once what it is to see, so that another
/// one is asked.
fn last_of_all(
    options: &KafkaSourceOptions,
    partition: &Partition,
    patience: Duration,
) -> KafkaResult<i64> {
    let mut config = ClientConfig::new();
    configure(&mut config, &options.without_group(), 1);
    config.set("isolation.level", "read_uncommitted");
    let client: Client = config.create_with_context(Ears::default())?;
    // Whoever logs in by a token is asked for it by who polls.
    drop(client.poll(Duration::ZERO));
    let (_, last) = client.fetch_watermarks(&partition.topic, partition.number, patience)?;
    Ok(last)
}

/// A list of partitions with what librdkafka is to know of each.
pub(super) fn list<'a>(
    partitions: impl IntoIterator<Item = (&'a Partition, Offset)>,
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        list.add_partition_offset(&partition.topic, partition.number, offset)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests;
