//! GSSAPI, by the properties of Java and of librdkafka: a keytab, or tickets that somebody has got by `kinit`.

use std::path::PathBuf;

use millstream_core::{Error, Result, codes};
use millstream_gssapi::Keys;

use super::Side;

/// What the brokers' principals are called, if nothing else is said: as librdkafka has it.
const SERVICE: &str = "kafka";

/// The class of Java that logs in by Kerberos.
const MODULE: &str = "Krb5LoginModule";

const FORM: &str = "write it as: com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab=\"…\" principal=\"…\";";

/// What is said outside of `sasl.jaas.config`.
#[derive(Default)]
pub(super) struct Given {
    /// `sasl.kerberos.service.name`.
    pub(super) service: Option<String>,
    /// `sasl.kerberos.keytab`, a property of librdkafka's.
    pub(super) keytab: Option<String>,
    /// `sasl.kerberos.principal`, a property of librdkafka's.
    pub(super) principal: Option<String>,
}

fn wrong(side: Side, why: &str) -> Error {
    let message = format!("{}{why}", side.prefix());
    Error::new(&codes::INGEST_PARAMETERS, message).next(FORM)
}

/// Looks whether a text of JAAS is one of Kerberos.
///
/// # Errors
/// It is of another mechanism.
pub(super) fn is_meant(side: Side, jaas: &str) -> Result<()> {
    let class = jaas.split_whitespace().next().unwrap_or_default();
    if class.ends_with(MODULE) {
        return Ok(());
    }
    let why = "sasl.mechanism is GSSAPI (the default), and sasl.jaas.config is of another one";
    let next = format!(
        "give sasl.mechanism PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or {FORM}"
    );
    Err(wrong(side, why).next(next))
}

/// What librdkafka is told: the mechanism, what brokers are called, and, as the name to log in with, whose keys are used.
///
/// # Errors
/// A cache of tickets is named.
pub(super) fn settings(
    side: Side,
    given: Given,
    options: &[(String, String)],
) -> Result<Vec<(String, String)>> {
    let value = |wanted: &str| {
        let found = options
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    };
    if value("ticketCache").is_some() {
        return Err(wrong(side, "sasl.jaas.config has a ticketCache")
            .next("name it in the environment (KRB5CCNAME), or give a keyTab"));
    }
    let no_keytab = value("useKeyTab").is_some_and(|used| used.eq_ignore_ascii_case("false"));
    let keytab = value("keyTab").filter(|_| !no_keytab);
    let keys = Keys {
        keytab: keytab.or(given.keytab).map(PathBuf::from),
        principal: value("principal").or(given.principal),
    };
    let service = given.service.or_else(|| value("serviceName"));
    let keys = keys
        .to_text()
        .map_err(|why| wrong(side, &format!("sasl.jaas.config: {why}")))?;
    let mut settings = vec![
        ("sasl.mechanism", "GSSAPI".to_owned()),
        (
            "sasl.kerberos.service.name",
            service.unwrap_or_else(|| SERVICE.to_owned()),
        ),
        // No program is run for tickets.
        ("sasl.kerberos.min.time.before.relogin", "0".to_owned()),
    ];
    if !keys.is_empty() {
        settings.push(("sasl.username", keys));
    }
    Ok(settings
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}
