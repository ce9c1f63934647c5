//! The settings of the REST interface.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use millstream_core::options::{
    REST_ADDRESS, REST_LARGEST_UPLOAD, REST_SSL_CERTIFICATE, REST_SSL_CLIENT_CERTIFICATES,
    REST_SSL_ENABLED, REST_SSL_KEY, REST_TOKEN, WEB_ALLOW_ORIGIN, WEB_CANCEL, WEB_SUBMIT,
};
use millstream_core::{Configuration, Error, Result, codes};

use crate::configuration::start_limit;

/// The settings of the REST interface.
#[derive(Debug, Clone)]
pub struct RestSettings {
    pub(crate) token: Option<Token>,
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
}

/// A bearer token: it can be compared but not printed.
#[derive(Clone)]
pub(crate) struct Token(pub(crate) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
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
        let token = configuration.get(&REST_TOKEN)?;
        if token
            .as_deref()
            .is_some_and(|token| token.trim().is_empty())
        {
            return Err(Error::new(&codes::OPTION_VALUE, "rest.auth.token is empty")
                .next("give a long random text, or leave the option away"));
        }
        Ok(Self {
            token: token.map(Token),
            tls: tls_files(configuration)?,
            submit: configuration.require(&WEB_SUBMIT)?,
            cancel: configuration.require(&WEB_CANCEL)?,
            allow_origin: allow_origin(configuration)?,
            address: configuration.require(&REST_ADDRESS)?,
            largest_upload: configuration.require(&REST_LARGEST_UPLOAD)?.0,
            start_limit: start_limit(configuration)?,
        })
    }

    /// Whether it is safe to listen at `address`. `insecure`: the user says that it is.
    ///
    /// # Errors
    /// Others could reach the server, and nothing would keep them from running code on it.
    pub fn check(&self, address: SocketAddr, insecure: bool) -> Result<()> {
        if address.ip().is_loopback() || self.token.is_some() || insecure {
            return Ok(());
        }
        Err(Error::new(
            &codes::SERVER_EXPOSED,
            format!("The server would listen at {address} without rest.auth.token."),
        )
        .next("set rest.auth.token, or start with --insecure where the network keeps others out"))
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
            origin.escape_debug()
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
        let open = settings(&[]).expect("defaults are settings");
        assert!(open.check(inside, false).is_ok());
        assert!(open.check(outside, true).is_ok());
        let error = open.check(outside, false).expect_err("open to others");
        assert_eq!(error.code(), "MS-1017");
        let closed = settings(&[("rest.auth.token", "secret")]).expect("a token");
        assert!(closed.check(outside, false).is_ok());
        assert!(!format!("{closed:?}").contains("secret"));
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
