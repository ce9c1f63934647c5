//! The records that `millstream server restore` puts into a data directory are as large as they were, and not as large as the backup,
//! in which the packages are, too.

use std::fs;

use crate::common::command;
use crate::common::running::run;
use crate::common::server::Server;

/// Bytes.
const PACKAGE: usize = 8 << 20;

#[test]
fn where_a_package_is_large() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let program = env!("CARGO_BIN_EXE_millstream");
    let padding = "#".repeat(PACKAGE);
    let script = format!("#!/bin/sh\nexec {program} \"$@\"\n{padding}\n");
    let package = server.upload("words", &script);
    let said = |verb: &str, data: &str| {
        let mut command = command(path);
        command.args(["server", verb, "kept.backup"]);
        command.arg(format!("-Dmillstream.data-dir={data}"));
        run(command)
    };
    let made = said("backup", "server");
    assert_eq!(made.code, Some(0), "{}", made.err);
    server.end();
    let restored = said("restore", "new");
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    assert!(!restored.err.contains("stays as large"), "{}", restored.err);
    let size = |file: &str| fs::metadata(path.join(file)).map_or(0, |about| about.len());
    assert!(size("kept.backup") > PACKAGE as u64, "it holds the package");
    assert_eq!(
        size(&format!("new/packages/{package}")),
        script.len() as u64
    );
    let (database, log) = (size("new/millstream.db"), size("new/millstream.db-wal"));
    assert!(
        database > 0 && database + log < 1 << 20,
        "{database}, {log}"
    );
}
