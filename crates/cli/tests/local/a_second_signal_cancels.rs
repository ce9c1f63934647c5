//! The first SIGTERM suspends a job; where that takes long, a second one cancels it.

use crate::common::unread::UnreadJob;

#[test]
fn while_it_is_being_suspended() {
    let directory = tempfile::tempdir().expect("temporary directory");
    // Even the first few of them are more than a pipe holds: what it prints can't be written, nor the savepoint completed.
    let rows: String = (0..40_000).map(|id| format!("{id},{:0500}\n", 7)).collect();
    let mut job = UnreadJob::start(directory.path(), rows);
    job.signal("TERM");
    job.await_log(|line| line.contains("Suspending job \"job\""));
    job.signal("TERM");
    let rest = job.await_cancelled();
    let is_told = |line: &String| line.contains("Cancelling job \"job\"");
    assert!(rest.iter().any(is_told), "{rest:#?}");
}
