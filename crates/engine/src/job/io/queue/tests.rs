use std::path::PathBuf;

use millstream_protocol::Then;
use millstream_storage::SnapshotFormat;

use super::*;
use crate::job::io::Begin;

fn begin(checkpoint: u64) -> IoTask {
    IoTask::Begin(Begin {
        attempt: 1,
        checkpoint,
        then: Then::Continue,
        directory: directory(checkpoint),
        savepoint: Some((savepoint(checkpoint), SnapshotFormat::Native)),
    })
}

fn directory(checkpoint: u64) -> PathBuf {
    format!("/c/chk-{checkpoint}").into()
}

fn savepoint(checkpoint: u64) -> PathBuf {
    format!("/s/{checkpoint}").into()
}

fn discard(checkpoint: u64) -> IoTask {
    IoTask::Discard(vec![directory(checkpoint), savepoint(checkpoint)])
}

#[test]
fn tasks_wait_without_anybody_waiting_and_keep_their_order() {
    let (sender, received) = crossbeam_channel::bounded(1);
    let mut queue = Queue::new(sender);
    for checkpoint in 0..3 {
        queue.push(discard(checkpoint));
    }
    assert!(queue.is_waiting());
    let mut order = Vec::new();
    while let Ok(task) = received.try_recv()
        && let IoTask::Discard(directories) = *task
    {
        order.extend(directories.into_iter().next());
        queue.send();
    }
    assert_eq!(order, [directory(0), directory(1), directory(2)]);
    assert!(!queue.is_waiting());
}

#[test]
fn snapshots_that_are_given_up_while_the_thread_hangs_leave_nothing_behind() {
    let (sender, received) = crossbeam_channel::bounded(1);
    let mut queue = Queue::new(sender);
    queue.push(begin(0));
    for checkpoint in 1..10_000 {
        queue.push(begin(checkpoint));
        queue.push(discard(checkpoint));
    }
    assert!(!queue.is_waiting());
    drop(received);
}
