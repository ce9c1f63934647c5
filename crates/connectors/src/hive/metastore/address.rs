//! Addresses of a metastore: `thrift://host:port,thrift://host:port`, as `hive.metastore.uris` has them, and behind them what
//! addresses of HiveServer2 have there for Kerberos. Pure.

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
    /// `;principal=…`, and more; empty: the metastore asks nobody who he is.
    login: String,
}

/// What may stand behind the hosts.
const SETTINGS: &[&str] = &["principal", "saslQop"];

impl fmt::Display for MetastoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, host) in self.hosts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{SCHEME}{host}")?;
        }
        f.write_str(&self.login)
    }
}

impl MetastoreUrl {
    /// The metastore that `text` names.
    ///
    /// # Errors
    /// It can't be understood; with what to do.
    pub fn parse(text: &str) -> Result<Self> {
        let (text, login) = text.split_at(text.find(';').unwrap_or(text.len()));
        let addresses = text.split(',').map(str::trim);
        let hosts: Vec<Host> = addresses
            .filter(|address| !address.is_empty())
            .map(host)
            .collect::<Result<_>>()?;
        if hosts.is_empty() {
            return Err(wrong("it names no host"));
        }
        let login = login.trim().trim_end_matches(';').to_owned();
        let settings = login.split(';').skip(1);
        let names = settings.map(|setting| setting.split('=').next().unwrap_or_default().trim());
        for name in names {
            if !SETTINGS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
            {
                return Err(wrong(&format!("it has no setting called {name}")));
            }
        }
        let url = Self { hosts, login };
        url.line()?;
        Ok(url)
    }

    /// Each server.
    pub(super) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Whether the metastore is logged in to by Kerberos.
    pub fn is_secure(&self) -> bool {
        !self.login.is_empty()
    }

    /// How messages travel to the servers: over a connection of their own, as to a HiveServer2 that asks nobody who he is, or by
    /// Kerberos.
    ///
    /// # Errors
    /// None of an address that was parsed.
    pub(super) fn line(&self) -> Result<HiveUrl> {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        let login = match self.login.as_str() {
            "" => ";auth=noSasl",
            login => login,
        };
        let mut url = HiveUrl::parse(&format!("jdbc:hive2://{}/{login}", hosts.join(",")))?;
        url.answer = Some(ANSWER);
        Ok(url)
    }
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
        "write it as thrift://host:9083, with source.db.type hive-metastore; several with commas between them, and ;principal=hive/_HOST@REALM \
         behind them where the metastore asks for Kerberos",
    )
}

#[cfg(test)]
mod tests {
    use super::MetastoreUrl;

    #[test]
    fn addresses_are_those_of_hive() {
        for (given, shown) in [
            ("thrift://one:9083", "thrift://one:9083"),
            ("thrift://one", "thrift://one:9083"),
            (
                " thrift://one:1/ , THRIFT://two ",
                "thrift://one:1,thrift://two:9083",
            ),
            ("thrift://[::1]:7", "thrift://[::1]:7"),
            (
                "thrift://one,thrift://two:1;principal=hive/_HOST@REALM;saslQop=auth-conf;",
                "thrift://one:9083,thrift://two:1;principal=hive/_HOST@REALM;saslQop=auth-conf",
            ),
        ] {
            let url = MetastoreUrl::parse(given).expect(given);
            assert_eq!(url.to_string(), shown);
            assert!(url.line().is_ok());
        }
        for wrong in [
            "",
            "jdbc:hive2://h",
            "thrift://",
            "thrift://h:x",
            "thrift://h:0",
            "thrift://a b",
            "thrift://h;password=x",
        ] {
            let error = MetastoreUrl::parse(wrong).expect_err(wrong);
            assert!(error.next_step().contains("thrift://host:9083"), "{error}");
        }
        let error = MetastoreUrl::parse("thrift://h;principal=hive").expect_err("no principal");
        assert!(error.message().contains("hive/host@REALM"), "{error}");
    }
}
