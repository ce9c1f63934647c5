use crate::parameters::{Input, load};

/// The one line by which a job is refused.
#[track_caller]
fn refusal(more: &[&str]) -> String {
    let least = [
        "--source.type",
        "jdbc",
        "--source.db.table",
        "t",
        "--sink.type",
        "print",
    ];
    let arguments = least.iter().chain(more);
    let arguments: Vec<String> = arguments.map(|&word| word.to_owned()).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let input = Input {
        environment: &[],
        arguments: &arguments,
        directory: directory.path(),
    };
    let said = load(&input).expect_err("refused").to_string();
    assert!(
        said.starts_with("MS-8002") && said.lines().count() == 1,
        "{said}"
    );
    said
}

/// That a database is refused by its name, by its type as by its address, and that each of the ways is told.
#[track_caller]
fn assert_refused(kind: &str, url: &str, name: &str, ways: &[&str]) {
    let by_type = refusal(&["--source.db.type", kind]);
    let by_both = refusal(&["--source.db.type", kind, "--source.db.url", url]);
    assert_eq!(by_type, by_both);
    let by_url = refusal(&["--source.db.url", url]);
    for said in [by_type, by_url] {
        assert!(said.contains(&format!("names {name}, ")), "{said}");
        for way in ways {
            assert!(said.contains(way), "{way}: {said}");
        }
    }
}

/// The ways of a database that has its changes.
const CHANGES: [&str; 4] = [
    "Debezium",
    "--source.type kafka",
    "--source.type parquet or csv",
    "external table of Hive",
];
/// The ways of who queries tables of Hive.
const QUERIES: [&str; 2] = ["--source.db.type hive-metastore", "create table"];

#[test]
fn mysql_is_read_by_its_changes_or_exports() {
    assert_refused("mysql", "jdbc:mysql://h:3306/d", "MySQL", &CHANGES);
}

#[test]
fn mariadb_is_read_by_its_changes_or_exports() {
    assert_refused("MariaDB", "jdbc:mariadb://h/d", "MariaDB", &CHANGES);
}

#[test]
fn postgresql_is_read_by_its_changes_or_exports() {
    assert_refused(
        "postgres",
        "jdbc:postgresql://h:5432/d",
        "PostgreSQL",
        &CHANGES,
    );
}

#[test]
fn oracle_is_read_by_its_changes_or_exports() {
    assert_refused("oracle", "jdbc:oracle:thin:@h:1521:x", "Oracle", &CHANGES);
}

#[test]
fn sql_server_is_read_by_its_changes_or_exports() {
    assert_refused(
        "SQL_SERVER",
        "jdbc:sqlserver://h:1433;databaseName=d",
        "SQL Server",
        &CHANGES,
    );
}

#[test]
fn db2_is_read_by_its_changes_or_exports() {
    assert_refused("db2", "jdbc:db2://h:50000/d", "Db2", &CHANGES);
}

#[test]
fn clickhouse_exports_parquet_or_writes_to_kafka() {
    let ways = [
        "into outfile",
        "--source.type parquet",
        "--source.type kafka",
    ];
    assert_refused(
        "clickhouse",
        "jdbc:clickhouse://h:8123/d",
        "ClickHouse",
        &ways,
    );
}

#[test]
fn phoenix_is_read_by_hive_or_exports() {
    let ways = [
        "PhoenixStorageHandler",
        "--source.db.type hive",
        "--source.type csv",
    ];
    assert_refused("phoenix", "jdbc:phoenix:h:2181", "Phoenix", &ways);
}

#[test]
fn tables_of_impala_are_read_by_the_metastore() {
    assert_refused("impala", "jdbc:impala://h:21050/d", "Impala", &QUERIES);
}

#[test]
fn tables_of_presto_are_read_by_the_metastore() {
    assert_refused("presto", "jdbc:presto://h:8080/hive/d", "Presto", &QUERIES);
}

#[test]
fn tables_of_trino_are_read_by_the_metastore() {
    assert_refused("trino", "jdbc:trino://h:8080/hive/d", "Trino", &QUERIES);
}

#[test]
fn kylin_is_read_by_the_tables_of_its_cubes() {
    let ways = ["tables of Hive", "--source.db.type hive"];
    assert_refused("kylin", "jdbc:kylin://h:7070/d", "Kylin", &ways);
}

#[test]
fn sqlite_is_exported() {
    assert_refused(
        "sqlite",
        "jdbc:sqlite:d.db",
        "SQLite",
        &["--source.type csv"],
    );
}

#[test]
fn h2_is_exported() {
    assert_refused("h2", "jdbc:h2:./d", "H2", &["--source.type csv"]);
}

#[test]
fn another_address_keeps_the_ways_of_all() {
    let said = refusal(&["--source.db.url", "jdbc:teradata://h/d"]);
    for words in ["names teradata, ", "--source.type kafka"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_an_address_of_hive_asks_for_keeps_its_own_advice() {
    let url = "jdbc:hive2://h/d;serviceDiscoveryMode=zooKeeper;zooKeeperNamespace=x";
    let said = refusal(&["--source.db.url", url]);
    assert!(
        said.contains("ZooKeeper") && !said.contains("Debezium"),
        "{said}"
    );
}
