//! Listeners that ask who is there, and a certificate of their own.

use std::path::{Path, PathBuf};

use super::free_port;
use crate::Result;
use crate::certificate::own_certificate;

/// Who may log in.
pub const USER: &str = "alice";
/// And how.
pub const PASSWORD: &str = "wonder;land";

/// Where clients find a broker that asks who they are: as [`USER`] with [`PASSWORD`], by PLAIN, SCRAM-SHA-256 or
/// SCRAM-SHA-512; as anybody with a token of OAUTHBEARER that is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// SASL over a plain connection.
    pub login: String,
    /// TLS alone.
    pub tls: String,
    /// SASL over TLS.
    pub tls_login: String,
    /// The certificate of the broker, as PEM.
    pub certificate: PathBuf,
}

/// Ports and files of the listeners.
pub(super) struct Secured {
    login: u16,
    tls: u16,
    tls_login: u16,
    store: PathBuf,
    certificate: PathBuf,
    /// Whether users may do only what they were allowed.
    guarded: bool,
}

impl Secured {
    /// Makes a certificate in `directory`, and finds ports.
    pub(super) fn prepare(directory: &Path, guarded: bool) -> Result<Self> {
        let (store, certificate) = (directory.join("broker.p12"), directory.join("broker.pem"));
        own_certificate(&store, &certificate, "secret")?;
        Ok(Self {
            login: free_port()?,
            tls: free_port()?,
            tls_login: free_port()?,
            store,
            certificate,
            guarded,
        })
    }

    pub(super) fn addresses(&self) -> Addresses {
        let address = |port: u16| format!("127.0.0.1:{port}");
        Addresses {
            login: address(self.login),
            tls: address(self.tls),
            tls_login: address(self.tls_login),
            certificate: self.certificate.clone(),
        }
    }

    /// More listeners, their protocols, and more lines of the broker's configuration.
    pub(super) fn configuration(&self) -> (String, String, String) {
        let (login, tls, tls_login) = (self.login, self.tls, self.tls_login);
        let listeners = format!(
            ",LOGIN://127.0.0.1:{login},TLS://127.0.0.1:{tls},TLSLOGIN://127.0.0.1:{tls_login}"
        );
        let protocols = ",LOGIN:SASL_PLAINTEXT,TLS:SSL,TLSLOGIN:SASL_SSL".to_owned();
        let mut more = format!(
            "ssl.keystore.type=PKCS12\nssl.keystore.location={}\nssl.keystore.password=secret\n",
            self.store.display()
        );
        let plain = jaas(
            "plain.PlainLoginModule",
            &format!(" user_{USER}={}", quoted()),
        );
        let scram = jaas("scram.ScramLoginModule", "");
        let own = " unsecuredLoginStringClaim_sub=\"broker\"";
        let bearer = jaas("oauthbearer.OAuthBearerLoginModule", own);
        for listener in ["login", "tlslogin"] {
            let name = format!("listener.name.{listener}");
            more.push_str(&format!(
                "{name}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER\n"
            ));
            more.push_str(&format!("{name}.plain.sasl.jaas.config={plain}\n"));
            more.push_str(&format!("{name}.oauthbearer.sasl.jaas.config={bearer}\n"));
            for mechanism in ["scram-sha-256", "scram-sha-512"] {
                more.push_str(&format!("{name}.{mechanism}.sasl.jaas.config={scram}\n"));
            }
        }
        if self.guarded {
            more.push_str(
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
                 super.users=User:ANONYMOUS\n",
            );
        }
        (listeners, protocols, more)
    }
}

/// What the storage of a broker is told of the user, for each mechanism of SCRAM.
pub(super) fn users() -> Vec<String> {
    let mechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
    let told = mechanisms.map(|mechanism| format!("{mechanism}=[name={USER},password={PASSWORD}]"));
    told.to_vec()
}

fn jaas(module: &str, options: &str) -> String {
    format!("org.apache.kafka.common.security.{module} required{options};")
}

/// The password as it stands in a text of JAAS, in a file of properties, where a backslash stands twice.
fn quoted() -> String {
    let inner = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{inner}\"").replace('\\', "\\\\")
}
