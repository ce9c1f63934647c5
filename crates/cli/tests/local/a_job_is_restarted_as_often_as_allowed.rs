//! `job.retry.maxNumberRestartAttempts` is the number of restarts after which a job that goes on failing has failed.

use std::os::unix::fs::symlink;

use crate::common::{CSV_TO_FILES, ONCE, ingest, put, running};

#[test]
fn exactly() {
    for attempts in [0, 1, 3] {
        let directory = tempfile::tempdir().expect("temporary directory");
        put(directory.path(), "in/a.csv", "id\n1\n");
        // The sink can't write: a failure that a restart could mend.
        symlink("/proc/out", directory.path().join("out"))
            .expect("a link to where nothing can be made");
        let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
        job.args([ONCE, "--job.retry.backoffTimeMS=1"])
            .arg(format!("--job.retry.maxNumberRestartAttempts={attempts}"));
        let said = running::run(job);
        assert_eq!(said.code, Some(1), "{}", said.err);
        let restarts = said
            .err
            .lines()
            .filter(|line| line.contains("switched from state RESTARTING to RUNNING."));
        assert_eq!(restarts.count(), attempts, "{}", said.err);
        assert!(
            said.err.contains(&format!(", {attempts} restart")),
            "{}",
            said.err
        );
        assert!(said.error().contains("MS-2001"), "{}", said.err);
    }
}
