//! Who connects, and how, by the properties that librdkafka is given.

use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_gssapi::Keys;
use rustls::ClientConfig;

use super::given::{Given, unheeded};
use super::scram::Hash;
use super::tls;
use crate::kafka::token::{SETTING, Tokens};

/// How brokers are connected to.
#[derive(Clone, Default)]
pub(super) struct Security {
    /// Over TLS, with this.
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// As this user.
    pub(super) login: Option<Login>,
}

/// A user who logs in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) mechanism: Mechanism,
    pub(super) user: String,
    pub(super) password: String,
    /// Where the tokens of OAUTHBEARER come from.
    pub(super) tokens: Option<Tokens>,
    /// What brokers are called by Kerberos, and whose keys are used.
    pub(super) kerberos: Option<(String, Keys)>,
}

/// How a user logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Scram(Hash),
    Bearer,
    Kerberos,
}

impl Mechanism {
    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Bearer => "OAUTHBEARER",
            Self::Kerberos => "GSSAPI",
            Self::Scram(Hash::Sha256) => "SCRAM-SHA-256",
            Self::Scram(Hash::Sha512) => "SCRAM-SHA-512",
        }
    }
}

/// Properties of librdkafka that this connection would have to heed and can't.
const UNHEEDED: &[&str] = &[
    "ssl.cipher.suites",
    "ssl.curves.list",
    "ssl.sigalgs.list",
    "ssl.crl.location",
    "ssl.engine.location",
    "ssl.providers",
    "ssl.ca.certificate.stores",
];

impl Security {
    /// How brokers are connected to.
    ///
    /// # Errors
    /// It is a way that only librdkafka knows; a file can't be read.
    pub(super) fn new(given: &Given<'_>) -> Result<Self> {
        let protocol = given.get("security.protocol").unwrap_or("plaintext");
        let (encrypted, by_sasl) = match protocol.to_ascii_lowercase().as_str() {
            "plaintext" => (false, false),
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            other => {
                let message = format!("security.protocol {other} is not known");
                return Err(Error::new(&codes::OPTION_VALUE, message)
                    .next("give PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"));
            }
        };
        let mut security = Self::default();
        if encrypted {
            if let Some(name) = UNHEEDED.iter().find(|name| given.get(name).is_some()) {
                return Err(unheeded(name, "leave it out"));
            }
            security.tls = Some(tls::config(given)?);
        }
        if by_sasl {
            security.login = Some(login(given)?);
        }
        Ok(security)
    }
}

fn login(given: &Given<'_>) -> Result<Login> {
    let named = given.get("sasl.mechanism").or(given.get("sasl.mechanisms"));
    let mechanism = match named.unwrap_or("GSSAPI").to_ascii_uppercase().as_str() {
        "PLAIN" => Mechanism::Plain,
        "SCRAM-SHA-256" => Mechanism::Scram(Hash::Sha256),
        "SCRAM-SHA-512" => Mechanism::Scram(Hash::Sha512),
        "OAUTHBEARER" => return bearer(given),
        "GSSAPI" => return Ok(kerberos(given)),
        other => {
            let what = format!("sasl.mechanism {other}");
            let others = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI";
            return Err(unheeded(&what, others));
        }
    };
    let value = |name: &str| {
        given.get(name).map(str::to_owned).ok_or_else(|| {
            let message = format!("{name} is missing for sasl.mechanism {}", mechanism.name());
            Error::new(&codes::OPTION_VALUE, message).next("give sasl.jaas.config")
        })
    };
    Ok(Login {
        mechanism,
        user: value("sasl.username")?,
        password: value("sasl.password")?,
        tokens: None,
        kerberos: None,
    })
}

fn bearer(given: &Given<'_>) -> Result<Login> {
    let tokens = Tokens::of(given.get(SETTING)).map_err(|why| {
        let message = format!("sasl.mechanism is OAUTHBEARER, and {why}");
        Error::new(&codes::OPTION_VALUE, message).next("give sasl.oauthbearer.token.endpoint.url")
    })?;
    Ok(Login {
        mechanism: Mechanism::Bearer,
        user: String::new(),
        password: String::new(),
        tokens: Some(tokens),
        kerberos: None,
    })
}

/// Whose keys are used stands where librdkafka is told the name to log in with.
fn kerberos(given: &Given<'_>) -> Login {
    let service = given.get("sasl.kerberos.service.name").unwrap_or("kafka");
    let keys = Keys::of_text(given.get("sasl.username").unwrap_or_default());
    Login {
        mechanism: Mechanism::Kerberos,
        user: String::new(),
        password: String::new(),
        tokens: None,
        kerberos: Some((service.to_owned(), keys)),
    }
}

#[cfg(test)]
mod tests;
