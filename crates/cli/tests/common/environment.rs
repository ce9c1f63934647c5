//! The environment of a program that a test starts: without what the user of this machine has set for Millstream.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::process::Command;

/// Takes the variables of Millstream and Hadoop, and that of Flink's configuration, out of the environment of `command`.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MILLSTREAM_")
            || text.starts_with("HADOOP_")
            || text == "FLINK_CONF_DIR"
        {
            command.env_remove(&name);
        }
    }
}

/// Fails where `program`, which `scripts/setup test` installs, is not there.
#[track_caller]
pub(crate) fn assert_is_there(program: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path);
    let is_there = places.any(|place| place.join(program).is_file());
    assert!(is_there, "{program} is not there; run scripts/setup test");
}
