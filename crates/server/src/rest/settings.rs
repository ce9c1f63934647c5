//! The settings of the REST interface.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::{
    REST_ADDRESS, REST_LARGEST_UPLOAD, REST_SSL_CERTIFICATE, REST_SSL_CLIENT_CERTIFICATES,
    REST_SSL_ENABLED, REST_SSL_KEY, WEB_ALLOW_ORIGIN, WEB_CANCEL, WEB_SUBMIT,
};
use millstream_core::{Configuration, Error, Result, codes};

use super::tokens::Tokens;
use crate::configuration::start_limit;

/// The settings of the REST interface.
#[derive(Debug, Clone)]
pub struct RestSettings {
    /// The tokens of which each request must bring one, where there are any.
    pub(crate) tokens: Arc<Tokens>,
    /// Where there are none, programs of this user and of root alone are answered; `None`: whoever reaches the server.
    pub(crate) only_user: Option<u32>,
    pub(crate) tls: Option<TlsFiles>,
    /// Whether jobs may be submitted and packages uploaded and deleted.
    pub(crate) submit: bool,
    /// Whether jobs may be cancelled.
    pub(crate) cancel: bool,
    /// The origin whose pages may use the interface; `*`: any.
    pub(crate) allow_origin: Option<String>,
    /// The name that clients know the server by.
    pub(crate) address: String,
    /// The largest upload, in bytes.
    pub(crate) largest_upload: u64,
    /// How long a process may take to report its job; `None`: as long as it likes.
    pub(crate) start_limit: Option<Duration>,
    pub(crate) patience: Patience,
}

/// How long a client may take to send on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For the head of a request, from the beginning of the connection or the end of the answer before: so long a connection may lie
    /// idle, too.
    pub(crate) head: Duration,
    /// For the next 64 KiB of a body, or its end.
    pub(crate) body: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        const PATIENCE: Duration = Duration::from_secs(30);
        Self {
            head: PATIENCE,
            body: PATIENCE,
        }
    }
}

/// The files of TLS, all PEM.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    /// The certificate, then those that vouch for it.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// Who vouches for clients; `None`: clients need no certificate.
    pub(crate) clients: Option<PathBuf>,
}

impl RestSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// An option has a value that does not fit its type, or options contradict each other.
    pub fn from_configuration(configuration: &Configuration) -> Result<Self> {
        Ok(Self {
            tokens: Arc::new(Tokens::of(configuration)?),
            only_user: None,
            tls: tls_files(configuration)?,
            submit: configuration.require(&WEB_SUBMIT)?,
            cancel: configuration.require(&WEB_CANCEL)?,
            allow_origin: allow_origin(configuration)?,
            address: configuration.require(&REST_ADDRESS)?,
            largest_upload: configuration.require(&REST_LARGEST_UPLOAD)?.0,
            start_limit: start_limit(configuration)?,
            patience: Patience::default(),
        })
    }

    /// Whether it is safe to listen at `address`, and whom to answer there. `insecure`: the user says that nobody need be kept
    /// out.
    ///
    /// # Errors
    /// Others could reach the server, and nothing would keep them from running code on it.
    pub fn check(&mut self, address: SocketAddr, insecure: bool) -> Result<()> {
        if !self.tokens.is_empty() {
            return Ok(());
        }
        if let Some(origin) = &self.allow_origin {
            // A browser reaches whatever its user does, so that the network keeps no page out.
            let key = WEB_ALLOW_ORIGIN.name;
            let message = format!(
                "{key} is {origin}, and there is no token: pages of that origin could run programs"
            );
            return Err(Error::new(&codes::SERVER_EXPOSED, message).next(format!(
                "set rest.auth.token, which such a page then has to send, or leave {key} away"
            )));
        }
        let is_local = address.ip().is_loopback();
        if !is_local && !insecure {
            return Err(Error::new(
                &codes::SERVER_EXPOSED,
                format!("The server would listen at {address} without rest.auth.token"),
            )
            .next(
                "set rest.auth.token, or start with --insecure where the network keeps others out",
            ));
        }
        let has_certificates = self.tls.as_ref().is_some_and(|tls| tls.clients.is_some());
        let own = rustix::process::geteuid().as_raw();
        self.only_user = (is_local && !insecure && !has_certificates).then_some(own);
        Ok(())
    }

    /// Whom the server answers at `address`, in words that finish "it answers …".
    pub(crate) fn answers(&self, address: SocketAddr) -> String {
        let from = if address.ip().is_loopback() {
            "of this machine"
        } else {
            "that reaches it from any machine"
        };
        let who = match (self.tokens.is_empty(), self.only_user) {
            (false, _) => format!("whoever has a token, in any program {from}"),
            (true, Some(user)) => format!("programs {from} that user {user} or root runs"),
            (true, None) => format!("any program {from}, without a token"),
        };
        let clients = self.tls.as_ref().and_then(|tls| tls.clients.as_ref());
        match (self.tls(), clients) {
            (_, Some(_)) => format!("{who}, over TLS with a client certificate"),
            (true, None) => format!("{who}, over TLS"),
            (false, None) => format!("{who}, not encrypted"),
        }
    }

    /// Whether somebody could run programs here, or read a token on its way, whom nobody has allowed to.
    pub(crate) fn is_open(&self, address: SocketAddr) -> bool {
        let is_local = address.ip().is_loopback();
        let has_certificates = self.tls.as_ref().is_some_and(|tls| tls.clients.is_some());
        let by_anybody = self.tokens.is_empty() && self.only_user.is_none() && !has_certificates;
        by_anybody || (!is_local && !self.tls())
    }

    pub(crate) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens)
    }

    /// Whether connections are encrypted.
    pub fn tls(&self) -> bool {
        self.tls.is_some()
    }
}

