//! Brokers that clients log in to by Kerberos.

use std::path::PathBuf;

use super::{Kafka, Version, free_port};
use crate::kdc::{Kdc, REALM};
use crate::{Failure, Result};

/// A listener where clients log in by Kerberos.
pub(super) struct Realm {
    pub(super) configuration: PathBuf,
    pub(super) keytab: PathBuf,
    pub(super) port: u16,
}

impl Realm {
    /// The listener, its protocol, and more lines of the broker's configuration.
    pub(super) fn listener(&self) -> (String, String, String) {
        let (port, keytab) = (self.port, self.keytab.display());
        let jaas = format!(
            "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab=\"{keytab}\" \
             principal=\"kafka/localhost@{REALM}\";"
        );
        let more = format!(
            "listener.name.kerberos.sasl.enabled.mechanisms=GSSAPI\nsasl.kerberos.service.name=kafka\n\
             listener.name.kerberos.gssapi.sasl.jaas.config={jaas}\n"
        );
        (
            format!(",KERBEROS://localhost:{port}"),
            ",KERBEROS:SASL_PLAINTEXT".to_owned(),
            more,
        )
    }
}

impl Kafka {
    /// Starts a broker of version 4.1 that is `kafka/localhost` of a KDC's realm, and has a listener beside the plain one where
    /// clients log in by Kerberos, see [`kerberos_brokers`](Self::kerberos_brokers).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_kerberos(kdc: &Kdc) -> Result<Self> {
        let realm = Realm {
            configuration: kdc.configuration(),
            keytab: kdc.keytab("kafka/localhost"),
            port: free_port()?,
        };
        Self::start_with(Version::V4_1, false, false, Some(realm))
    }

    /// What clients that log in by Kerberos are given as `bootstrap.servers`.
    ///
    /// # Errors
    /// The broker takes none.
    pub fn kerberos_brokers(&self) -> Result<String> {
        let realm = self.kerberos.as_ref();
        let not_so = || Failure::new("the broker was not started with Kerberos");
        let port = realm.map(|realm| realm.port).ok_or_else(not_so)?;
        Ok(format!("localhost:{port}"))
    }
}
