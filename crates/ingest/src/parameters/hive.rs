//! Hive as a source: what is missing or contradictory, and what the source is told.

use millstream_connectors::hive::{
    Auth, HiveSourceOptions, HiveUrl, Login, MetastoreUrl, SplitBy, What,
};
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
    Some(HiveSourceOptions {
        login: Login::new(user, password, &url).with_keys(kerberos::keys(given)),
        url,
        query,
        fetch: given.get(&table::DB_FETCH_SIZE).map(|rows| rows.0),
        exactly_once: given.get(&table::DB_EXACTLY_ONCE)?,
        split: split(given),
    })
}

/// How rows are split, if they are.
fn split(given: &Given) -> Option<SplitBy> {
    Some(SplitBy {
        column: given.get(&table::DB_PARTITION_COLUMN)?,
        parts: given.get(&table::DB_PARTITION_NUM).map(|parts| parts.0),
        lower: given.get(&table::DB_PARTITION_LOWER),
        upper: given.get(&table::DB_PARTITION_UPPER),
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
    problems.extend(bounds(given));
    problems
}

/// Bounds of parts that are the wrong way round.
fn bounds(given: &Given) -> Option<Error> {
    let mut error = split(given)?.check().err()?;
    for name in [
        table::DB_PARTITION_LOWER.name(),
        table::DB_PARTITION_UPPER.name(),
    ] {
        error = error.reworded(|text| given.shown(name, text));
    }
    Some(error)
}

/// What was given for a source of Hive and changes nothing beside the rest, with what wins over it.
pub(super) fn without_effect(given: &Given) -> Vec<String> {
    if given.get(&table::SOURCE_TYPE) != Some(SourceType::Jdbc) || is_metastore(given) {
        return Vec::new();
    }
    let is_given = |name: &str| given.origin(name).is_some();
    let (user, password) = (&table::DB_USERNAME, &table::DB_PASSWORD);
    let mut idle = Vec::new();
    let mut note = |what: &str, wins: &str| idle.push(format!("{what} ({wins})"));
    if is_given(table::DB_TABLE.name()) && is_given(table::DB_SQL.name()) {
        note(table::DB_TABLE.name(), "source.db.sql wins");
    }
    let url = given.get(&table::DB_URL);
    let Some(url) = url.and_then(|url| HiveUrl::parse(&url).ok()) else {
        return idle;
    };
    let instead = match (&url.auth, &url.token) {
        (Auth::Kerberos(_), _) => Some("principal of source.db.url wins"),
        (_, Some(_)) => Some("jwt of source.db.url wins"),
        (Auth::Password | Auth::None, None) => None,
    };
    for (parameter, of_url, name) in [
        (user, &url.user, "user"),
        (password, &url.password, "password"),
    ] {
        if !is_given(parameter.name()) {
            continue;
        }
        if let Some(wins) = instead {
            note(parameter.name(), wins);
        } else if of_url.is_some() && *of_url != given.get(parameter) {
            let wins = format!("{} wins", parameter.name());
            note(&format!("{name} of source.db.url"), &wins);
        }
    }
    if url.auth == Auth::None && is_given(password.name()) {
        note(
            password.name(),
            "auth=noSasl of source.db.url asks for none",
        );
    }
    idle
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
