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
