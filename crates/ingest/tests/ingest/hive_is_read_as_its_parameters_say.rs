//! Parameters of databases reach the source of Hive, and what does not fit together is told.

use std::time::Duration;

use crate::common::load_line;
use millstream_connectors::files_source::Changed;
use millstream_connectors::hive::{ExactlyOnce, HiveSourceOptions, Login, SplitBy, What};
use millstream_ingest::parameters::{SourceSettings, TableSource};

const LEAST: &str = "--source.type jdbc --source.db.url jdbc:hive2://hive/shop --source.db.table orders --sink.type print";

fn options(more: &str) -> HiveSourceOptions {
    let line = format!("{LEAST} {more}");
    let source = match load_line(&line).expect(&line).settings.source {
        SourceSettings::Hive(options) => Some(*options),
        _ => None,
    };
    source.expect("Hive is read")
}

#[test]
fn what_is_not_given_has_its_default() {
    let options = options("");
    assert_eq!(options.query, What::Table("orders".to_owned()));
    assert_eq!(options.login.user, Login::NOBODY);
    assert_eq!((options.fetch, options.split), (None, None));
    assert_eq!(options.exactly_once, ExactlyOnce::Require);
}

#[test]
fn everything_given_reaches_the_source() {
    let options = options(
        "--source.db.username me --source.db.password pw --source.db.fetch.size 7 --source.db.exactly-once best-effort \
         --source.db.partition.column id --source.db.partition.num 3 --source.db.partition.lower-bound -5 \
         --source.db.partition.upper-bound 5 --source.db.driverClassName org.apache.hive.jdbc.HiveDriver \
         --source.db.sql 'select 1'",
    );
    assert_eq!(options.query, What::Query("select 1".to_owned()));
    assert_eq!(
        (options.login.user.as_str(), options.login.password.as_str()),
        ("me", "pw")
    );
    assert_eq!(options.fetch, Some(7));
    assert_eq!(options.exactly_once, ExactlyOnce::BestEffort);
    let split = SplitBy {
        column: "id".to_owned(),
        parts: Some(3),
        lower: Some("-5".to_owned()),
        upper: Some("5".to_owned()),
    };
    assert_eq!(options.split, Some(split));
}

#[test]
fn what_does_not_fit_is_told_in_one_line() {
    let table = [
        (
            "--source.type jdbc --source.db.table t --sink.type print",
            "MS-8001",
            "source.db.url is not given",
        ),
        (
            "--source.type jdbc --source.db.url jdbc:hive2://h/d --sink.type print",
            "MS-8001",
            "source.db.table is not given",
        ),
        (
            "--source.db.fetch.size 0",
            "MS-1002",
            "source.db.fetch.size",
        ),
        (
            "--source.db.exactly-once perhaps",
            "MS-1002",
            "require, best-effort",
        ),
        (
            "--source.db.driverClassName com.mysql.jdbc.Driver",
            "MS-8002",
            "com.mysql.jdbc.Driver",
        ),
        (
            "--source.db.partition.columns id",
            "MS-1001",
            "did you mean source.db.partition.column?",
        ),
        (
            "--source.db.url jdbc:hive2://h/d;principal=hive",
            "MS-1002",
            "hive/host@REALM",
        ),
    ];
    for (line, code, words) in table {
        let line = match line.contains("--source.type") {
            true => line.to_owned(),
            false => format!("{LEAST} {line}"),
        };
        let error = load_line(&line).expect_err(&line);
        assert_eq!(error.code(), code, "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains(words) && shown.lines().count() == 1,
            "{shown}"
        );
    }
}

#[test]
fn parameters_of_parts_have_no_effect_without_a_column() {
    let loaded = load_line(&format!("{LEAST} --source.db.partition.num 3")).expect("well");
    let notes = loaded.notes.join("\n");
    assert!(
        notes.contains("source.db.partition.num (only with source.db.partition.column)"),
        "{notes}"
    );
}

