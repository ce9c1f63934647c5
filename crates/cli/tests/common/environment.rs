//! The environment of a program that a test starts: without what the user of this machine has set for Millstream.

use std::process::Command;

/// Takes the variables of Millstream, and that of Flink's configuration, out of the environment of `command`.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MILLSTREAM_") || text == "FLINK_CONF_DIR" {
            command.env_remove(&name);
        }
    }
}
