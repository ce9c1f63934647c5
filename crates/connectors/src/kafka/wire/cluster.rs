//! Whom to ask, and how: what does not change while a job runs.

use std::fmt;
use std::time::Duration;

use millstream_core::{Error, Result, codes};

use super::given::Given;
use super::security::Security;

/// What brokers listen on unless told otherwise.
const PORT: u16 = 9092;
/// How long connecting may take, and an answer.
const CONNECTING: Duration = Duration::from_secs(10);
const ANSWERING: Duration = Duration::from_secs(30);
/// The longest time that a broker is given to answer, whatever the properties say: a question can be asked again.
const LONGEST: Duration = Duration::from_secs(60);

/// A cluster of brokers, and who we are to them.
#[derive(Clone)]
pub struct Cluster {
    pub(super) brokers: Vec<Address>,
    pub(super) security: Security,
    pub(super) connecting: Duration,
    pub(super) answering: Duration,
}

/// Passwords are not shown.
impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("brokers", &self.brokers)
            .finish_non_exhaustive()
    }
}

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl Cluster {
    /// The cluster that the brokers at these addresses (`host:port`, separated by commas) belong to. `settings` are names
    /// and values of librdkafka's properties; those that say who connects, and how, count here as well.
    ///
    /// # Errors
    /// An address can't be read; the way to log in is one that only librdkafka knows ([`codes::INGEST_UNSUPPORTED`],
    /// with what is lost); a file of certificates can't be read.
    pub fn new<'a>(
        brokers: &str,
        settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        let given = Given::new(settings);
        let addresses = brokers.split(',').map(str::trim);
        let addresses: Option<Vec<Address>> = addresses
            .filter(|address| !address.is_empty())
            .map(address)
            .collect();
        let addresses = addresses.filter(|addresses| !addresses.is_empty());
        let brokers = addresses.ok_or_else(|| {
            let message = format!("`{brokers}` names no brokers of Kafka");
            Error::new(&codes::OPTION_VALUE, message).next("write host:port,host:port")
        })?;
        Ok(Self {
            brokers,
            security: Security::new(&given)?,
            connecting: given
                .time("socket.connection.setup.timeout.ms", CONNECTING)
                .min(LONGEST),
            answering: given.time("socket.timeout.ms", ANSWERING).min(LONGEST),
        })
    }
}

/// `host`, `host:port`, `[address]:port`; librdkafka takes the name of the protocol before it.
fn address(text: &str) -> Option<Address> {
    let text = text.split_once("://").map_or(text, |(_, behind)| behind);
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, behind.strip_prefix(':'))
        }
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| Address {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::{Address, address};

    #[test]
    fn addresses_are_written_in_several_ways() {
        for (text, host, port) in [
            ("kafka:9093", "kafka", 9093),
            ("kafka", "kafka", 9092),
            ("SASL_SSL://kafka:1", "kafka", 1),
            ("[::1]:2", "::1", 2),
            ("[::1]", "::1", 9092),
        ] {
            let host = host.to_owned();
            assert_eq!(address(text), Some(Address { host, port }), "{text}");
        }
        for text in ["", ":1", "kafka:x", "kafka:99999", "[::1"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
