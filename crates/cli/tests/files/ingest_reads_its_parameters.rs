//! The ingestion job on the command line: its help, its names, its arguments and where they come from.

use std::fs;

use crate::common::{millstream, millstream_in};

/// What a command line without anything else is told.
const NOTHING: &str = "MS-8001: 4 problems with the parameters of the ingestion job (millstream explain MS-8001):\n  \
    source.type is not given; give --source.type csv, tsv, txt, parquet, orc, jdbc or kafka\n  \
    source.path is not given; give the directory that is read: --source.path <directory>\n  \
    sink.kafka.brokers is not given, with sink.type kafka, which is the default; give the addresses of some brokers: \
    --sink.kafka.brokers <host:port>,…\n  \
    sink.kafka.topic is not given, with sink.type kafka, which is the default; give the topic that is written: \
    --sink.kafka.topic <topic>\n";

#[test]
fn help_is_the_table_of_parameters() {
    for arguments in [
        &["run", "ingest", "--help"][..],
        &["run", "--target", "local", "ingest", "-h"],
        &[
            "run",
            "-c",
            "com._4paradigm.csp.operator.Main",
            "csp-flink-operator-1.0-SNAPSHOT.jar",
            "--help",
        ],
    ] {
        let said = millstream(arguments);
        assert_eq!(
            (said.code, said.err.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
        assert_eq!(said.out, millstream_ingest::parameters::help());
    }
}

#[test]
fn every_name_of_the_job_finds_it() {
    for program in [
        &["run", "ingest"][..],
        &["run", "com._4paradigm.csp.operator.Main"],
        &["run", "-c", "com._4paradigm.csp.operator.Main"],
        &[
            "run",
            "-class",
            "com._4paradigm.csp.operator.Main",
            "csp-flink-operator-1.0-SNAPSHOT.jar",
        ],
        &["run", "-c", "ingest", "ingest"],
    ] {
        let said = millstream(program);
        assert_eq!(
            (said.code, said.err.as_str()),
            (Some(1), NOTHING),
            "{program:?}"
        );
    }
}

#[test]
fn several_problems_are_reported_at_once() {
    let said = millstream(&[
        "run",
        "ingest",
        "--sorce.type",
        "csv",
        "--source.watch.interval",
        "soon",
    ]);
    assert_eq!(said.code, Some(1));
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(lines.len(), 7, "{}", said.err);
    assert_eq!(
        lines[1],
        "  MS-1001: there is no parameter `sorce.type`; did you mean source.type?"
    );
    assert!(
        lines[2].starts_with("  MS-1002: source.watch.interval is `soon`, which is not a duration")
    );
}

#[test]
fn program_args_may_be_one_argument() {
    let line = "--source.type csv --source.path '/no where/in' --sink.type file --sink.path \"/no where/in/out\"";
    let said = millstream(&["run", "ingest", line]);
    let expected = "MS-8001: sink.path lies in source.path, so the job would read what it writes; \
        give a directory outside of source.path (millstream explain MS-8001)\n";
    assert_eq!((said.code, said.err.as_str()), (Some(1), expected));
}

#[test]
fn the_environment_wins_over_arguments_and_these_over_the_file() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let file = "source.type = parquet\nsource.path = /in\nsink.type = file\njob.nam = typo\n";
    fs::write(directory.path().join("application.properties"), file).expect("written");
    let environment = [("MILLSTREAM_INGEST_SINK_TYPE", "es")];
    let arguments = [
        "run",
        "ingest",
        "--source.type",
        "jdbc",
        "--sink.type",
        "print",
    ];
    let said = millstream_in(directory.path(), &environment, &arguments);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .contains("source.db.url is not given, with source.type jdbc"),
        "{}",
        said.err
    );
    assert!(
        said.err
            .contains("sink.es.server is not given, with sink.type es"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("application.properties:4"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("source.path"), "{}", said.err);
}

#[test]
fn another_file_can_be_named() {
    let directory = tempfile::tempdir().expect("temporary directory");
    fs::write(
        directory.path().join("application.properties"),
        "colour = red\n",
    )
    .expect("written");
    fs::write(
        directory.path().join("orders.conf"),
        "source.path: /in\nsink.type: print\n",
    )
    .expect("written");
    let said = millstream_in(
        directory.path(),
        &[],
        &["run", "ingest", "--config=orders.conf"],
    );
    let expected = "MS-8001: source.type is not given; give --source.type csv, tsv, txt, parquet, orc, jdbc or kafka \
        (millstream explain MS-8001)\n";
    assert_eq!((said.code, said.err.as_str()), (Some(1), expected));
}

#[test]
fn an_option_of_run_behind_the_program_is_told_where_it_belongs() {
    let said = millstream(&["run", "ingest", "-p", "4"]);
    assert!(
        said.err
            .contains("options of `millstream run` stand before `ingest`"),
        "{}",
        said.err
    );
}
