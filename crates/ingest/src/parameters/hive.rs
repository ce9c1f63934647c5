//! Hive as a source: what is missing or contradictory, and what the source is told.

use millstream_connectors::hive::{HiveSourceOptions, HiveUrl, Login, SplitBy, What};
use millstream_core::{Error, codes};

use super::choices::SourceType;
use super::given::Given;
use super::{kerberos, table};

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
    let url = given.get(&table::DB_URL);
    problems.extend(url.and_then(|url| HiveUrl::parse(&url).err()));
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
