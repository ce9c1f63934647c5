//! Where certificates and keys are: Java's stores, and what OpenSSL takes.
//!
//! Java reads JKS by default, which only Java does. PEM is taken as it is, and PKCS#12 where it holds our own key.

use std::collections::BTreeMap;

use millstream_core::{Error, Result, codes};

use super::Side;

/// What was given of stores.
pub(super) struct Stores {
    side: Side,
    given: BTreeMap<String, String>,
}

/// How a store is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pem,
    Pkcs12,
}

impl Stores {
    /// Nothing was given yet.
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            given: BTreeMap::new(),
        }
    }

    /// Takes one of the properties of stores.
    pub(super) fn take(&mut self, name: &str, value: &str) {
        self.given.insert(name.to_owned(), value.to_owned());
    }

    /// What librdkafka is told.
    ///
    /// # Errors
    /// A store is in a form that only Java reads.
    pub(super) fn settings(mut self) -> Result<Vec<(String, String)>> {
        let side = self.side;
        let mut settings = Vec::new();
        let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
        let (trust, own) = (
            self.kind("ssl.truststore", "keytool -exportcert -rfc")?,
            self.kind(
                "ssl.keystore",
                "keytool -importkeystore -deststoretype PKCS12",
            )?,
        );
        if trust == Some(Kind::Pkcs12) {
            return Err(side.refused(
                "ssl.truststore.type PKCS12",
                "OpenSSL takes certificates to trust as PEM",
            )
            .next("convert it with openssl pkcs12 -nokeys -out ca.pem, and give ssl.truststore.type PEM"));
        }
        if self.take_out("ssl.truststore.password").is_some() {
            return Err(side.refused(
                "ssl.truststore.password",
                "a file of PEM certificates has none",
            ));
        }
        if let Some(file) = self.take_out("ssl.truststore.location") {
            set("ssl.ca.location", file);
        }
        if let Some(certificates) = self.take_out("ssl.truststore.certificates") {
            set("ssl.ca.pem", certificates);
        }
        let store_password = self.take_out("ssl.keystore.password");
        match (self.take_out("ssl.keystore.location"), own) {
            (Some(file), Some(Kind::Pkcs12)) => {
                set("ssl.keystore.location", file);
                if let Some(password) = store_password {
                    set("ssl.keystore.password", password);
                }
            }
            // As in Java one file holds the chain and the key.
            (Some(file), _) => {
                set("ssl.certificate.location", file.clone());
                set("ssl.key.location", file);
            }
            (None, _) => {}
        }
        for (java, own) in [
            ("ssl.keystore.certificate.chain", "ssl.certificate.pem"),
            ("ssl.keystore.key", "ssl.key.pem"),
            ("ssl.key.password", "ssl.key.password"),
        ] {
            if let Some(value) = self.take_out(java) {
                set(own, value);
            }
        }
        Ok(settings)
    }

    fn take_out(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// How the store is written whose properties begin with `name`: as was given, else by the name of its file.
    fn kind(&mut self, name: &str, convert: &str) -> Result<Option<Kind>> {
        let side = self.side;
        let kind = self.take_out(&format!("{name}.type"));
        let file = self.given.get(&format!("{name}.location"));
        let ends = |end: &str| file.is_some_and(|file| file.to_ascii_lowercase().ends_with(end));
        let kind = match kind.map(|kind| kind.to_ascii_uppercase()).as_deref() {
            Some("PEM") => Kind::Pem,
            Some("PKCS12") => Kind::Pkcs12,
            Some("JKS") => return Err(only_java(side, name, convert)),
            Some(other) => {
                let message = format!("{}{name}.type {other} is not known", side.prefix());
                return Err(Error::new(&codes::INGEST_PARAMETERS, message).next("give PEM"));
            }
            None if file.is_none() => return Ok(None),
            None if ends(".pem") || ends(".crt") => Kind::Pem,
            None if ends(".p12") || ends(".pfx") => Kind::Pkcs12,
            None => return Err(only_java(side, name, convert)),
        };
        Ok(Some(kind))
    }
}

fn only_java(side: Side, name: &str, convert: &str) -> Error {
    side.refused(
        &format!("{name}.location in the form JKS (the default)"),
        "only Java reads it",
    )
    .next(format!(
        "convert it with {convert}, and give {name}.type PEM or PKCS12"
    ))
}
