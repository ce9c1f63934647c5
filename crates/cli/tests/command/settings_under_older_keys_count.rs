//! An option has one value, whichever of its keys it is set by: `-D` with an older key wins over the file with the newer one.

use std::os::unix::fs::symlink;

use crate::common::{CSV_TO_FILES, ONCE, ingest, put, running};

#[test]
fn the_command_line_wins_over_the_file() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "id\n1\n");
    // The sink can't write: a failure that a restart could mend.
    symlink("/proc/out", directory.path().join("out"))
        .expect("a link to where nothing can be made");
    put(
        directory.path(),
        "conf/config.yaml",
        "restart-strategy.type: none\nrestart-strategy.fixed-delay.delay: 1 ms\n",
    );
    for (options, restarts) in [
        (&[][..], 0),
        (
            &[
                "-Drestart-strategy=fixed-delay",
                "-Drestart-strategy.fixed-delay.attempts=2",
            ][..],
            2,
        ),
    ] {
        let mut job = ingest(directory.path(), options, &CSV_TO_FILES);
        job.arg(ONCE).env("MILLSTREAM_CONF_DIR", "conf");
        let said = running::run(job);
        assert_eq!(said.code, Some(1), "{}", said.err);
        let expected = format!(", {restarts} restart");
        assert!(said.err.contains(&expected), "{expected}: {}", said.err);
    }
}
