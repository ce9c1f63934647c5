//! The properties of Kafka's Java consumer and producer, and what they are called here.
//!
//! Users give the names that they know from Java. Most mean the same to librdkafka; [`TABLE`] (of consumers, and of both)
//! and [`producer::TABLE`] hold the others: those with another name, those that have no effect because the source or sink
//! does the work itself, and those that are refused because without them the job would do something else than its user
//! expects. What is not in the table goes to
//! librdkafka as it is, so its own properties can be given, too; what it doesn't know it refuses by name.

mod bearer;
mod jaas;
mod kerberos;
mod producer;
mod stores;

use std::collections::BTreeMap;
use std::fmt;

use millstream_core::{Error, Result, codes};
use millstream_gssapi::Keys;

use jaas::Login;
use stores::Stores;

/// What a consumer or producer is told besides addresses, topics and group.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties {
    settings: Vec<(String, String)>,
    batch: Option<usize>,
    notes: Vec<String>,
}

/// Whose properties they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The consumer's, of a source.
    Source,
    /// The producer's, of a sink.
    Sink,
    /// The producer's, of dead letters.
    Letters,
}

impl Side {
    /// Where users write its properties.
    fn prefix(self) -> &'static str {
        match self {
            Self::Source => "source.kafka.",
            Self::Sink => "sink.kafka.",
            Self::Letters => "error.dead-letter.kafka.",
        }
    }

    /// What becomes of a property, if it is not given to librdkafka as it is.
    fn rule(self, name: &str) -> Option<&'static Rule> {
        let own = TABLE.iter().find(|(known, _)| *known == name);
        let own = own.map(|(_, rule)| rule);
        match self {
            Self::Source => own,
            Self::Sink | Self::Letters => {
                let special = producer::TABLE.iter().find(|(known, _)| *known == name);
                match (special, own) {
                    (Some((_, rule)), _) => Some(rule),
                    (None, Some(rule)) if producer::is_of_both(name) => Some(rule),
                    (None, Some(_)) => Some(&producer::OF_CONSUMERS),
                    (None, None) => None,
                }
            }
        }
    }

    /// The error of a property that can't be had, and why.
    fn refused(self, name: &str, why: &str) -> Error {
        let message = format!("{}{name} can't be had: {why}", self.prefix());
        Error::new(&codes::INGEST_UNSUPPORTED, message).next("leave it out")
    }
}

/// Values may be secrets, so only names are shown.
impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.settings.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Properties")
            .field("settings", &names)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// What becomes of a property.
