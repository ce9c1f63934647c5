//! One broker: what it understands, who we are to it, requests and their answers.

use std::io::ErrorKind;
use std::time::Duration;

use millstream_engine::connector::Cancelled;
use millstream_gssapi::{Protection, Service};
use ring::rand::{SecureRandom, SystemRandom};

use super::bytes::{Reader, Writer};
use super::clock::Deadline;
use super::cluster::{Address, Cluster};
use super::errors::{Trouble, UNSUPPORTED_VERSION, name};
use super::requests::{ApiVersions, Authenticate, Authenticated, Handshake, Request, Versions};
use super::scram;
use super::security::{Login, Mechanism};
use super::stream::Stream;
use crate::kafka::token::Tokens;

/// Who asks, in the broker's log and metrics.
const CLIENT: &str = "millstream";

/// The feature that says which protocol of transactions a cluster has.
const TRANSACTION_VERSION: &str = "transaction.version";

/// What to do about a login that is refused.
const CHECK_LOGIN: &str = "check security.protocol, sasl.mechanism and sasl.jaas.config";

/// What a broker says of itself, to anybody who connects.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) address: Address,
    versions: Versions,
}

impl Said {
    /// Asks a broker for this alone, which takes no login, within `time`.
    ///
    /// # Errors
    /// The broker is away, does not answer in time, or is not trusted.
    pub(super) fn by(
        address: &Address,
        cluster: &Cluster,
        cancelled: &Cancelled,
        time: Duration,
    ) -> Result<Self, Trouble> {
        let deadline = Deadline::after(time, cancelled);
        let mut connection = Connection::connect(address, cluster, cancelled, &deadline)?;
        connection.learn_versions(&deadline)?;
        Ok(connection.said)
    }

    /// The cluster's feature `transaction.version`; 0 where it is not known.
    pub(super) fn transaction_version(&self) -> i16 {
        let features = &self.versions.features;
        features.get(TRANSACTION_VERSION).copied().unwrap_or(0)
    }

    /// Whether the broker understands a kind of request, in a version that is known here.
    pub(super) fn understands<R: Request>(&self) -> Result<(), Trouble> {
        self.version::<R>().map(drop)
    }

    /// The newest version that both understand.
    fn version<R: Request>(&self) -> Result<i16, Trouble> {
        let newest_known = R::newest(self.transaction_version());
        let theirs = self.versions.requests.get(&R::KEY).copied();
        let (oldest, newest) = theirs.unwrap_or((i16::MAX, -1));
        let common = newest.min(newest_known);
        if common >= oldest.max(R::VERSIONS.0) {
            return Ok(common);
        }
        let (name, address) = (R::NAME, &self.address);
        let message = format!("broker {address} does not understand {name} as it is needed");
        Err(Trouble::refused(
            message,
            "use brokers of version 3.0 or newer",
        ))
    }
}

/// A connection to one broker, logged in.
pub(super) struct Connection {
    pub(super) said: Said,
    stream: Stream,
    asked: i32,
    answering: Duration,
    cancelled: Cancelled,
}