fn allow_origin(configuration: &Configuration) -> Result<Option<String>> {
    let Some(origin) = configuration.get(&WEB_ALLOW_ORIGIN)? else {
        return Ok(None);
    };
    let is_host = |host: &str| {
        !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"/?#@*,".contains(&byte))
    };
    let is_origin = origin
        .split_once("://")
        .is_some_and(|(scheme, host)| matches!(scheme, "http" | "https") && is_host(host));
    if origin == "*" || is_origin {
        return Ok(Some(origin));
    }
    Err(Error::new(
        &codes::OPTION_VALUE,
        format!(
            "{} is `{}`, which is no origin",
            WEB_ALLOW_ORIGIN.name,
            configuration.shown(&WEB_ALLOW_ORIGIN, origin.escape_debug())
        ),
    )
    .next("give one, such as https://console.example.com:8443, or * for all"))
}

fn tls_files(configuration: &Configuration) -> Result<Option<TlsFiles>> {
    if !configuration.require(&REST_SSL_ENABLED)? {
        return Ok(None);
    }
    let certificate = configuration.get(&REST_SSL_CERTIFICATE)?;
    let key = configuration.get(&REST_SSL_KEY)?;
    let (Some(certificate), Some(key)) = (certificate, key) else {
        return Err(Error::new(
            &codes::OPTION_CONFLICT,
            format!(
                "{} is true, but {} or {} is not set",
                REST_SSL_ENABLED.name, REST_SSL_CERTIFICATE.name, REST_SSL_KEY.name
            ),
        )
        .next("set both to the paths of PEM files"));
    };
    Ok(Some(TlsFiles {
        certificate: certificate.into(),
        key: key.into(),
        clients: configuration
            .get(&REST_SSL_CLIENT_CERTIFICATES)?
            .map(PathBuf::from),
    }))
}

#[cfg(test)]
mod tests {
    use millstream_core::Configuration;

    use super::RestSettings;

    fn settings(options: &[(&str, &str)]) -> millstream_core::Result<RestSettings> {
        let mut configuration = Configuration::new();
        for (key, value) in options {
            configuration.set(*key, *value);
        }
        RestSettings::from_configuration(&configuration)
    }

    #[test]
    fn off_loopback_a_token_or_a_word_of_the_user_is_needed() {
        let outside = "10.0.0.1:8081".parse().expect("an address");
        let inside = "127.0.0.1:8081".parse().expect("an address");
        let mut open = settings(&[]).expect("defaults are settings");
        open.check(inside, false).expect("on loopback");
        assert!(
            open.only_user.is_some(),
            "others of the machine are kept out"
        );
        for (address, insecure) in [(inside, true), (outside, true)] {
            open.check(address, insecure).expect("it is said so");
            assert_eq!(open.only_user, None);
        }
        let error = open.check(outside, false).expect_err("open to others");
        assert_eq!(error.code(), "MS-1017");
        let token = ("rest.auth.token", "a secret of some length");
        let mut closed = settings(&[token]).expect("a token");
        closed.check(outside, false).expect("closed");
        assert_eq!(closed.only_user, None);
        assert!(!format!("{closed:?}").contains("secret"));
    }

    #[test]
    fn pages_of_others_are_not_let_in_without_a_token() {
        let inside = "127.0.0.1:8081".parse().expect("an address");
        for origin in ["*", "https://console.example"] {
            let origin = ("web.access-control-allow-origin", origin);
            let mut open = settings(&[origin]).expect("settings");
            for insecure in [false, true] {
                let error = open.check(inside, insecure).expect_err("open to pages");
                assert_eq!(error.code(), "MS-1017");
            }
            let token = ("rest.auth.token", "a secret of some length");
            let mut closed = settings(&[origin, token]).expect("settings");
            closed.check(inside, false).expect("pages need the token");
        }
    }

    #[test]
    fn an_origin_that_no_browser_would_send_is_refused() {
        let key = "web.access-control-allow-origin";
        for origin in [
            "*",
            "https://a.example",
            "http://localhost:3000",
            "http://[::1]:80",
        ] {
            let settings = settings(&[(key, origin)]).expect(origin);
            assert_eq!(settings.allow_origin.as_deref(), Some(origin));
        }
        for origin in [
            "a.example",
            "https://a.example/",
            "https://a, https://b",
            "https://*.a",
            "https://ä",
            "file://x",
            "https://",
        ] {
            let error = settings(&[(key, origin)]).expect_err(origin);
            assert_eq!(error.code(), "MS-1002", "{origin}");
        }
    }

    #[test]
    fn tls_needs_both_of_its_files() {
        let error = settings(&[("security.ssl.rest.enabled", "true")]).expect_err("no files");
        assert_eq!(error.code(), "MS-1003");
    }
}
