//! What stands behind the database in an address of HiveServer2.

use std::path::PathBuf;
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use millstream_gssapi::Protection;

use super::{Auth, HiveUrl, Kerberos, Tls, Transport};

/// Names that have an effect, for who writes one of them wrong.
const KNOWN: &[&str] = &[
    "auth",
    "user",
    "password",
    "transportMode",
    "httpPath",
    "jwt",
    "ssl",
    "sslTrustStore",
    "socketTimeout",
    "hive.server2.proxy.user",
    "wmPool",
    "principal",
    "saslQop",
];

/// Names of the JDBC driver that change nothing here: a job restarts, and fetches as many rows as it is told by
/// parameters of its own.
const IDLE: &[&str] = &[
    "retries",
    "retryInterval",
    "loginTimeout",
    "fetchSize",
    "fetchThreads",
    "cookieAuth",
    "cookieName",
    "hiveCreateAsExternalLegacy",
    "trustManagerAlgorithm",
    "requestTrack",
    "kerberosAuthType",
    "kerberosEnableCanonicalHostnameCheck",
];

/// Names of the JDBC driver that are refused, with what to do instead.
const REFUSED: &[(&str, &str)] = &[
    (
        "zooKeeperNamespace",
        "name the servers themselves: jdbc:hive2://host1:10000,host2:10000/database",
    ),
    (
        "trustStorePassword",
        "a file of certificates in PEM needs none: leave it out",
    ),
    (
        "twoWay",
        "certificates of clients are not shown: have the server ask for a password instead",
    ),
    (
        "sslKeyStore",
        "certificates of clients are not shown: have the server ask for a password instead",
    ),
    (
        "initFile",
        "give settings behind `?` of the address, or have them in the server's hive-site.xml",
    ),
    (
        "delegationToken",
        "log in with a keytab (principal=hive/_HOST@REALM), or with user and password",
    ),
];

/// Applies settings to the address.
///
/// # Errors
/// One is not known, not offered, or contradicts another.
pub(super) fn apply(settings: &[(String, String)], url: &mut HiveUrl) -> Result<()> {
    let mut given = Given::default();
    for (name, value) in settings {
        one(name, value, url, &mut given)?;
    }
    given.complete(url)
}

/// What is put together at the end.
#[derive(Default)]
struct Given {
    auth: Option<String>,
    ssl: bool,
    authorities: Option<PathBuf>,
    http: bool,
    path: Option<String>,
    principal: Option<String>,
    protection: Option<Protection>,
}

fn one(name: &str, value: &str, url: &mut HiveUrl, given: &mut Given) -> Result<()> {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let value = value.to_owned();
    if is("auth") {
        given.auth = Some(value.to_ascii_lowercase());
    } else if is("user") {
        url.user = Some(value);
    } else if is("password") {
        url.password = Some(value);
    } else if is("jwt") {
        url.token = Some(value);
    } else if is("transportMode") {
        given.http = match value.to_ascii_lowercase().as_str() {
            "http" | "https" => true,
            "binary" => false,
            _ => return Err(wrong("transportMode is neither binary nor http")),
        };
    } else if is("httpPath") {
        given.path = Some(value.trim_start_matches('/').to_owned());
    } else if is("ssl") {
        given.ssl = match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(wrong("ssl is neither true nor false")),
        };
    } else if is("sslTrustStore") {
        given.authorities = Some(authorities(&value)?);
    } else if is("socketTimeout") {
        url.answer = Some(milliseconds(&value)?).filter(|time| !time.is_zero());
    } else if is("hive.server2.proxy.user") {
        url.session.insert(name.to_owned(), value);
    } else if is("principal") {
        given.principal = Some(principal(value)?);
    } else if is("saslQop") {
        given.protection = Some(protection(&value)?);
    } else if is("wmPool") {
        url.session.insert("set:hivevar:wmpool".to_owned(), value);
    } else if let Some(header) = name.strip_prefix("http.header.") {
        url.headers.push((header.to_owned(), value));
    } else if let Some(cookie) = name.strip_prefix("http.cookie.") {
        let cookie = format!("{cookie}={value}");
        url.headers.push(("Cookie".to_owned(), cookie));
    } else {
        return unknown(name, &value);
    }
    Ok(())
}

