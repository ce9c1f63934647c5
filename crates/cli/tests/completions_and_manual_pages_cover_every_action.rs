//! Completions and manual pages are made from the options themselves.

mod common;

use std::fs;

use common::{millstream, millstream_in};

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = millstream(&["completion", shell]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{shell}");
        for word in ["savepoint", "allowNonRestoredState", "doctor"] {
            assert!(said.out.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
fn manual_pages() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = millstream_in(directory.path(), &[], &["man", "a/man1"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let read = |name: &str| {
        fs::read_to_string(directory.path().join("a/man1").join(name)).expect("a page")
    };
    assert!(read("millstream.1").contains(".SH SUBCOMMANDS"));
    let run = read("millstream-run.1");
    assert!(
        run.contains(".SH OPTIONS") && run.contains("fromSavepoint"),
        "{run}"
    );
    assert_eq!(said.out.lines().count(), 18, "{}", said.out);
}
