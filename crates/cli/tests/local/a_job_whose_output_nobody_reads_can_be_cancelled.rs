//! A reader of the standard output that has stopped to read holds up the stream, but neither the log nor the end that
//! was asked for.

use crate::common::unread::UnreadJob;

#[test]
fn at_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let rows: String = (0..200_000).map(|id| format!("{id},{:030}\n", 7)).collect();
    let job = UnreadJob::start(directory.path(), rows);
    job.signal("INT");
    job.await_cancelled();
}
