//! Addresses of a metastore: `thrift://host:port,thrift://host:port`, as `hive.metastore.uris` has them, and behind them what
//! addresses of HiveServer2 have there for Kerberos and TLS. Pure.

use std::fmt;
use std::time::Duration;

use millstream_core::{Error, Result, codes};

use crate::hive::url::{HiveUrl, Host};

/// How they begin.
const SCHEME: &str = "thrift://";
/// The port of a host that is given without one.
const PORT: u16 = 9_083;
/// How long an answer is waited for: as long as Hive's own clients do.
const ANSWER: Duration = Duration::from_secs(600);

/// A metastore: servers any of which will do, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetastoreUrl {
    hosts: Vec<Host>,
    /// `;principal=…`, and more; empty: the metastore asks nobody who he is, and speaks in the clear.
    settings: String,
}

/// What may stand behind the hosts.
const SETTINGS: &[&str] = &["principal", "saslQop", "ssl", "sslTrustStore"];

impl fmt::Display for MetastoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, host) in self.hosts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{SCHEME}{host}")?;
        }
        f.write_str(&self.settings)
    }
}

impl MetastoreUrl {
    /// The metastore that `text` names.
    ///
    /// # Errors
    /// It can't be understood; with what to do.
    pub fn parse(text: &str) -> Result<Self> {
        let (text, settings) = text.split_at(text.find(';').unwrap_or(text.len()));
        let addresses = text.split(',').map(str::trim);
        let hosts: Vec<Host> = addresses
            .filter(|address| !address.is_empty())
            .map(host)
            .collect::<Result<_>>()?;
        if hosts.is_empty() {
            return Err(wrong("it names no host"));
        }
        let settings = settings.trim().trim_end_matches(';').to_owned();
        // In an address of HiveServer2 they end the settings, and what is behind them would be passed over in silence.
        if settings.contains(['?', '#']) {
            return Err(wrong("its settings hold ? or #"));
        }
        let given = settings.split(';').skip(1);
        let names = given.map(|setting| setting.split('=').next().unwrap_or_default().trim());
        for name in names {
            if !SETTINGS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
            {
                return Err(wrong(&format!("it has no setting called {name}")));
            }
        }
        let url = Self { hosts, settings };
        // Told with how a metastore's address is written, also of `ssl=true,thrift://other`.
        if url.setting("ssl").is_some_and(|ssl| !is_true_or_false(ssl)) {
            return Err(wrong("ssl is neither true nor false"));
        }
        if url.setting("saslQop").is_some() && !url.is_secure() {
            return Err(wrong("saslQop is given without principal"));
        }
        if url.line()?.tls.is_some() != url.is_encrypted() {
            return Err(wrong("it can be taken as with and as without TLS"));
        }
        Ok(url)
    }

    /// Each server.
    pub(super) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Whether the metastore is logged in to by Kerberos.
    pub fn is_secure(&self) -> bool {
        self.setting("principal").is_some()
    }

    /// Whether the metastore is spoken with over TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        let ssl = self.setting("ssl");
        ssl.is_some_and(|ssl| ssl.eq_ignore_ascii_case("true"))
    }

    /// The value of a setting: of several the last, as in addresses of HiveServer2.
    fn setting(&self, name: &str) -> Option<&str> {
        let mut pairs = self
            .settings
            .rsplit(';')
            .filter_map(|setting| setting.split_once('='));
        pairs
            .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// How messages travel to the servers: over a connection of their own, as to a HiveServer2 that asks nobody who he is, or by
    /// Kerberos; over TLS where that is asked for.
    ///
    /// # Errors
    /// None of an address that was parsed.
    pub(super) fn line(&self) -> Result<HiveUrl> {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        let auth = if self.is_secure() { "" } else { ";auth=noSasl" };
        let (hosts, settings) = (hosts.join(","), &self.settings);
        let mut url = HiveUrl::parse(&format!("jdbc:hive2://{hosts}/{auth}{settings}"))?;
        url.answer = Some(ANSWER);
        Ok(url)
    }
}

fn is_true_or_false(text: &str) -> bool {
    ["true", "false"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text))
}

fn host(address: &str) -> Result<Host> {
    let scheme = address.get(..SCHEME.len()).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(wrong("it does not begin with thrift://"));
    }
    let place = address.get(SCHEME.len()..).unwrap_or_default();
    let place = place.trim_end_matches('/');
    let is_bare = !place.contains(']') && place.matches(':').count() > 1;
    let (name, port) = match place.rsplit_once(':') {
        Some((name, port)) if !is_bare && !port.contains(']') => {
            let number = port.parse().ok().filter(|number| *number > 0);
            (name, number.ok_or_else(|| wrong("its port is no number"))?)
        }
        _ => (place, PORT),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_odd = |sign: char| sign.is_whitespace() || sign.is_control() || "/?#;@".contains(sign);
    if name.is_empty() || name.contains(is_odd) {
        return Err(wrong("it names no host"));
    }
    Ok(Host {
        name: name.to_owned(),
        port,
    })
}

fn wrong(what: &str) -> Error {
    Error::new(
        &codes::OPTION_VALUE,
        format!("source.db.url can't be understood: {what}"),
    )
    .next(
        "write it as thrift://host:9083, with source.db.type hive-metastore; several with commas between them, and behind the last one \
         ;principal=hive/_HOST@REALM where the metastore asks for Kerberos, ;ssl=true;sslTrustStore=<file of certificates in PEM> where it speaks TLS",
    )
}

#[cfg(test)]
mod tests;