#[test]
fn what_another_parameter_wins_over_is_named() {
    for (more, note) in [
        (
            "--source.db.sql 'select 1'",
            "source.db.table (source.db.sql wins)",
        ),
        (
            "--source.db.url jdbc:hive2://h/d;principal=hive/_HOST@R --source.db.username me",
            "source.db.username (principal of source.db.url wins)",
        ),
        (
            "--source.db.url jdbc:hive2://h/d;transportMode=http;jwt=a.b.c --source.db.password pw",
            "source.db.password (jwt of source.db.url wins)",
        ),
        (
            "--source.db.url jdbc:hive2://h/d;user=you --source.db.username me",
            "user of source.db.url (source.db.username wins)",
        ),
        (
            "--source.db.url jdbc:hive2://h/d;auth=noSasl --source.db.password pw",
            "source.db.password (auth=noSasl of source.db.url asks for none)",
        ),
    ] {
        let loaded = load_line(&format!("{LEAST} {more}")).expect(more);
        let notes = loaded.notes.join("\n");
        let words = format!("given, but without effect here: {note}");
        assert!(notes.contains(&words), "{more}: {notes}");
    }
    for more in [
        "",
        "--source.db.username me --source.db.password pw",
        "--source.db.url jdbc:hive2://h/d;user=me --source.db.username me",
    ] {
        let notes = load_line(&format!("{LEAST} {more}")).expect(more).notes;
        assert!(
            !notes.join("").contains("without effect"),
            "{more}: {notes:?}"
        );
    }
}

#[test]
fn bounds_are_the_right_way_round() {
    let split = "--source.db.partition.column id --source.db.partition.lower-bound";
    for (lower, upper) in [
        ("10", "9"),
        ("5", "-5"),
        ("2024-02-01", "2024-01-31"),
        ("2024-01-01 10:00:00", "2024-01-01 09:59:59"),
    ] {
        let line = format!("{LEAST} {split} '{lower}' --source.db.partition.upper-bound '{upper}'");
        let error = load_line(&line).expect_err(&line);
        assert_eq!(error.code(), "MS-6023", "{error}");
        let words = format!(
            "source.db.partition.lower-bound is `{lower}`, which is above source.db.partition.upper-bound, `{upper}`"
        );
        assert_eq!(error.message(), words);
        let line = format!("{LEAST} {split} '{upper}' --source.db.partition.upper-bound '{lower}'");
        load_line(&line).expect(&line);
    }
}

const TABLE: &str = "--source.type jdbc --source.db.type hive-metastore --source.db.url thrift://one,thrift://two:7 \
     --source.db.table shop.orders --sink.type print";

fn table(more: &str) -> TableSource {
    let line = format!("{TABLE} {more}");
    let source = match load_line(&line).expect(&line).settings.source {
        SourceSettings::Table(table) => Some(*table),
        _ => None,
    };
    source.expect("a table is read")
}

#[test]
fn tables_are_read_by_the_metastore() {
    let usual = table("");
    assert_eq!(usual.url.to_string(), "thrift://one:9083,thrift://two:7");
    assert_eq!((usual.table.as_str(), usual.filter), ("shop.orders", None));
    assert_eq!(usual.watch_interval, Some(Duration::from_secs(60)));
    // Else an `insert overwrite` is read in part.
    assert_eq!(usual.intake.changed, Changed::Fail);
    let given = table("--source.file.changed ignore");
    assert_eq!(given.intake.changed, Changed::Ignore);
    let given = table(
        "--source.db.partition.filter \"dt > '2024'\" --source.watch.type PROCESS_ONCE --source.split.size 1mb \
         --source.file.changed reread",
    );
    assert_eq!(given.filter.as_deref(), Some("dt > '2024'"));
    assert_eq!((given.watch_interval, given.split_size), (None, 1 << 20));
    assert_eq!(given.intake.changed, Changed::Reread);
}

#[test]
fn what_tables_do_not_have_is_refused_or_named() {
    for (more, words) in [
        ("--source.db.sql 'select 1'", "stream.sql"),
        (
            "--source.after.commit delete",
            "source.after.commit is not keep",
        ),
        (
            "--source.file.bad quarantine --source.file.bad.path /bad",
            "quarantine",
        ),
        ("--source.db.url jdbc:hive2://h", "thrift://host:9083"),
    ] {
        let error = load_line(&format!("{TABLE} {more}"))
            .expect_err(more)
            .to_string();
        assert!(error.contains(words), "{error}");
    }
    let loaded = load_line(&format!("{TABLE} --source.db.fetch.size 3")).expect("well");
    let notes = loaded.notes.join("\n");
    let words = "source.db.fetch.size (only with source.type jdbc and source.db.type hive)";
    assert!(notes.contains(words), "{notes}");
    let loaded = load_line(&format!("{LEAST} --source.db.partition.filter x")).expect("well");
    assert!(
        loaded.notes.join("\n").contains("hive-metastore"),
        "{:?}",
        loaded.notes
    );
}
