//! Databases besides Hive: none is read, and each has a way by which its rows come here.

use millstream_core::{Error, codes};

/// A database that is not read.
struct Database {
    /// What it is called.
    name: &'static str,
    /// Its words in `source.db.type` and in addresses of JDBC, in small letters and digits.
    words: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
}

/// Of databases that Debezium reads, and of which Hive's JdbcStorageHandler makes tables.
const CHANGES: &str = "have Debezium or Kafka Connect write its rows and their changes to a topic and read that with --source.type kafka, \
     export the table to Parquet or CSV and read that with --source.type parquet or csv, or make it an external table of Hive \
     (JdbcStorageHandler) and read that with --source.db.type hive";
/// Of engines of queries over Hive's tables.
const QUERIES: &str = "read the tables of Hive that it queries: --source.db.type hive-metastore --source.db.url thrift://<host>:9083; \
     what lies elsewhere it can write to such a table (create table … as select)";
/// Of databases that are a file or a process of one user.
const FILES: &str =
    "export the table to CSV and read that with --source.type csv --source.firstLine.schema true";

/// Each with its way.
const OTHERS: &[Database] = &[
    Database {
        name: "MySQL",
        words: &["mysql"],
        instead: CHANGES,
    },
    Database {
        name: "MariaDB",
        words: &["mariadb"],
        instead: CHANGES,
    },
    Database {
        name: "PostgreSQL",
        words: &["postgresql", "postgres"],
        instead: CHANGES,
    },
    Database {
        name: "Oracle",
        words: &["oracle"],
        instead: CHANGES,
    },
    Database {
        name: "SQL Server",
        words: &["sqlserver", "mssql"],
        instead: CHANGES,
    },
    Database {
        name: "Db2",
        words: &["db2"],
        instead: CHANGES,
    },
    Database {
        name: "ClickHouse",
        words: &["clickhouse", "ch"],
        instead: "export the table (select … into outfile 'rows.parquet' format Parquet) and read that with --source.type parquet, or have \
             ClickHouse insert its rows into a table of its engine Kafka and read that topic with --source.type kafka",
    },
    Database {
        name: "Phoenix",
        words: &["phoenix"],
        instead: "make the table an external one of Hive (PhoenixStorageHandler) and read that with --source.db.type hive, or export it to \
             CSV and read that with --source.type csv",
    },
    Database {
        name: "Impala",
        words: &["impala"],
        instead: QUERIES,
    },
    Database {
        name: "Presto",
        words: &["presto"],
        instead: QUERIES,
    },
    Database {
        name: "Trino",
        words: &["trino"],
        instead: QUERIES,
    },
    Database {
        name: "Kylin",
        words: &["kylin"],
        instead: "read the tables of Hive that its cubes are made of, with --source.db.type hive",
    },
    Database {
        name: "SQLite",
        words: &["sqlite"],
        instead: FILES,
    },
    Database {
        name: "H2",
        words: &["h2"],
        instead: FILES,
    },
];

fn find(word: &str) -> Option<&'static Database> {
    let plain = word.chars().filter(char::is_ascii_alphanumeric);
    let plain = plain.collect::<String>().to_ascii_lowercase();
    OTHERS
        .iter()
        .find(|database| database.words.contains(&plain.as_str()))
}

/// Whether the text of `source.db.type` names one of them.
pub(super) fn is_other(text: &str) -> bool {
    find(text).is_some()
}

/// The refusal of a text of `source.db.type` that names one of them; `origin` says where it was given.
pub(super) fn refused(text: &str, origin: &str) -> Option<Error> {
    let database = find(text)?;
    let message = format!(
        "source.db.type{origin} names {}, and of databases only Hive is read",
        database.name
    );
    Some(Error::new(&codes::INGEST_UNSUPPORTED, message).next(database.instead))
}

/// What is wrong with an address, with what to do instead where it is one of theirs.
pub(super) fn advised(error: Error, url: &str) -> Error {
    if error.code() != codes::INGEST_UNSUPPORTED.id {
        return error;
    }
    let url = url.trim().to_ascii_lowercase();
    let rest = url.strip_prefix("jdbc:").unwrap_or(&url);
    let word = rest.split([':', '/']).next();
    match word.and_then(find) {
        Some(database) => error.next(database.instead),
        None => error,
    }
}

#[cfg(test)]
mod tests;