impl Connection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// The broker is away, or does not take us.
    pub(super) fn open(
        address: &Address,
        cluster: &Cluster,
        cancelled: &Cancelled,
    ) -> Result<Self, Trouble> {
        let connecting = Deadline::after(cluster.connecting, cancelled);
        let mut connection = Self::connect(address, cluster, cancelled, &connecting)?;
        connection.learn_versions(&Deadline::after(cluster.answering, cancelled))?;
        if let Some(login) = &cluster.security.login {
            connection.log_in(login)?;
        }
        Ok(connection)
    }

    /// One on which nothing was asked yet.
    fn connect(
        address: &Address,
        cluster: &Cluster,
        cancelled: &Cancelled,
        deadline: &Deadline,
    ) -> Result<Self, Trouble> {
        let tls = cluster.security.tls.as_ref();
        let stream = Stream::open(address, tls, deadline);
        let stream = stream.map_err(|error| match error.kind() {
            ErrorKind::InvalidData => Trouble::refused(
                format!("broker {address} is not trusted: {error}"),
                "check security.protocol and the certificates in ssl.truststore.location",
            ),
            _ => Trouble::Away(format!("broker {address}: {error}")),
        })?;
        Ok(Self {
            said: Said {
                address: address.clone(),
                versions: Versions::default(),
            },
            stream,
            asked: 0,
            answering: cluster.answering,
            cancelled: cancelled.clone(),
        })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// The broker does not understand it, or does not answer: then nobody knows whether it has done what was asked.
    pub(super) fn call<R: Request>(&mut self, request: &R) -> Result<R::Answer, Trouble> {
        let version = self.said.version::<R>()?;
        let deadline = Deadline::after(self.answering, &self.cancelled);
        let bytes = self.exchange(request, version, &deadline)?;
        let mut input = Reader::new(&bytes, version >= R::FLEXIBLE);
        self.after_header(&mut input)?;
        R::read(&mut input, version).map_err(|garbled| self.garbled(R::NAME, garbled.0))
    }

    fn learn_versions(&mut self, deadline: &Deadline) -> Result<(), Trouble> {
        for version in [ApiVersions::VERSIONS.1, 0] {
            let bytes = self.exchange(&ApiVersions, version, deadline)?;
            // The header of this answer is in the old form in any version.
            let mut input = Reader::new(&bytes, false);
            self.after_header(&mut input)?;
            input.set_flexible(version >= ApiVersions::FLEXIBLE);
            let versions = ApiVersions::read(&mut input, version)
                .map_err(|garbled| self.garbled(ApiVersions::NAME, garbled.0))?;
            match versions.error {
                0 => {
                    self.said.versions = versions;
                    return Ok(());
                }
                UNSUPPORTED_VERSION => {}
                other => {
                    let message = format!("broker {}: {}", self.said.address, name(other));
                    return Err(Trouble::Away(message));
                }
            }
        }
        let message = format!(
            "broker {} does not say what it understands",
            self.said.address
        );
        Err(Trouble::refused(
            message,
            "use brokers of version 3.0 or newer",
        ))
    }

    fn exchange<R: Request>(
        &mut self,
        request: &R,
        version: i16,
        deadline: &Deadline,
    ) -> Result<Vec<u8>, Trouble> {
        self.asked = self.asked.wrapping_add(1);
        let mut out = Writer::default();
        out.i16(R::KEY);
        out.i16(version);
        out.i32(self.asked);
        out.old_text(CLIENT);
        out.set_flexible(version >= R::FLEXIBLE);
        out.end();
        request.write(&mut out, version);
        let message = out.into_bytes();
        let away = |error: std::io::Error| {
            Trouble::Away(format!(
                "broker {} ({}): {error}",
                self.said.address,
                R::NAME
            ))
        };
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend(message);
        self.stream.send(&framed, deadline).map_err(away)?;
        let length = self.stream.receive(4, deadline).map_err(away)?;
        let length = length.try_into().map_or(0, u32::from_be_bytes);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > R::LARGEST {
            return Err(self.garbled(R::NAME, "it is larger than any such answer"));
        }
        self.stream.receive(length, deadline).map_err(away)
    }

    /// Passes over the header of an answer.
    fn after_header(&self, input: &mut Reader<'_>) -> Result<(), Trouble> {
        let answered = input.i32().and_then(|answered| {
            input.end()?;
            Ok(answered)
        });
        match answered {
            Ok(answered) if answered == self.asked => Ok(()),
            _ => Err(self.garbled("request", "it is for another request")),
        }
    }

    /// What is no answer of Kafka's may come from a proxy that is being started, so it may pass.
    fn garbled(&self, request: &str, why: &str) -> Trouble {
        let address = &self.said.address;
        Trouble::Away(format!(
            "broker {address} gives no good answer to {request}: {why}"
        ))
    }

    fn log_in(&mut self, login: &Login) -> Result<(), Trouble> {
        let mechanism = login.mechanism.name();
        let answer = self.call(&Handshake { mechanism })?;
        if answer.error != 0 {
            let (address, known) = (&self.said.address, answer.known.join(", "));
            let message =
                format!("broker {address} does not take sasl.mechanism {mechanism}, but {known}");
            return Err(Trouble::denied(message, CHECK_LOGIN));
        }
        match login.mechanism {
            Mechanism::Plain => {
                let message = format!("\0{}\0{}", login.user, login.password);
                self.authenticate(message.into_bytes()).map(drop)
            }
            Mechanism::Scram(hash) => self.scram(hash, login),
            Mechanism::Bearer => self.bearer(login),
            Mechanism::Kerberos => self.kerberos(login),
        }
    }

    fn kerberos(&mut self, login: &Login) -> Result<(), Trouble> {
        let (name, keys) = login.kerberos.clone().unwrap_or_default();
        let host = self.said.address.host.clone();
        let service = Service::OnHost { name, host };
        let address = self.said.address.clone();
        let failed = |error| Trouble::of_kerberos(&address, &error);
        let login = millstream_gssapi::Login::new(service, &keys, Some(Protection::None));
        let mut login = login.map_err(failed)?;
        let mut received = Vec::new();
        loop {
            let answer = login.step(&received).map_err(failed)?;
            received = self.authenticate(answer.message)?;
            if answer.is_last {
                return Ok(());
            }
        }
    }

    fn bearer(&mut self, login: &Login) -> Result<(), Trouble> {
        let unsaid = || Err("it is not said where tokens come from".to_owned());
        let token = login.tokens.as_ref().map_or_else(unsaid, Tokens::token);
        let token = token.map_err(|why| {
            let message = format!("broker {}: {why}", self.said.address);
            Trouble::denied(
                message,
                "give sasl.oauthbearer.token.endpoint.url, and a token there",
            )
        })?;
        let message = format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", token.text);
        let answered = self.authenticate(message.into_bytes())?;
        if answered.is_empty() {
            return Ok(());
        }
        // What is wrong with the token; the refusal comes as the answer to this.
        self.authenticate(vec![1])?;
        let why = String::from_utf8_lossy(&answered).into_owned();
        let message = format!(
            "broker {} does not take the token: {why}",
            self.said.address
        );
        Err(Trouble::denied(message, CHECK_LOGIN))
    }

    fn scram(&mut self, hash: scram::Hash, login: &Login) -> Result<(), Trouble> {
        let refused = |address: &Address, why: &str| {
            Trouble::denied(format!("broker {address}: SCRAM: {why}"), CHECK_LOGIN)
        };
        let mut random = [0; 18];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| refused(&self.said.address, "the system has no random numbers"))?;
        let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let first = scram::first(&login.user, &nonce);
        let answered = self.authenticate(format!("{}{first}", scram::HEAD).into_bytes())?;
        let answered = String::from_utf8_lossy(&answered).into_owned();
        let last = scram::last(hash, &login.password, (&first, &nonce), &answered)
            .map_err(|why| refused(&self.said.address, why))?;
        let answered = self.authenticate(last.message.clone().into_bytes())?;
        if last.is_answered_by(&String::from_utf8_lossy(&answered)) {
            return Ok(());
        }
        let why = "the broker does not show that it knows the password";
        Err(refused(&self.said.address, why))
    }

    fn authenticate(&mut self, message: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        let Authenticated {
            error,
            why,
            message,
        } = self.call(&Authenticate { message })?;
        if error == 0 {
            return Ok(message);
        }
        let why = why.unwrap_or_else(|| name(error));
        let message = format!("broker {}: {why}", self.said.address);
        Err(Trouble::denied(message, CHECK_LOGIN))
    }
}
