//! Version, help and wrong actions look as a Flink user knows them.

use crate::common::{millstream, running};

const ACTIONS: [&str; 20] = [
    "run",
    "run-application",
    "info",
    "infer",
    "list",
    "savepoint",
    "checkpoint",
    "stop",
    "cancel",
    "restart",
    "logs",
    "exceptions",
    "checkpoints",
    "files",
    "set",
    "operations",
    "server",
    "doctor",
    "completion",
    "man",
];

#[test]
fn version_is_one_line_as_in_flink() {
    for option in ["-v", "--version"] {
        let said = millstream(&[option]);
        assert_eq!(said.code, Some(0));
        let (version, commit) = said
            .out
            .trim_end()
            .split_once(", Commit ID: ")
            .expect("two parts");
        assert_eq!(version, format!("Version: {}", env!("CARGO_PKG_VERSION")));
        assert!(
            !commit.is_empty() && commit.chars().all(char::is_alphanumeric),
            "{commit}"
        );
        assert_eq!(said.out.lines().count(), 1);
    }
}

#[test]
fn help_lists_every_action() {
    for option in ["-h", "--help", "-help"] {
        let said = millstream(&[option]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        for action in ACTIONS {
            assert!(
                said.out.contains(&format!("Action \"{action}\" ")),
                "{action}"
            );
        }
        assert!(said.out.contains("yarn-session"), "{}", said.out);
    }
}

#[test]
fn every_action_has_help_of_its_own() {
    for action in ACTIONS {
        for option in ["-h", "--help", "-help"] {
            let said = millstream(&[action, option]);
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{action}");
            assert!(
                said.out.contains(&format!("Usage: millstream {action}")),
                "{}",
                said.out
            );
        }
    }
}

#[test]
fn a_wrong_action_is_answered_as_in_flink() {
    let said = millstream(&["bogus"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.starts_with(
            "\"bogus\" is not a valid action.\n\nValid actions are \"run\", \"run-application\","
        ),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("Specify the version option (-v or --version) to print Millstream version.")
    );
    assert!(
        said.out
            .contains("Specify the help option (-h or --help) to get help on the command.")
    );
}

#[test]
fn no_action_shows_the_help_and_fails() {
    let said = millstream::<&str>(&[]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out
            .starts_with("Please specify an action.\n\nmillstream <ACTION>"),
        "{}",
        said.out
    );
}

#[test]
fn under_flinks_name_it_is_the_same() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let flink = directory.path().join("flink");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_millstream"), &flink).expect("linked");
    for arguments in [&["--version"][..], &["bogus"], &["stop"], &["list", "-h"]] {
        let mut command = std::process::Command::new(&flink);
        command.args(arguments);
        let (flink, own) = (running::run(command), millstream(arguments));
        assert_eq!(
            (flink.code, flink.out, flink.err),
            (own.code, own.out, own.err)
        );
    }
}

#[test]
fn an_argument_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let said = millstream(&[std::ffi::OsStr::from_bytes(b"r\xff")]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .starts_with("MS-1004: the argument `r\u{fffd}` is not UTF-8"),
        "{}",
        said.err
    );
}
