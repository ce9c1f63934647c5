//! Asks a metastore. Of several servers the first that is there is asked; one that goes away is replaced by the next.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::Result;
use millstream_hive_thrift::hive_metastore::{
    GetTableRequest, Partition, TThriftHiveMetastoreSyncClient, Table,
    ThriftHiveMetastoreSyncClient,
};
use millstream_hive_thrift::thrift;
use millstream_hive_thrift::thrift::protocol::{TBinaryInputProtocol, TBinaryOutputProtocol};

use super::address::MetastoreUrl;
use super::trouble::Trouble;
use crate::hive::options::Login;
use crate::hive::trouble;
use crate::hive::url::Host;
use crate::hive::wire::{Carrier, SharedLine, connect, speaks_tls};

/// Partitions that are told of at once.
const TOGETHER: usize = 500;

/// Whoever carries messages, as one who writes and one who reads.
type Shared = Arc<Mutex<Box<dyn Carrier>>>;
/// The calls, over a connection.
type Calls =
    ThriftHiveMetastoreSyncClient<TBinaryInputProtocol<Answers>, TBinaryOutputProtocol<Messages>>;

/// Who asks a metastore.
pub(super) struct Client {
    url: MetastoreUrl,
    login: Login,
    calls: Option<Calls>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.url)
    }
}

impl Client {
    pub(super) fn new(url: MetastoreUrl, login: Login) -> Self {
        Self {
            url,
            login,
            calls: None,
        }
    }

    /// Who is asked.
    pub(super) fn url(&self) -> &MetastoreUrl {
        &self.url
    }

    /// Who asks.
    pub(super) fn login(&self) -> &Login {
        &self.login
    }

    /// What the metastore says of a table.
    ///
    /// # Errors
    /// There is none, or the metastore is away.
    pub(super) fn table(&mut self, database: &str, table: &str) -> Result<Table> {
        let request = GetTableRequest::new(database.to_owned(), table.to_owned());
        let told = self.ask(|calls| {
            let told = calls.get_table_req(request.clone());
            told.map(|told| told.table)
        });
        let told = match told {
            // That call came with Hive 2.3.
            Err(Trouble::Unknown) => {
                self.ask(|calls| calls.get_table(database.to_owned(), table.to_owned()))
            }
            told => told,
        };
        told.map_err(|trouble| trouble.error(&self.url, &format!("{database}.{table}")))
    }

    /// The names of all partitions of a table.
    ///
    /// # Errors
    /// The metastore refuses, or is away.
    pub(super) fn partition_names(
        &mut self,
        database: &str,
        table: &str,
    ) -> std::result::Result<Vec<String>, Trouble> {
        self.ask(|calls| calls.get_partition_names(database.to_owned(), table.to_owned(), -1))
    }

    /// The partitions of those names that are there.
    ///
    /// # Errors
    /// The metastore refuses, or is away.
    pub(super) fn partitions(
        &mut self,
        database: &str,
        table: &str,
        names: &[String],
    ) -> std::result::Result<Vec<Partition>, Trouble> {
        let mut all = Vec::new();
        for names in names.chunks(TOGETHER) {
            all.extend(self.ask(|calls| {
                calls.get_partitions_by_names(database.to_owned(), table.to_owned(), names.to_vec())
            })?);
        }
        Ok(all)
    }

    /// The partitions that a filter lets through.
    ///
    /// # Errors
    /// The metastore does not take the filter, or is away.
    pub(super) fn filtered(
        &mut self,
        database: &str,
        table: &str,
        filter: &str,
    ) -> std::result::Result<Vec<Partition>, Trouble> {
        self.ask(|calls| {
            let (database, table) = (database.to_owned(), table.to_owned());
            calls.get_partitions_by_filter(database, table, filter.to_owned(), -1)
        })
    }

