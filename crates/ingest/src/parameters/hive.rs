//! Hive as a source: what is missing or contradictory, and what the source is told.

use millstream_connectors::hive::{HiveSourceOptions, HiveUrl, Login, MetastoreUrl, SplitBy, What};
use millstream_core::{Error, codes};

use super::choices::{AfterCommit, BadFile, DatabaseType, SourceType};
use super::given::Given;
use super::{contradiction, databases, kerberos, table};

/// Whether a table is read by the metastore and its files.
pub(super) fn is_metastore(given: &Given) -> bool {
    given.get(&table::SOURCE_TYPE) == Some(SourceType::Jdbc)
        && given.get(&table::DB_TYPE) == Some(DatabaseType::HiveMetastore)
}

/// The source's options, of parameters in which there is nothing wrong.
pub(super) fn options(given: &Given) -> Option<HiveSourceOptions> {
    let url = HiveUrl::parse(&given.get(&table::DB_URL)?).ok()?;
    let user = given.get(&table::DB_USERNAME);
    let password = given.get(&table::DB_PASSWORD);
    let query = match given.get(&table::DB_SQL) {
        Some(query) => What::Query(query),
        None => What::Table(given.get(&table::DB_TABLE)?),
    };
    let column = given.get(&table::DB_PARTITION_COLUMN);
    Some(HiveSourceOptions {
        login: Login::new(user, password, &url).with_keys(kerberos::keys(given)),
        url,
        query,
        fetch: given.get(&table::DB_FETCH_SIZE).map(|rows| rows.0),
        exactly_once: given.get(&table::DB_EXACTLY_ONCE)?,
        split: column.map(|column| SplitBy {
            column,
            parts: given.get(&table::DB_PARTITION_NUM).map(|parts| parts.0),
            lower: given.get(&table::DB_PARTITION_LOWER),
            upper: given.get(&table::DB_PARTITION_UPPER),
        }),
    })
}

/// What is wrong with the parameters of a source of Hive, if that is what records come from.
pub(super) fn of(given: &Given) -> Vec<Error> {
    if given.get(&table::SOURCE_TYPE) != Some(SourceType::Jdbc) {
        return Vec::new();
    }
    // What goes with it is of that database, and the refusal of its name says all.
    let kind = given.text(table::DB_TYPE.name());
    if kind.is_some_and(databases::is_other) {
        return Vec::new();
    }
    if is_metastore(given) {
        return of_metastore(given);
    }
    let absent = |name: &str| given.origin(name).is_none();
    let mut problems = Vec::new();
    let mut miss = |message: &str, next: &str| {
        problems.push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
    };
    if absent(table::DB_URL.name()) {
        miss(
            "source.db.url is not given, with source.type jdbc",
            "give the address of HiveServer2: --source.db.url jdbc:hive2://<host>:10000/<database>",
        );
    }
    if absent(table::DB_TABLE.name()) && absent(table::DB_SQL.name()) {
        miss(
            "source.db.table is not given, with source.type jdbc",
            "give the table that is read: --source.db.table <table>, or a query: --source.db.sql '<query>'",
        );
    }
    problems.extend(driver(given));
    if let Some(url) = given.get(&table::DB_URL)
        && let Err(error) = HiveUrl::parse(&url)
    {
        problems.push(databases::advised(error, &url));
    }
    problems
}

/// What is wrong with the parameters of a table that is read by the metastore.
fn of_metastore(given: &Given) -> Vec<Error> {
    let absent = |name: &str| given.origin(name).is_none();
    let mut problems = Vec::new();
    let mut miss = |message: &str, next: &str| {
        problems.push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
    };
    if absent(table::DB_URL.name()) {
        miss(
            "source.db.url is not given, with source.db.type hive-metastore",
            "give the address of the metastore: --source.db.url thrift://<host>:9083",
        );
    }
    if absent(table::DB_TABLE.name()) {
        miss(
            "source.db.table is not given, with source.db.type hive-metastore",
            "give the table that is read: --source.db.table <database>.<table>",
        );
    }
    let mut refuse = |message: &str, next: &str| {
        problems.push(contradiction(message.to_owned(), next));
    };
    if !absent(table::DB_SQL.name()) {
        refuse(
            "source.db.sql is given, and with source.db.type hive-metastore nobody executes queries of Hive",
            "give the table as source.db.table and the query as stream.sql, or read over HiveServer2: --source.db.type hive",
        );
    }
    if given.get(&table::FILE_BAD) == Some(BadFile::Quarantine) {
        refuse(
            "source.file.bad is quarantine, and files of a table of Hive are not moved away",
            "give fail or skip",
        );
    }
    if given
        .get(&table::AFTER_COMMIT)
        .is_some_and(|then| then != AfterCommit::Keep)
    {
        refuse(
            "source.after.commit is not keep, and files of a table of Hive are not taken away",
            "leave source.after.commit out",
        );
    }
    let url = given.get(&table::DB_URL);
    problems.extend(url.and_then(|url| MetastoreUrl::parse(&url).err()));
    problems
}

/// A driver that is none of Hive's.
fn driver(given: &Given) -> Option<Error> {
    let class = given.get(&table::DB_DRIVER)?;
    let is_of_hive = class.trim().ends_with("hive.jdbc.HiveDriver");
    (!is_of_hive).then(|| {
        let message = format!("source.db.driverClassName is {class}, and no drivers of Java are loaded: of databases only Hive is read");
        Error::new(&codes::INGEST_UNSUPPORTED, message)
            .next("leave it out for Hive; export tables of other databases to files, or have their changes written to Kafka")
    })
}
