//! What lies in the directory of the configuration under the name of its file is read or refused, never passed over: whoever has put it
//! there means it to count.

use std::fs;
use std::process::Command;

use crate::common::{command, running};

#[test]
fn a_pipe_or_a_directory_is_refused_in_one_line() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let listed = || {
        let mut list = command(path);
        list.args(["list", "-Drest.port=1"])
            .env("MILLSTREAM_CONF_DIR", "conf");
        running::run(list).err
    };
    fs::create_dir(path.join("conf")).expect("made");
    let said = listed();
    assert!(!said.contains("MS-1005"), "there needs to be none: {said}");
    let file = path.join("conf/config.yaml");
    let is_refused = || {
        let said = listed();
        assert!(
            said.starts_with("MS-1005: conf/config.yaml can't be read"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    };
    let made = Command::new("mkfifo").arg(&file).status();
    assert!(made.expect("runs").success(), "a pipe is made");
    is_refused();
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("made");
    is_refused();
}

#[test]
fn a_directory_that_is_named_and_not_there_is_refused() {
    let directory = tempfile::tempdir().expect("temporary directory");
    for variable in ["MILLSTREAM_CONF_DIR", "FLINK_CONF_DIR"] {
        let said = |arguments: &[&str]| {
            let mut asked = command(directory.path());
            asked.args(arguments).env(variable, "conf");
            running::run(asked)
        };
        let begins = format!("MS-1005: {variable} names conf, which is no directory");
        for arguments in [&["list"][..], &["server"]] {
            let said = said(arguments);
            assert_eq!(said.code, Some(1), "{}", said.err);
            assert!(said.err.starts_with(&begins), "{}", said.err);
        }
        let said = said(&["doctor"]);
        assert!(said.out.contains(&begins), "{}", said.out);
    }
}
