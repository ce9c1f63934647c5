//! Version, help and wrong actions look as a Flink user knows them.

mod common;

use common::millstream;

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
fn help_lists_what_works_before_what_is_planned() {
    for option in ["-h", "--help"] {
        let said = millstream(&[option]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        let planned = said.out.find("refused until then").expect("a heading");
        assert!(said.out.find("Action \"run\"").expect("shown") < planned);
        for action in [
            "info",
            "list",
            "savepoint",
            "checkpoint",
            "stop",
            "cancel",
            "server",
        ] {
            let place = said
                .out
                .find(&format!("Action \"{action}\""))
                .expect("shown");
            assert!(place > planned, "{action}");
        }
    }
}

#[test]
fn a_wrong_action_is_answered_as_in_flink() {
    let said = millstream(&["bogus"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out
            .starts_with("\"bogus\" is not a valid action.\n\nValid action"),
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
fn planned_actions_are_refused_in_one_line() {
    for action in [
        "info",
        "list",
        "savepoint",
        "checkpoint",
        "stop",
        "cancel",
        "server",
    ] {
        let said = millstream(&[action, "-a"]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{action}");
        assert!(
            said.err.starts_with(&format!(
                "MS-1006: `{action}` comes with the session server"
            )),
            "{}",
            said.err
        );
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
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