enum Rule {
    /// It has this name, and the same values.
    Named(&'static str),
    /// It has this name; `-1` is written `0`.
    Buffer(&'static str),
    /// It has these two names, and the same values.
    Both(&'static str, &'static str),
    /// It has this name, and is told in KiB there.
    Kibibytes(&'static str),
    /// The level of this way of compression.
    Level(&'static str),
    /// The most records that are handed over at once.
    Batch,
    /// It is one of those by which a user logs in.
    Login,
    /// It is one of those that say where certificates and keys are.
    Store,
    /// The value may only be this one, which is how it is anyway; else this is why.
    Fixed(&'static str, &'static str),
    /// It has no effect, and why.
    NoEffect(&'static str),
    /// It can't be had, and why.
    Refused(&'static str),
}

use Rule::{Batch, Buffer, Fixed, NoEffect, Refused, Store};

const NO_MEMBER: &str = "the job assigns partitions itself and is no member of the group";
const OWN: &str = "a parameter of its own says that";
const DECODES: &str = "records are decoded as source.kafka.format says";
const NO_CLASSES: &str = "there is no JVM to run Java classes";
const NO_TLS: &str = "OpenSSL decides that here, and there is no such setting";
const TICKETS: &str =
    "no program is run for tickets, and new ones are got when half of their time is over";
const OAUTH: &str = "tokens are read from a file: sasl.oauthbearer.token.endpoint.url file:///path";
const BROKERS_ONLY: &str = "it is a property of brokers";

/// Every property of Java's consumer (4.1) that does not mean the same to librdkafka under the same name, and
/// properties of librdkafka that the source needs for itself.
const TABLE: &[(&str, Rule)] = &[
    (
        "auto.commit.interval.ms",
        NoEffect("offsets are committed behind checkpoints"),
    ),
    ("auto.include.jmx.reporter", NoEffect(NO_CLASSES)),
    (
        "auto.offset.reset",
        Refused("it is a parameter: --auto.offset.reset"),
    ),
    (
        "bootstrap.servers",
        Refused("it is a parameter: --source.kafka.brokers"),
    ),
    (
        "config.providers",
        Refused("references to secrets are written ${env:NAME} and ${file:PATH} here"),
    ),
    (
        "default.api.timeout.ms",
        NoEffect("the source waits for brokers as long as it takes, and shows it"),
    ),
    (
        "enable.auto.commit",
        Fixed("false", "offsets are committed behind checkpoints"),
    ),
    (
        "enable.auto.offset.store",
        Refused("offsets are committed behind checkpoints"),
    ),
    (
        "enable.partition.eof",
        Refused("the source needs it for itself"),
    ),
    (
        "exclude.internal.topics",
        NoEffect("internal topics are read only by name"),
    ),
    ("fetch.max.wait.ms", Rule::Named("fetch.wait.max.ms")),
    ("group.id", Refused("it is a parameter: --group.id")),
    ("group.instance.id", NoEffect(NO_MEMBER)),
    ("group.protocol", NoEffect(NO_MEMBER)),
    ("group.remote.assignor", NoEffect(NO_MEMBER)),
    ("heartbeat.interval.ms", NoEffect(NO_MEMBER)),
    ("interceptor.classes", Refused(NO_CLASSES)),
    ("key.deserializer", NoEffect(DECODES)),
    ("max.poll.interval.ms", NoEffect(NO_MEMBER)),
    ("max.poll.records", Batch),
    ("metadata.broker.list", Refused(OWN)),
    (
        "metadata.recovery.rebootstrap.trigger.ms",
        NoEffect("librdkafka decides that"),
    ),
    ("metric.reporters", NoEffect(NO_CLASSES)),
    ("metrics.num.samples", NoEffect(NO_CLASSES)),
    ("metrics.recording.level", NoEffect(NO_CLASSES)),
    ("metrics.sample.window.ms", NoEffect(NO_CLASSES)),
    ("partition.assignment.strategy", NoEffect(NO_MEMBER)),
    (
        "receive.buffer.bytes",
        Buffer("socket.receive.buffer.bytes"),
    ),
    ("request.timeout.ms", Rule::Named("socket.timeout.ms")),
    ("sasl.client.callback.handler.class", Refused(NO_CLASSES)),
    ("sasl.jaas.config", Rule::Login),
    ("sasl.kerberos.keytab", Rule::Login),
    ("sasl.kerberos.kinit.cmd", NoEffect(TICKETS)),
    ("sasl.kerberos.min.time.before.relogin", NoEffect(TICKETS)),
    ("sasl.kerberos.principal", Rule::Login),
    ("sasl.kerberos.service.name", Rule::Login),
    ("sasl.kerberos.ticket.renew.jitter", NoEffect(TICKETS)),
    (
        "sasl.kerberos.ticket.renew.window.factor",
        NoEffect(TICKETS),
    ),
    ("sasl.login.callback.handler.class", Refused(NO_CLASSES)),
    ("sasl.login.class", Refused(NO_CLASSES)),
    ("sasl.mechanism", Rule::Login),
    ("sasl.mechanisms", Rule::Login),
    ("sasl.oauthbearer.assertion.file", Refused(OAUTH)),
    ("sasl.oauthbearer.client.id", Refused(OAUTH)),
    ("sasl.oauthbearer.client.secret", Refused(OAUTH)),
    (
        "sasl.oauthbearer.config",
        Refused("what unsecured tokens hold is said in sasl.jaas.config, by the names of Java"),
    ),
    ("sasl.oauthbearer.extensions", Refused(OAUTH)),
    ("sasl.oauthbearer.jwks.endpoint.url", Refused(BROKERS_ONLY)),
    ("sasl.oauthbearer.method", Refused(OAUTH)),
    ("sasl.oauthbearer.scope", Refused(OAUTH)),
    ("sasl.oauthbearer.token.endpoint.url", Rule::Login),
    ("sasl.password", Rule::Login),
    ("sasl.username", Rule::Login),
    ("security.protocol", Rule::Login),
    ("security.providers", Refused(NO_CLASSES)),
    ("send.buffer.bytes", Buffer("socket.send.buffer.bytes")),
    ("session.timeout.ms", NoEffect(NO_MEMBER)),
    (
        "socket.connection.setup.timeout.max.ms",
        NoEffect("there is one time for it: socket.connection.setup.timeout.ms"),
    ),
    ("ssl.enabled.protocols", Refused(NO_TLS)),
    ("ssl.engine.factory.class", Refused(NO_CLASSES)),
    ("ssl.key.password", Store),
    ("ssl.keymanager.algorithm", Refused(NO_TLS)),
    ("ssl.keystore.certificate.chain", Store),
    ("ssl.keystore.key", Store),
    ("ssl.keystore.location", Store),
    ("ssl.keystore.password", Store),
    ("ssl.keystore.type", Store),
    ("ssl.protocol", Refused(NO_TLS)),
    ("ssl.provider", Refused(NO_TLS)),
    ("ssl.secure.random.implementation", Refused(NO_TLS)),
    ("ssl.trustmanager.algorithm", Refused(NO_TLS)),
    ("ssl.truststore.certificates", Store),
    ("ssl.truststore.location", Store),
    ("ssl.truststore.password", Store),
    ("ssl.truststore.type", Store),
    ("value.deserializer", NoEffect(DECODES)),
];

impl Properties {
    /// What the given properties of a consumer, by their names in Java without `source.kafka.`, come to.
    ///
    /// # Errors
    /// One can't be had here, or they contradict each other.
    pub fn of_java(given: &BTreeMap<String, String>) -> Result<Self> {
        Self::of(Side::Source, given)
    }

    /// What the given properties of a producer, by their names in Java without `sink.kafka.`, come to.
    ///
    /// # Errors
    /// One can't be had here, or they contradict each other.
    pub fn of_java_producer(given: &BTreeMap<String, String>) -> Result<Self> {
        Self::of(Side::Sink, given)
    }

    /// The same without `error.dead-letter.kafka.`.
    ///
    /// # Errors
    /// Those of [`of_java_producer`](Self::of_java_producer).
    pub fn of_dead_letters(given: &BTreeMap<String, String>) -> Result<Self> {
        Self::of(Side::Letters, given)
    }

    fn of(side: Side, given: &BTreeMap<String, String>) -> Result<Self> {
        let mut properties = Self::default();
        let mut login = Login::new(side);
        let mut stores = Stores::new(side);
        for (name, value) in given {
            match side.rule(name) {
                None => properties.set(name, spelled(name, value)),
                Some(Rule::Named(own)) => properties.set(own, value),
                Some(Rule::Both(first, second)) => {
                    properties.set(first, value);
                    properties.set(second, value);
                }
                Some(Buffer(own)) => {
                    properties.set(own, if value.trim() == "-1" { "0" } else { value });
                }
                Some(Rule::Kibibytes(own)) => {
                    let bytes = number(side, name, value, "bytes")?;
                    properties.set(own, bytes.div_ceil(1024).to_string());
                }
                Some(Rule::Level(of)) => properties.level(side, name, of, value, given),
                Some(Batch) => properties.batch = Some(number(side, name, value, "records")?),
                Some(Rule::Login) => login.take(name, value),
                Some(Store) => stores.take(name, value),
                Some(Fixed(only, _)) if only.split('|').any(|only| same(only, value)) => {}
                Some(Fixed(only, why)) => {
                    let only = only.replace('|', " or ");
                    let error = side.refused(name, why);
                    return Err(error.next(format!("leave it out, or give {only}")));
                }
                Some(NoEffect(why)) => properties.note(side, name, why),
                Some(Refused(why)) => return Err(side.refused(name, why)),
            }
        }
        properties.settings.extend(login.settings()?);
        properties.settings.extend(stores.settings()?);
        Ok(properties)
    }

    /// The level counts for the way of compression that is chosen.
    fn level(
        &mut self,
        side: Side,
        name: &str,
        of: &str,
        value: &str,
        given: &BTreeMap<String, String>,
    ) {
        let chosen = given.get(producer::COMPRESSION).map(String::as_str);
        let chosen = chosen.unwrap_or(producer::COMPRESSED_BY);
        if same(of, chosen) {
            self.set("compression.level", value);
        } else {
            self.note(
                side,
                name,
                &format!("what is sent is compressed by {chosen}"),
            );
        }
    }

    fn note(&mut self, side: Side, name: &str, why: &str) {
        let note = format!("{}{name} has no effect: {why}", side.prefix());
        self.notes.push(note);
    }

    /// Whose keys are used; `None`: nobody logs in by Kerberos.
    pub fn keys(&self) -> Option<Keys> {
        let protocol = self.get("security.protocol")?;
        let is_asked = protocol.to_ascii_uppercase().starts_with("SASL_")
            && self.get("sasl.mechanism") == Some("GSSAPI");
        is_asked.then(|| Keys::of_text(self.get("sasl.username").unwrap_or_default()))
    }

    /// What librdkafka is told under this name, if anything is.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.settings.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What librdkafka is told: names and values.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let settings = self.settings.iter();
        settings.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The most records that are handed over at once, if it was given.
    pub(super) fn batch(&self) -> Option<usize> {
        self.batch
    }

    /// Properties that were given and have no effect, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.settings.push((name.to_owned(), value.into()));
    }
}

/// Values that are written otherwise in Java.
fn spelled<'a>(name: &str, value: &'a str) -> &'a str {
    match (name, value) {
        // Empty: the name of the host is not checked.
        ("ssl.endpoint.identification.algorithm", "") => "none",
        (_, value) => value,
    }
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other.trim())
}

fn number(side: Side, name: &str, value: &str, what: &str) -> Result<usize> {
    let number = value.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        let message = format!(
            "{}{name} is {value}, which is no number of {what}",
            side.prefix()
        );
        Error::new(&codes::INGEST_PARAMETERS, message).next("give a whole number from 1 on")
    })
}

#[cfg(test)]
mod tests;
