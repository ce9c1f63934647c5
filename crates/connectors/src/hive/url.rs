//! Addresses of HiveServer2 as its JDBC driver takes them:
//! `jdbc:hive2://host:port,…/database;name=value;…?name=value;…#name=value;…`. Pure.

mod settings;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use millstream_gssapi::{Protection, Service};

use settings::apply;

/// How addresses of HiveServer2 begin.
pub const HIVE: &str = "jdbc:hive2:";
/// How those of every database begin.
const JDBC: &str = "jdbc:";
/// The port of a host that is given without one.
const PORT: u16 = 10_000;
/// The database of an address without one.
const DATABASE: &str = "default";

/// A HiveServer2, and how it is spoken with.
#[derive(Clone, PartialEq, Eq)]
pub struct HiveUrl {
    /// Servers any of which will do, in the order in which they are tried.
    pub hosts: Vec<Host>,
    /// The database in which tables are looked for.
    pub database: String,
    /// How the client shows who it is.
    pub auth: Auth,
    /// How messages travel.
    pub transport: Transport,
    /// Over TLS; `None`: they are not encrypted.
    pub tls: Option<Tls>,
    /// The user that the address names.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// The token that is shown instead of user and password, over HTTP.
    pub token: Option<String>,
    /// How long an answer is waited for; `None`: for as long as the connection is there.
    pub answer: Option<Duration>,
    /// What the session is opened with, as HiveServer2 takes it.
    pub session: BTreeMap<String, String>,
    /// Headers that every request over HTTP has besides.
    pub headers: Vec<(String, String)>,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name or address.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// How a client shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// By user and password: what servers with the authentication NONE, LDAP, PAM and CUSTOM ask for.
    Password,
    /// Not at all: servers with the authentication NOSASL.
    None,
    /// By Kerberos.
    Kerberos(Kerberos),
}

/// A server that Kerberos knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kerberos {
    /// Its principal; `_HOST` in it stands for the host that is asked.
    pub principal: String,
    /// What is done to messages behind the login; `None`: the least that the server asks for.
    pub protection: Option<Protection>,
}

impl Kerberos {
    /// The server on a host.
    pub(super) fn on(&self, host: &Host) -> Service {
        let name = host.name.to_ascii_lowercase();
        Service::Principal(self.principal.replace("_HOST", &name))
    }
}

/// How messages travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// Over a connection of their own.
    Binary,
    /// Over HTTP, to this path.
    Http(String),
}

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// A file of certificates in PEM; `None`: those that the system trusts.
    pub authorities: Option<PathBuf>,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// Without anything that may be secret.
impl fmt::Display for HiveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        write!(f, "{HIVE}//{}/{}", hosts.join(","), self.database)
    }
}

/// As people may see it.
impl fmt::Debug for HiveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl HiveUrl {
    /// The server that `text` names.
    ///
    /// # Errors
    /// It is none of HiveServer2, it can't be understood, or it asks for what is not offered; with what to do.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.contains(char::is_control) {
            return Err(wrong(
                "it holds a line end or another sign that can't be seen",
            ));
        }
        let rest = behind_scheme(text)?;
        let (place, variables) = split_off(rest, '#');
        let (place, configuration) = split_off(place, '?');
        let (place, settings) = split_off(place, ';');
        let (hosts, database) = split_off(place, '/');
        let mut url = Self {
            hosts: hosts_of(hosts)?,
            database: match database.trim() {
                "" => DATABASE.to_owned(),
                database => database.to_owned(),
            },
            auth: Auth::Password,
            transport: Transport::Binary,
            tls: None,
            user: None,
            password: None,
            token: None,
            answer: None,
            session: BTreeMap::new(),
            headers: Vec::new(),
        };
        for (name, value) in pairs(configuration)? {
            url.session.insert(format!("set:hiveconf:{name}"), value);
        }
        for (name, value) in pairs(variables)? {
            url.session.insert(format!("set:hivevar:{name}"), value);
        }
        apply(&pairs(settings)?, &mut url)?;
        let database = url.database.clone();
        url.session.insert("use:database".to_owned(), database);
        Ok(url)
    }
}

/// What stands behind `jdbc:hive2://`.
fn behind_scheme(text: &str) -> Result<&str> {
    let scheme = text.get(..HIVE.len()).unwrap_or_default();
    if scheme.eq_ignore_ascii_case(HIVE) {
        let rest = text.get(HIVE.len()..).unwrap_or_default();
        return match rest.strip_prefix("//") {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(rest),
            _ => Err(wrong("it names no host")),
        };
    }
    Err(elsewhere(text))
}

