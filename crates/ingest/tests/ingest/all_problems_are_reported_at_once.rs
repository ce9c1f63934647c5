//! One run shows everything that has to be mended.

use std::process::Command;

use millstream_ingest::parameters::{DEFAULT_FILE, Input, load};

use crate::common::load_line;

fn error(line: &str) -> String {
    load_line(line).expect_err(line).to_string()
}

#[test]
fn everything_that_is_missing_is_named() {
    assert_eq!(
        error("--error.policy dead-letter --stream.sql.enable true"),
        "MS-8001: 6 problems with the parameters of the ingestion job:\n  \
        source.type is not given; give --source.type csv, tsv, txt, parquet, orc, jdbc or kafka\n  \
        source.path is not given; give the directory that is read: --source.path <directory>\n  \
        stream.sql.enable is true, and there is no schema; give --stream.sql.schema.json '{\"column\": \"type\", …}' \
        or --stream.sql.schema 'struct<column:type,…>'\n  \
        sink.kafka.brokers is not given, with sink.type kafka, which is the default; give the addresses of some brokers: \
        --sink.kafka.brokers <host:port>,…\n  \
        sink.kafka.topic is not given, with sink.type kafka, which is the default; give the topic that is written: \
        --sink.kafka.topic <topic>\n  \
        error.dead-letter.path is not given, with error.policy dead-letter; give the directory for bad records: \
        --error.dead-letter.path <directory>, or a topic: --error.dead-letter.topic <topic>"
    );
}

#[test]
fn a_single_problem_is_a_single_line() {
    assert_eq!(
        error("--source.type csv --source.path /in --sink.type file"),
        "MS-8001: sink.path is not given, with sink.type file; give the directory that is written: --sink.path \
        <directory>"
    );
}

#[test]
fn problems_of_different_kinds_keep_their_codes() {
    let error = error(
        "--source.type xml --source.pth /in --sink.type file --sink.path ftp://nn/out --stream.parallelism 0",
    );
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines,
        [
            "MS-8001: 5 problems with the parameters of the ingestion job:",
            "  MS-1001: there is no parameter `source.pth`; did you mean source.path?",
            "  MS-1002: source.type is `xml`, which is not one of csv, tsv, txt, parquet, orc, jdbc, kafka, \
             kafka_deduplication; for example `csv`",
            "  MS-1002: stream.parallelism is `0`, which is not a whole number from 1; for example `4`",
            "  source.path is not given; give the directory that is read: --source.path <directory>",
            "  MS-8002: sink.path is `ftp://nn/out`, and ftp: URLs are planned and not there yet; give a path or a \
             file: URL",
        ]
    );
}

#[test]
fn every_unknown_name_is_reported() {
    let error = error("--colour red --surce.type csv --source.firstline.schema true");
    assert!(
        error.contains("`colour`; see the parameters with --help;"),
        "{error}"
    );
    assert!(
        error.contains("`surce.type`; did you mean source.type?"),
        "{error}"
    );
    assert!(
        error.contains("`source.firstline.schema`; did you mean source.firstLine.schema?"),
        "{error}"
    );
}

