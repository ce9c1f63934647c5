//! Every option of `run` that can't be followed fails with one line that says what works.

use crate::common::{millstream, refused};

#[test]
fn targets_that_are_not_there() {
    for target in [
        "yarn-session",
        "yarn-application",
        "yarn-per-job",
        "kubernetes-session",
        "kubernetes-application",
    ] {
        let line = format!("MS-1006: target {target} is not there yet; use --target remote");
        refused(&["run", "-t", target, "ingest"], &line);
        refused(
            &["run", &format!("-Dexecution.target={target}"), "ingest"],
            &line,
        );
    }
    refused(
        &["run", "--target", "moon", "ingest"],
        "MS-1002: --target is `moon`, which is no target",
    );
    refused(
        &["run-application", "-t", "yarn-application", "ingest"],
        "MS-1006: target yarn-application is not there yet; use --target remote",
    );
    refused(
        &["run", "-m", "yarn-cluster", "ingest"],
        "MS-1006: target yarn-cluster is not there yet; use --target remote",
    );
    refused(
        &["run-application", "-t", "local", "ingest"],
        "MS-1003: run-application needs a server, and --target local runs the job in this process; leave one of them out",
    );
    for (option, value) in [
        ("--detached", None),
        ("--jobmanager", Some("h:1")),
        ("--json", None),
    ] {
        let given = std::iter::once(option).chain(value);
        let arguments: Vec<&str> = ["run", "-t", "local"]
            .into_iter()
            .chain(given)
            .chain(["ingest"])
            .collect();
        let said = millstream(&arguments);
        assert_eq!(said.code, Some(1));
        assert!(
            said.err.starts_with(&format!(
                "MS-1003: {option} needs a server, and --target local runs the job in this process;"
            )),
            "{}",
            said.err
        );
    }
}

#[test]
fn options_that_do_not_exist() {
    refused(
        &["run", "--paralelism", "3", "ingest"],
        "MS-1001: `run` has no option `--paralelism`; did you mean --parallelism?",
    );
    refused(
        &["run", "-fromSavepont", "/s", "ingest"],
        "MS-1001: `run` has no option `-fromSavepont`; did you mean --fromSavepoint?",
    );
    for option in ["-yid", "-ys", "-yDa.b=c", "--yarnslots"] {
        let said = format!(
            "MS-1001: `run` has no option `{option}`; leave it out: options of YARN have no meaning here"
        );
        refused(&["run", option, "2", "ingest"], &said);
    }
    refused(
        &[
            "run",
            "-Dpipeline.nam=x",
            "-D",
            "execution.checkpointing.intervall=1",
            "-D",
            "colour=red",
            "-Dstate.backend.type=rocksdb",
            "ingest",
        ],
        "MS-1001: -D sets what is no option: `pipeline.nam` (did you mean pipeline.name?), \
         `execution.checkpointing.intervall` (did you mean execution.checkpointing.interval?), `colour`, \
         `state.backend.type` (state is kept in memory; RocksDB is planned);",
    );
}

#[test]
fn values_that_do_not_fit() {
    refused(
        &["run", "-s", "", "ingest"],
        "MS-1002: --fromSavepoint is empty, and the job would begin anew",
    );
    refused(
        &["run", "-p", "0", "ingest"],
        "MS-1002: --parallelism is `0`",
    );
    refused(
        &["run", "-pmany", "ingest"],
        "MS-1002: --parallelism is `many`",
    );
    refused(
        &["run", "-s", "/s", "-claimMode", "mine", "ingest"],
        "MS-1002: --claimMode is `mine`",
    );
    refused(
        &["run", "-D", "parallelism.default", "ingest"],
        "MS-1004: -D parallelism.default is no setting",
    );
    refused(
        &["run", "-p"],
        "MS-1004: a value is required for '--parallelism <NUMBER>'",
    );
}

#[test]
fn programs_that_can_not_be_run() {
    refused(
        &["run"],
        "MS-1004: `run` names no program; give ingest or the path",
    );
    for arguments in [
        &["run", "/nowhere/job"][..],
        &["run", "-j", "/nowhere/job", "-x"],
    ] {
        refused(
            arguments,
            "MS-1007: there is no job package at /nowhere/job (JAR file does not exist: /nowhere/job); give ingest or",
        );
    }
    refused(&["run", "/"], "MS-1007: / is a directory");
    refused(
        &["run", "-py", "job.py"],
        "MS-1007: Python programs can't be run",
    );
    refused(
        &["run", "-c", "com.example.Other", "ingest"],
        "MS-1007: the ingestion job has no entry class com.example.Other",
    );
}

#[test]
fn the_cause_is_shown_when_asked_for() {
    let said = millstream(&[
        "run",
        "--verbose",
        "-t",
        "local",
        "ingest",
        "--config",
        "nowhere.properties",
    ]);
    let cause = said
        .err
        .lines()
        .find(|line| line.starts_with("  caused by: "))
        .expect(&said.err);
    assert!(cause.contains("os error 2"), "{cause}");
    assert!(
        said.err
            .ends_with("\n  MS-1005: Configuration file can't be read\n"),
        "{}",
        said.err
    );
}
