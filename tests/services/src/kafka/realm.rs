//! Brokers that clients log in to by Kerberos, over a plain connection or over TLS.

use std::path::{Path, PathBuf};

use super::{Kafka, Version, free_port};
use crate::certificate::own_certificate;
use crate::kdc::{Kdc, REALM};
use crate::{Failure, Result};

/// Of the store of keys.
const PASSWORD: &str = "secret";

/// Listeners where clients log in by Kerberos.
pub(super) struct Realm {
    pub(super) configuration: PathBuf,
    keytab: PathBuf,
    port: u16,
    tls: u16,
}

impl Realm {
    /// Makes a certificate in the broker's directory.
    pub(super) fn prepare(&self, directory: &Path) -> Result<()> {
        own_certificate(&store(directory), &certificate(directory), PASSWORD)
    }

    /// The listeners, their protocols, and more lines of the configuration of a broker in `directory`.
    pub(super) fn listeners(&self, directory: &Path) -> (String, String, String) {
        let (port, tls, keytab) = (self.port, self.tls, self.keytab.display());
        let jaas = format!(
            "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab=\"{keytab}\" \
             principal=\"kafka/localhost@{REALM}\";"
        );
        let mut more = "sasl.kerberos.service.name=kafka\n".to_owned();
        for name in ["listener.name.kerberos", "listener.name.kerberostls"] {
            more.push_str(&format!(
                "{name}.sasl.enabled.mechanisms=GSSAPI\n{name}.gssapi.sasl.jaas.config={jaas}\n"
            ));
        }
        let store = store(directory);
        let store = store.display();
        let ssl = "listener.name.kerberostls.ssl.keystore";
        more.push_str(&format!(
            "{ssl}.type=PKCS12\n{ssl}.location={store}\n{ssl}.password={PASSWORD}\n"
        ));
        (
            format!(",KERBEROS://localhost:{port},KERBEROSTLS://localhost:{tls}"),
            ",KERBEROS:SASL_PLAINTEXT,KERBEROSTLS:SASL_SSL".to_owned(),
            more,
        )
    }
}

fn store(directory: &Path) -> PathBuf {
    directory.join("kerberos.p12")
}

fn certificate(directory: &Path) -> PathBuf {
    directory.join("kerberos.pem")
}

impl Kafka {
    /// Starts a broker of version 4.1 that is `kafka/localhost` of a KDC's realm, and has listeners beside the plain one where
    /// clients log in by Kerberos, see [`kerberos_brokers`](Self::kerberos_brokers).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_kerberos(kdc: &Kdc) -> Result<Self> {
        let realm = Realm {
            configuration: kdc.configuration(),
            keytab: kdc.keytab("kafka/localhost"),
            port: free_port()?,
            tls: free_port()?,
        };
        Self::start_with(Version::V4_1, false, false, Some(realm))
    }

    /// What clients that log in by Kerberos are given as `bootstrap.servers`.
    ///
    /// # Errors
    /// The broker takes none.
    pub fn kerberos_brokers(&self) -> Result<String> {
        let realm = self.realm()?;
        Ok(format!("localhost:{}", realm.port))
    }

    /// The same over TLS, and the certificate of the broker, as PEM.
    ///
    /// # Errors
    /// The broker takes none.
    pub fn kerberos_tls_brokers(&self) -> Result<(String, PathBuf)> {
        let realm = self.realm()?;
        let brokers = format!("localhost:{}", realm.tls);
        Ok((brokers, certificate(self.directory.path())))
    }

    fn realm(&self) -> Result<&Realm> {
        let not_so = || Failure::new("the broker was not started with Kerberos");
        self.kerberos.as_ref().ok_or_else(not_so)
    }
}
