//! Kerberos: whose keys a job uses.

use std::collections::BTreeMap;

use millstream_connectors::kerberos::{Keys, USUAL_KEYTAB};

use super::definition::Parameter;
use super::given::Given;
use super::places::local_path;
use super::{paths, table};

/// The job's keys: those that Hive is shown, and Kafka where its own properties name none.
pub(super) fn keys(given: &Given) -> Keys {
    let keytab = given.get(&table::KERBEROS_KEYTAB);
    let keytab = keytab.and_then(|path| local_path(&path).ok());
    Keys::of_job(keytab, given.get(&table::KERBEROS_PRINCIPAL))
}

/// The properties of Kafka below a parameter, with the job's keys where they name none.
pub(super) fn properties(given: &Given, under: &Parameter<String>) -> BTreeMap<String, String> {
    let mut properties = given.under(under);
    let keys = keys(given);
    // The usual one is found without being named.
    let keytab = keys.keytab.filter(|path| path.as_os_str() != USUAL_KEYTAB);
    let keytab = keytab.and_then(|path| path.into_os_string().into_string().ok());
    let own = [
        ("sasl.kerberos.keytab", keytab),
        ("sasl.kerberos.principal", keys.principal),
    ];
    for (name, value) in own {
        if let Some(value) = value {
            properties.entry(name.to_owned()).or_insert(value);
        }
    }
    properties
}

/// Whether anything of the job may ask for Kerberos.
pub(super) fn is_asked_for(given: &Given) -> bool {
    let by_url = given
        .get(&table::DB_URL)
        .is_some_and(|url| url.contains("principal="));
    let natives = [
        &table::SOURCE_NATIVE,
        &table::SINK_NATIVE,
        &table::DEAD_LETTER_NATIVE,
    ];
    let by_sasl = natives.into_iter().any(|under| {
        let properties = given.under(under);
        let value = |name: &str| properties.get(name).map(|value| value.to_ascii_uppercase());
        let protocol = value("security.protocol").unwrap_or_default();
        let mechanism = value("sasl.mechanism").or_else(|| value("sasl.mechanisms"));
        protocol.starts_with("SASL_") && mechanism.is_none_or(|mechanism| mechanism == "GSSAPI")
    });
    // Whether a cluster asks is known to its settings.
    by_url || by_sasl || paths::are_in_hdfs(given)
}