    /// Asks over the connection that there is; if that is broken, over a new one.
    fn ask<T>(
        &mut self,
        question: impl Fn(&mut Calls) -> thrift::Result<T>,
    ) -> std::result::Result<T, Trouble> {
        if let Some(mut calls) = self.calls.take() {
            match question(&mut calls).map_err(Trouble::of) {
                Err(Trouble::Away(why)) => tracing::debug!("The metastore has gone: {why}"),
                told => {
                    self.calls = Some(calls);
                    return told;
                }
            }
        }
        let (mut away, mut refused) = (Vec::new(), None);
        for host in self.url.hosts() {
            let trouble = match open(&self.url, host, &self.login) {
                Ok(mut calls) => match question(&mut calls).map_err(Trouble::of) {
                    Err(Trouble::Away(why)) => hung_up(&self.url, host, format!("{host}: {why}")),
                    told => {
                        self.calls = Some(calls);
                        return told;
                    }
                },
                Err(trouble) => trouble,
            };
            match trouble {
                Trouble::Away(why) => away.push(why),
                // Another one may know who asks.
                trouble => refused = Some(trouble),
            }
        }
        Err(refused.unwrap_or_else(|| Trouble::Away(away.join("; "))))
    }
}

/// Whether a server is there, and lets in who asks.
///
/// # Errors
/// It is not, or does not.
pub(super) fn reach(
    url: &MetastoreUrl,
    host: &Host,
    login: &Login,
) -> std::result::Result<(), Trouble> {
    open(url, host, login).map(drop)
}

fn open(url: &MetastoreUrl, host: &Host, login: &Login) -> std::result::Result<Calls, Trouble> {
    let line = url.line();
    let line = line.map_err(|error| Trouble::Away(error.message().to_owned()))?;
    let reached = SharedLine::default();
    let carrier = connect(&line, host, login, &reached);
    let carrier = carrier.map_err(|trouble| {
        let is_reached = reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        match trouble {
            trouble::Trouble::Kerberos { why, next } => Trouble::Kerberos { why, next },
            trouble::Trouble::Tls { why, next } => Trouble::Tls { why, next },
            trouble::Trouble::Given(why) => Trouble::Given(why),
            other if is_reached => hung_up(url, host, in_words(other)),
            other => Trouble::Away(in_words(other)),
        }
    })?;
    let carrier = Arc::new(Mutex::new(carrier));
    let input = TBinaryInputProtocol::new(Answers(Arc::clone(&carrier)), true);
    let messages = Messages {
        carrier,
        message: Vec::new(),
    };
    let output = TBinaryOutputProtocol::new(messages, true);
    Ok(Calls::new(input, output))
}

/// Why a server that was reached does not answer: it may be asked in the clear and speak TLS, which a greeting shows; else for
/// that reason.
fn hung_up(url: &MetastoreUrl, host: &Host, why: String) -> Trouble {
    if url.is_encrypted() || !speaks_tls(host) {
        return Trouble::Away(why);
    }
    Trouble::Tls {
        why: format!("{host} speaks TLS, which source.db.url does not ask for"),
        next: "write ;ssl=true behind the last of its servers in source.db.url, and ;sslTrustStore=<file of certificates in PEM> unless the system trusts \
               who vouches for its certificate",
    }
}

fn in_words(trouble: trouble::Trouble) -> String {
    match trouble {
        trouble::Trouble::Away(why)
        | trouble::Trouble::Login(why)
        | trouble::Trouble::Given(why) => why,
        other => format!("{other:?}"),
    }
}

/// Bytes of answers.
struct Answers(Shared);

impl Read for Answers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut carrier = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        carrier.answer().read(buffer)
    }
}

/// Bytes of messages, sent whole.
struct Messages {
    carrier: Shared,
    message: Vec<u8>,
}

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.message.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut carrier = self.carrier.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = carrier.send(&self.message);
        self.message.clear();
        sent.map_err(|trouble| io::Error::other(in_words(trouble)))
    }
}
