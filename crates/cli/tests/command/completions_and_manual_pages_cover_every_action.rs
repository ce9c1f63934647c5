//! Completions and manual pages are made from the options themselves.

use std::fs;

use crate::common::{millstream, millstream_in, running};

/// Every action, as the help names them.
fn actions() -> Vec<String> {
    let help = millstream(&["--help"]).out;
    let names = help.lines().filter_map(|line| {
        let rest = line.strip_prefix("Action \"")?;
        Some(rest.split_once('"')?.0.to_owned())
    });
    names.collect()
}

#[test]
fn completions_for_every_shell() {
    let actions = actions();
    assert_eq!(actions.len(), 23, "{actions:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = millstream(&["completion", shell]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{shell}");
        assert!(said.out.contains("__complete"), "{}", said.out);
        assert!(!said.out.contains("@name@"), "{}", said.out);
        // Every shell gets the answer of the command itself. There is no action `help`, and -V is no option.
        let line: &[&str] = match shell {
            "bash" | "powershell" => &["__complete", shell, "millstream "],
            _ => &["__complete", shell, "millstream", ""],
        };
        let said = millstream(line);
        let words = said
            .out
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        assert_eq!(words.collect::<Vec<_>>(), actions, "{shell}");
    }
}

#[test]
fn completions_for_the_name_flink() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let flink = directory.path().join("flink");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_millstream"), &flink).expect("linked");
    let mut command = std::process::Command::new(flink);
    command.args(["completion", "bash"]);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let last = said
        .out
        .lines()
        .rev()
        .find(|line| line.starts_with("complete -"));
    assert!(
        last.is_some_and(|line| line.ends_with(" flink")),
        "{last:?}"
    );
}

#[test]
fn manual_pages() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = millstream_in(directory.path(), &[], &["man", "a/man1"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let read = |name: &str| {
        fs::read_to_string(directory.path().join("a/man1").join(name)).expect("a page")
    };
    let page = read("millstream.1");
    assert!(page.contains(".SH SUBCOMMANDS"), "{page}");
    assert!(
        !page.contains("\\-\\-help\\-") && !page.contains("\\-V"),
        "{page}"
    );
    for action in actions() {
        assert!(
            read(&format!("millstream-{action}.1")).contains(".SH NAME"),
            "{action}"
        );
    }
    let run = read("millstream-run.1");
    assert!(
        run.contains(".SH OPTIONS") && run.contains("fromSavepoint"),
        "{run}"
    );
    assert_eq!(said.out.lines().count(), 24, "{}", said.out);
}
