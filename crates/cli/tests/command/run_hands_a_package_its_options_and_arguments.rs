//! A job package takes the place of the command: its arguments are untouched, the options of `run` reach it, and its exit
//! code is the command's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::{millstream, millstream_in};

/// An executable that shows what it was given and exits with 7.
fn package(directory: &Path, mode: u32) {
    let path = directory.join("job");
    let script = "#!/bin/sh\nprintf '%s\\n' \"$MILLSTREAM_RUN_OPTIONS\" \"$@\"\nexit 7\n";
    fs::write(&path, script).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("made executable");
}

#[test]
fn arguments_options_and_exit_code_pass_through() {
    let directory = tempfile::tempdir().expect("temporary directory");
    package(directory.path(), 0o755);
    let arguments = [
        "run",
        "-target",
        "local",
        "-fromSavepoint",
        "/s/p 1",
        "-allowNonRestoredState",
        "--claimMode",
        "claim",
        "-p4",
        "-Dpipeline.name=a=b",
        "-c",
        "com.example.WordCount",
        "job",
        "-s",
        "--help",
        "-Dx=1",
        "a b",
        "",
    ];
    let said = millstream_in(directory.path(), &[], &arguments);
    assert_eq!(said.code, Some(7), "{}", said.err);
    let mut lines = said.out.lines();
    let options: serde_json::Value =
        serde_json::from_str(lines.next().expect("options")).expect("JSON");
    assert_eq!(
        options,
        serde_json::json!({
            "entry": "com.example.WordCount",
            "configuration": {
                "execution.target": "local",
                "execution.state-recovery.path": "/s/p 1",
                "execution.state-recovery.ignore-unclaimed-state": "true",
                "execution.state-recovery.claim-mode": "CLAIM",
                "parallelism.default": "4",
                "pipeline.name": "a=b",
            }
        })
    );
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["-s", "--help", "-Dx=1", "a b", ""]
    );
}

#[test]
fn a_package_that_can_not_be_executed_is_refused() {
    let directory = tempfile::tempdir().expect("temporary directory");
    package(directory.path(), 0o644);
    let path = directory.path().join("job");
    let said = millstream(&["run".as_ref(), "-tlocal".as_ref(), path.as_os_str()]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.starts_with("MS-1007: the job package "),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("can't be started (Permission denied"),
        "{}",
        said.err
    );
}

#[test]
fn options_for_java_and_python_are_noted() {
    let directory = tempfile::tempdir().expect("temporary directory");
    package(directory.path(), 0o755);
    let arguments = [
        "run",
        "-t",
        "local",
        "-C",
        "file:/a.jar",
        "-pyfs",
        "a.py",
        "-n",
        "-rm",
        "legacy",
        "job",
    ];
    let said = millstream_in(directory.path(), &[], &arguments);
    assert_eq!(said.code, Some(7), "{}", said.err);
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(
        lines,
        [
            "WARNING: claim mode LEGACY is deprecated, use NO_CLAIM or CLAIM",
            "WARNING: --allowNonRestoredState has no effect without --fromSavepoint",
            "WARNING: --claimMode has no effect without --fromSavepoint",
            "WARNING: --classpath has no effect: a job package is an executable",
            "WARNING: the options for Python (--py…) have no effect",
        ]
    );
}

#[test]
fn the_level_of_the_log_reaches_the_package_unless_the_user_set_one() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path().join("job");
    fs::write(&path, "#!/bin/sh\nprintf '%s' \"$MILLSTREAM_LOG\"\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
    let level = |environment: &[(&str, &str)], option: &str| {
        millstream_in(
            directory.path(),
            environment,
            &["run", "-tlocal", option, "job"],
        )
        .out
    };
    assert_eq!(level(&[], "-v"), "debug");
    assert_eq!(level(&[], "-vv"), "trace");
    assert_eq!(level(&[("MILLSTREAM_LOG", "warn")], "-v"), "warn");
}
