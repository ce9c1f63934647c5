//! Where a server is.

use std::fmt;
use std::net::IpAddr;

use millstream_core::{Configuration, Error, Result, codes};

/// The keys that say where the server is.
const HOST: &str = "rest.address";
const PORT: &str = "rest.port";
const TLS: &str = "security.ssl.rest.enabled";

/// What holds where nothing is given.
const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 8081;

/// Host and port of a server, and whether it is asked over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: u16,
    tls: bool,
}

impl Address {
    /// The address that was `given` (`host`, `host:port`, with or without `http://` or `https://`), the rest from the
    /// configuration.
    ///
    /// # Errors
    /// It can't be an address ([`codes::OPTION_VALUE`]).
    pub(crate) fn new(given: Option<&str>, configuration: &Configuration) -> Result<Self> {
        let mut address = Self {
            host: configuration.text(HOST).unwrap_or(DEFAULT_HOST).to_owned(),
            port: match configuration.text(PORT) {
                Some(text) => port(text).ok_or_else(|| wrong(PORT, text))?,
                None => DEFAULT_PORT,
            },
            tls: configuration.text(TLS).is_some_and(|text| text == "true"),
        };
        if let Some(given) = given {
            address.take(given)?;
        }
        // A server that listens on every address is asked on this machine.
        if matches!(address.host.as_str(), "0.0.0.0" | "::") {
            DEFAULT_HOST.clone_into(&mut address.host);
        }
        Ok(address)
    }

    fn take(&mut self, given: &str) -> Result<()> {
        let rest = match given.split_once("://") {
            Some(("http", rest)) => {
                self.tls = false;
                rest
            }
            Some(("https", rest)) => {
                self.tls = true;
                rest
            }
            Some(_) => return Err(wrong("--jobmanager", given)),
            None => given,
        };
        let rest = rest.trim_end_matches('/');
        let (host, port_text) = match rest.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((host, after)) => (host, after.strip_prefix(':')),
            // More than one colon: an IPv6 address without brackets.
            None if rest.matches(':').count() > 1 => (rest, None),
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        if host.is_empty() || host.contains(['/', '@', '?', '#', ' ']) {
            return Err(wrong("--jobmanager", given));
        }
        host.clone_into(&mut self.host);
        if let Some(text) = port_text {
            self.port = port(text).ok_or_else(|| wrong("--jobmanager", given))?;
        }
        Ok(())
    }

    /// Whether the server is asked over TLS.
    pub(crate) const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether the server is on this machine, as far as the address tells.
    pub(crate) fn is_loopback(&self) -> bool {
        let ip = self.host.parse::<IpAddr>();
        self.host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }

    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{self}{path}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

fn port(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|port| *port > 0)
}

fn wrong(name: &str, text: &str) -> Error {
    let message = format!("{name} is `{text}`, which is no address of a server");
    Error::new(&codes::OPTION_VALUE, message).next("give for example localhost:8081")
}

#[cfg(test)]
mod tests {
    use millstream_core::Configuration;

    use super::Address;

    fn url(given: Option<&str>, settings: &[(&str, &str)]) -> String {
        let mut configuration = Configuration::new();
        for (key, value) in settings {
            configuration.set(*key, *value);
        }
        Address::new(given, &configuration)
            .expect("an address")
            .url("/jobs")
    }

    #[test]
    fn what_is_given_wins_over_the_configuration() {
        let settings = [("rest.address", "flink.example"), ("rest.port", "9000")];
        assert_eq!(url(None, &[]), "http://127.0.0.1:8081/jobs");
        assert_eq!(url(None, &settings), "http://flink.example:9000/jobs");
        assert_eq!(url(Some("other"), &settings), "http://other:9000/jobs");
        assert_eq!(url(Some("other:1"), &settings), "http://other:1/jobs");
        assert_eq!(url(Some("https://o:1/"), &settings), "https://o:1/jobs");
        assert_eq!(url(Some("[::1]:7"), &settings), "http://[::1]:7/jobs");
        assert_eq!(url(Some("::1"), &[]), "http://[::1]:8081/jobs");
    }

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        let settings = [
            ("rest.address", "0.0.0.0"),
            ("security.ssl.rest.enabled", "true"),
        ];
        assert_eq!(url(None, &settings), "https://127.0.0.1:8081/jobs");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for given in [
            "",
            ":8081",
            "host:",
            "host:0",
            "host:port",
            "ftp://host",
            "a b",
        ] {
            let error = Address::new(Some(given), &Configuration::new()).expect_err(given);
            assert_eq!(error.code(), "MS-1002", "{given}");
        }
    }
}