fn unknown(name: &str, value: &str) -> Result<()> {
    if name.eq_ignore_ascii_case("serviceDiscoveryMode") {
        if value.eq_ignore_ascii_case("none") {
            return Ok(());
        }
        let message = "source.db.url asks for serviceDiscoveryMode, and servers are not looked for in ZooKeeper";
        return Err(Error::new(&codes::INGEST_UNSUPPORTED, message)
            .next("name the servers themselves: jdbc:hive2://host1:10000,host2:10000/database"));
    }
    if let Some((name, next)) = REFUSED
        .iter()
        .find(|(refused, _)| refused.eq_ignore_ascii_case(name))
    {
        let message = format!("source.db.url asks for {name}, which is not offered");
        return Err(Error::new(&codes::INGEST_UNSUPPORTED, message).next(*next));
    }
    if IDLE.iter().any(|idle| idle.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let near = KNOWN.iter().min_by_key(|known| {
        strsim::damerau_levenshtein(&known.to_ascii_lowercase(), &name.to_ascii_lowercase())
    });
    let near = near.filter(|known| strsim::damerau_levenshtein(known, name) <= 3);
    let error = wrong(&format!("it has no setting called {name}"));
    Err(match near {
        Some(near) => error.next(format!("did you mean {near}? Settings of Hive itself stand behind `?`")),
        None => error.next("leave it out; settings of Hive itself stand behind `?`: …/database?hive.fetch.task.conversion=more"),
    })
}

fn principal(value: String) -> Result<String> {
    let parts = value.split_once('/').and_then(|(name, rest)| {
        let (host, realm) = rest.split_once('@')?;
        Some([name, host, realm])
    });
    match parts {
        Some(parts) if parts.iter().all(|part| !part.is_empty()) => Ok(value),
        _ => Err(wrong("principal is not of the form hive/host@REALM").next(
            "give that of the server, as in hive.server2.authentication.kerberos.principal: hive/_HOST@REALM",
        )),
    }
}

fn protection(value: &str) -> Result<Protection> {
    let mut all = Protection::ALL.into_iter();
    all.find(|one| one.name().eq_ignore_ascii_case(value))
        .ok_or_else(|| wrong("saslQop is none of auth, auth-int and auth-conf"))
}

impl Given {
    /// Looks whether something is given that would be passed over beside the rest.
    fn check(&self, url: &HiveUrl) -> Result<()> {
        if !self.http && self.path.is_some() {
            return Err(wrong("httpPath is given without transportMode=http")
                .next("add ;transportMode=http, or leave httpPath out"));
        }
        if !self.http && !url.headers.is_empty() {
            return Err(
                wrong("headers or cookies are given without transportMode=http")
                    .next("add ;transportMode=http, or leave http.header.* and http.cookie.* out"),
            );
        }
        if self.principal.is_none() && self.protection.is_some() {
            return Err(wrong("saslQop is given without principal")
                .next("add ;principal=hive/_HOST@REALM, or leave saslQop out"));
        }
        if self.principal.is_some() && url.token.is_some() {
            return Err(wrong("principal and jwt are both given")
                .next("leave one of them out: the login is by Kerberos, or by a token"));
        }
        match self.auth.as_deref() {
            Some(auth @ ("nosasl" | "plain" | "ldap" | "pam" | "custom"))
                if self.principal.is_some() =>
            {
                Err(wrong(&format!("auth is {auth}, and principal is given"))
                    .next("leave one of them out: with principal the login is by Kerberos"))
            }
            _ => Ok(()),
        }
    }

    fn complete(self, url: &mut HiveUrl) -> Result<()> {
        self.check(url)?;
        if self.http {
            let path = self.path.unwrap_or_else(|| "cliservice".to_owned());
            url.transport = Transport::Http(format!("/{path}"));
        }
        if self.ssl {
            url.tls = Some(Tls {
                authorities: self.authorities,
            });
        } else if self.authorities.is_some() {
            return Err(wrong("sslTrustStore is given without ssl=true")
                .next("add ;ssl=true, or leave sslTrustStore out"));
        }
        let auth = self.auth.as_deref().unwrap_or("none");
        url.auth = match auth {
            "none" | "kerberos" if let Some(principal) = self.principal => {
                Auth::Kerberos(Kerberos {
                    principal,
                    protection: self.protection,
                })
            }
            "kerberos" => {
                return Err(wrong("auth is kerberos, and there is no principal of the server").next(
                    "add ;principal=hive/_HOST@REALM, as in hive.server2.authentication.kerberos.principal",
                ));
            }
            "nosasl" => Auth::None,
            "none" | "plain" | "ldap" | "pam" | "custom" => Auth::Password,
            "jwt" => Auth::Password,
            other => {
                let message = format!("source.db.url asks for auth={other}, which is not offered");
                return Err(Error::new(&codes::INGEST_UNSUPPORTED, message)
                    .next("give auth=noSasl, or leave it out for user and password"));
            }
        };
        let has_token = url.token.is_some();
        if auth == "jwt" && !has_token {
            return Err(wrong("auth is jwt, and there is no token")
                .next("add ;jwt=<token>, for example ;jwt=${file:/run/secrets/token}"));
        }
        if has_token && !self.http {
            return Err(wrong("a token (jwt) is shown over HTTP only")
                .next("add ;transportMode=http, or give user and password"));
        }
        if url.auth == Auth::None && self.http {
            return Err(wrong("auth is noSasl, and over HTTP there is no SASL")
                .next("leave auth out: user and password are shown to the server, which may ignore them"));
        }
        Ok(())
    }
}

fn authorities(value: &str) -> Result<PathBuf> {
    let path = PathBuf::from(value);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    if ["jks", "p12", "pfx", "bcfks"].contains(&ending.as_str()) {
        let message = format!(
            "source.db.url: sslTrustStore is a store of Java (.{ending}), and certificates in PEM are read"
        );
        return Err(Error::new(&codes::INGEST_UNSUPPORTED, message).next(
            "write the certificates out (keytool -exportcert -rfc -keystore <store> -alias <name> -file ca.pem), and give that file",
        ));
    }
    Ok(path)
}

fn milliseconds(value: &str) -> Result<Duration> {
    let number = value.parse().ok();
    number
        .map(Duration::from_millis)
        .ok_or_else(|| wrong("socketTimeout is no number of milliseconds"))
}

fn wrong(what: &str) -> Error {
    super::wrong(what)
}

#[cfg(test)]
mod tests;