#[test]
fn contradictions_are_refused() {
    let least = "--source.type csv --source.path /in --sink.type file --sink.path /out";
    for (more, words) in [
        (
            "--source.line.delimiter ,",
            "source.line.delimiter holds the field delimiter `,`",
        ),
        (
            "--source.field.delimiter \\n",
            "source.line.delimiter holds the field delimiter `\\n`",
        ),
        (
            "--stream.checkpoint.interval 0",
            "stream.checkpoint.interval is 0",
        ),
        (
            "--stream.checkpoint.enable false",
            "files become visible at checkpoints",
        ),
        ("--sink.path /in/out", "sink.path lies in source.path"),
        (
            "--error.policy dead-letter --error.dead-letter.path file:/in/",
            "error.dead-letter.path lies in source.path",
        ),
        (
            "--error.policy dead-letter --error.dead-letter.path /dead --error.dead-letter.topic dead",
            "error.dead-letter.path and error.dead-letter.topic are both given",
        ),
        (
            "--error.policy dead-letter --error.dead-letter.topic dead",
            "error.dead-letter.topic is given without brokers",
        ),
        ("--source.split.size 0", "source.split.size is 0"),
        ("--source.watch.interval 0", "source.watch.interval is 0"),
        (
            "--sink.type print --stream.checkpoint.enable false --error.policy dead-letter \
             --error.dead-letter.path /dead",
            "PROCESS_CONTINUOUSLY and error.policy dead-letter: files become visible at checkpoints",
        ),
        (
            "--source.path in --sink.path ./out/../in/out",
            "sink.path lies in source.path",
        ),
    ] {
        let error = error(&format!("{least} {more}"));
        assert!(
            error.starts_with("MS-8001") && error.contains(words),
            "{more}: {error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn file_systems_that_are_planned_are_refused_by_name() {
    let error = error(
        "--source.type csv --source.path ftp://nn/in --sink.type file --sink.path hdfs://nn:8020/out \
         --stream.checkpoint.dir viewfs://nn/checkpoints",
    );
    assert!(error.starts_with("MS-8002: 2 problems"), "{error}");
    assert!(
        error.contains("source.path is `ftp://nn/in`, and ftp: URLs are planned"),
        "{error}"
    );
    assert!(
        error.contains(
            "stream.checkpoint.dir is `viewfs://nn/checkpoints`, and viewfs: is not supported"
        ),
        "{error}"
    );
}

#[test]
fn urls_of_other_machines_are_refused_by_name() {
    let error = error("--source.type csv --source.path file://nas/data --sink.type print");
    assert_eq!(
        error,
        "MS-8002: source.path is `file://nas/data`, which names the machine `nas`; mount its directory here, or write \
         file:///path for a path of this machine"
    );
}

#[test]
fn charset_and_schema_are_judged_with_everything_else() {
    let error = error(
        "--source.type csv --source.path /in --sink.type print --source.charset UFT-8 --stream.sql.schema.json {} \
         --source.watch.interval 0",
    );
    let lines: Vec<&str> = error.lines().collect();
    let [head, charset, schema, interval] = lines.as_slice() else {
        unreachable!("three problems: {error}")
    };
    assert_eq!(
        *head,
        "MS-8001: 3 problems with the parameters of the ingestion job:"
    );
    assert!(
        charset.starts_with(
            "  MS-1002: source.charset: `UFT-8` is not a charset; give one such as UTF-8"
        ),
        "{charset}"
    );
    assert!(
        schema.starts_with("  MS-5003: stream.sql.schema.json: line 1, column "),
        "{schema}"
    );
    assert!(
        interval.starts_with("  source.watch.interval is 0; "),
        "{interval}"
    );
}

#[test]
fn a_pipe_in_the_place_of_the_parameter_file_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = |arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(|part| (*part).to_owned()).collect();
        let refused = load(&Input {
            environment: &[],
            arguments: &arguments,
            directory: directory.path(),
        });
        let error = refused.expect_err("no file").to_string();
        assert!(
            error.starts_with("MS-1005: can't read the parameter file"),
            "{error}"
        );
        assert!(error.contains("no regular file"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    };
    for name in ["orders.properties", DEFAULT_FILE] {
        let pipe = directory.path().join(name);
        let made = Command::new("mkfifo").arg(pipe).status();
        assert!(made.expect("mkfifo").success());
    }
    refused(&["--config", "orders.properties"]);
    // It is there, so it is meant to count.
    refused(&[]);
}

#[test]
fn a_file_that_can_not_be_read_is_not_blamed_for_what_it_may_hold() {
    let error = error("--config nowhere.properties");
    assert!(
        error.starts_with("MS-1005: can't read the parameter file"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}