/// Databases that people read with JDBC, and what they are called.
const OTHERS: &[(&str, &str)] = &[
    ("mysql", "MySQL"),
    ("mariadb", "MariaDB"),
    ("postgresql", "PostgreSQL"),
    ("oracle", "Oracle"),
    ("sqlserver", "SQL Server"),
    ("db2", "Db2"),
    ("clickhouse", "ClickHouse"),
    ("phoenix", "Phoenix"),
    ("impala", "Impala"),
    ("presto", "Presto"),
    ("trino", "Trino"),
    ("kylin", "Kylin"),
    ("sqlite", "SQLite"),
    ("h2", "H2"),
];

/// What the database is called that an address names, if it is another one than Hive.
fn other_database(text: &str) -> Option<&str> {
    let start = text.get(..JDBC.len()).unwrap_or_default();
    let is_jdbc = start.eq_ignore_ascii_case(JDBC);
    let rest = match is_jdbc {
        true => text.get(JDBC.len()..)?,
        false => text,
    };
    let word = rest.split([':', '/']).next()?;
    let mut known = OTHERS.iter();
    if let Some((_, name)) = known.find(|(known, _)| known.eq_ignore_ascii_case(word)) {
        return Some(*name);
    }
    let is_name = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_');
    let is_named = is_jdbc
        && rest.strip_prefix(word)?.starts_with(':')
        && !word.is_empty()
        && word.bytes().all(is_name)
        && !word.to_ascii_lowercase().starts_with("hive");
    is_named.then_some(word)
}

/// The refusal of an address that is none of HiveServer2.
fn elsewhere(text: &str) -> Error {
    match other_database(text) {
        Some(name) => Error::new(
            &codes::INGEST_UNSUPPORTED,
            format!("source.db.url names {name}, and of databases only Hive is read (jdbc:hive2://…)"),
        )
        .next(
            "export the table to files (Parquet, ORC or CSV) and read them with --source.type parquet, orc or csv, or have \
             its changes written to Kafka (by Debezium or Kafka Connect) and read them with --source.type kafka",
        ),
        None => by_scheme(text),
    }
}

/// How HiveServer2 is spoken with over HTTP, as an address says it.
const OVER_HTTP: &str =
    "write it as jdbc:hive2://<host>:<port>/<database>;transportMode=http;httpPath=<path>";

/// The refusal of an address that is no database's, with what to write in the place of addresses that Hive has elsewhere.
fn by_scheme(text: &str) -> Error {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let refused = wrong(&match scheme.as_str() {
        "thrift" | "http" | "https" | "hive" | "hive2" if !rest.is_empty() => {
            format!("it begins with {scheme}://, and addresses of HiveServer2 with jdbc:hive2://")
        }
        _ => "it does not begin with jdbc:hive2://".to_owned(),
    });
    match scheme.as_str() {
        "thrift" => refused.next(
            "write HiveServer2's as jdbc:hive2://<host>:10000/<database>; to read a table's files give that of the metastore (thrift://<host>:9083) \
             and source.db.type hive-metastore",
        ),
        "http" => refused.next(format!("{OVER_HTTP} (10001 and cliservice unless the server says otherwise)")),
        "https" => refused.next(format!("{OVER_HTTP};ssl=true (10001 and cliservice unless the server says otherwise)")),
        _ => refused,
    }
}

/// The error of an address. What it holds is not shown: it may be a password.
fn wrong(what: &str) -> Error {
    Error::new(
        &codes::OPTION_VALUE,
        format!("source.db.url can't be understood: {what}"),
    )
    .next("write it as jdbc:hive2://host:10000/database;name=value")
}

/// The text before a sign, and what is behind it.
fn split_off(text: &str, sign: char) -> (&str, &str) {
    text.split_once(sign).unwrap_or((text, ""))
}

fn hosts_of(text: &str) -> Result<Vec<Host>> {
    let hosts = text.split(',').map(str::trim);
    hosts
        .filter(|host| !host.is_empty())
        .map(host_of)
        .collect::<Result<Vec<_>>>()
        .and_then(|hosts| match hosts.is_empty() {
            true => Err(wrong("it names no host")),
            false => Ok(hosts),
        })
}

fn host_of(text: &str) -> Result<Host> {
    if text.contains('@') {
        return Err(wrong("a user stands before the host")
            .next("give --source.db.username and --source.db.password instead"));
    }
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest
                .split_once(']')
                .ok_or_else(|| wrong("an address in brackets has no end"))?;
            (name, rest.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    if name.is_empty() {
        return Err(wrong("it names no host"));
    }
    let port = match port {
        None => PORT,
        Some(port) => port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| wrong("a port is no number up to 65535"))?,
    };
    let name = name.to_owned();
    Ok(Host { name, port })
}

/// `name=value;…`, in order. A value may hold `=`.
fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let parts = text.split(';').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            }
            _ => Err(wrong("between two `;` there is no name=value")),
        })
        .collect()
}

#[cfg(test)]
mod tests;
