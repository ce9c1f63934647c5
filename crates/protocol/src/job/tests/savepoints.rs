//! A savepoint is a checkpoint: committed like one, and gone back to.

use super::*;
use crate::commit::Committed;

fn savepoint(number: u8) -> Event {
    Event::Request(Request::Savepoint {
        id: id(number),
        directory: None,
        format: SavepointFormat::Native,
    })
}

fn completed(path: &str) -> OperationResult {
    OperationResult::Completed {
        checkpoint: 2,
        path: path.to_owned(),
    }
}

#[test]
fn a_savepoint_is_committed_like_a_checkpoint_and_gone_back_to() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(savepoint(1));
    job.acknowledge(2);
    let actions = job.written(2);
    assert!(actions.contains(&Action::Commit {
        attempt: 1,
        checkpoint: 2
    }));
    assert!(!ends(&actions), "its output is not committed yet");
    assert!(ends(&job.committed(2)));
    assert_eq!(job.result(1), completed("/s2"));
    job.fail(SOURCE, true);
    job.workers_gone();
    job.pass(10);
    assert_eq!(job.restored(), Some(2));
    let restored = job.machine.restored().map(|snapshot| snapshot.savepoint);
    assert_eq!(
        restored,
        Some(false),
        "the user may have deleted the savepoint"
    );
}

#[test]
fn sources_and_sinks_hear_of_a_snapshot_once_it_is_committed() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.acknowledge(1);
    let hears = Action::NotifyCompleted {
        attempt: 1,
        checkpoint: 1,
    };
    assert!(!job.written(1).contains(&hears));
    assert!(job.committed(1).contains(&hears));
}

#[test]
fn a_savepoint_that_can_not_be_written_fails_and_its_checkpoint_counts() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(savepoint(1));
    job.acknowledge(2);
    let actions = job.written_as(2, Some(Err("disk full".to_owned())));
    assert!(actions.contains(&Action::Commit {
        attempt: 1,
        checkpoint: 2
    }));
    job.committed(2);
    let OperationResult::Failed { code, reason, .. } = job.result(1) else {
        panic!("it failed");
    };
    assert_eq!(code, "MS-2003");
    assert!(reason.contains("disk full"), "{reason}");
    job.fail(SOURCE, true);
    job.workers_gone();
    job.pass(10);
    assert_eq!(job.restored(), Some(2));
}

/// A job whose savepoint is written and being committed.
fn committing() -> Driven {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(savepoint(1));
    job.acknowledge(2);
    job.written(2);
    job
}

fn unreachable(job: &mut Driven) -> Vec<Action> {
    let (output, reason) = ("part-0".to_owned(), "no route".to_owned());
    let result = CommitResult::Unreachable { output, reason };
    let checkpoint = 2;
    job.tell(Event::CommitEnded { checkpoint, result })
}

fn ends(actions: &[Action]) -> bool {
    let mut ended = actions.iter();
    ended.any(|action| matches!(action, Action::OperationEnded { .. }))
}

/// How it failed, of which the savepoint is there.
fn failed(job: &Driven) -> (String, Option<Committed>) {
    match job.result(1) {
        OperationResult::Failed {
            code,
            reason,
            savepoint: Some(path),
            committed,
        } if code == "MS-2003" && path == "/s2" => (reason, committed),
        other => panic!("it failed, and its savepoint is there: {other:?}"),
    }
}

#[test]
fn a_savepoint_is_told_once_its_output_is_committed_however_long_that_takes() {
    let mut job = committing();
    assert!(!ends(&unreachable(&mut job)));
    assert!(!ends(&job.pass(1)), "it is tried again");
    assert!(!ends(&unreachable(&mut job)));
    job.pass(1);
    assert!(ends(&job.committed(2)));
    assert_eq!(job.result(1), completed("/s2"));
}

#[test]
fn a_savepoint_whose_output_can_not_be_committed_has_failed_and_is_named() {
    for (result, committed) in [(lost(), Committed::No), (unknown(), Committed::Unknown)] {
        let mut job = committing();
        let checkpoint = 2;
        job.tell(Event::CommitEnded { checkpoint, result });
        let (reason, known) = failed(&job);
        assert_eq!(known, Some(committed));
        assert!(reason.contains("part-0"), "{reason}");
    }
}

#[test]
fn a_job_that_fails_while_its_savepoint_is_committed_tells_of_it_once_that_is_done() {
    let mut job = committing();
    assert!(!ends(&job.fail(SOURCE, true)));
    job.workers_gone();
    assert!(ends(&job.committed(2)));
    assert_eq!(job.result(1), completed("/s2"));
    // While it waits for the next try nobody is at it, and the attempt is over.
    let mut job = committing();
    unreachable(&mut job);
    assert!(ends(&job.fail(SOURCE, true)));
    assert_eq!(failed(&job).1, Some(Committed::No));
}

#[test]
fn a_checkpoint_that_was_asked_for_is_told_once_its_output_is_committed() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(Event::Request(Request::Checkpoint { id: id(1) }));
    job.acknowledge(2);
    assert!(!ends(&job.written(2)));
    let checkpoint = 2;
    let result = lost();
    job.tell(Event::CommitEnded { checkpoint, result });
    let OperationResult::Failed {
        reason, savepoint, ..
    } = job.result(1)
    else {
        panic!("it failed");
    };
    assert!(
        reason.starts_with("checkpoint 2 is written, but"),
        "{reason}"
    );
    assert_eq!(savepoint, None);
}

#[test]
fn a_job_that_ends_with_its_savepoint_being_committed_tells_of_it() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(savepoint(1));
    job.acknowledge(2);
    job.written(2);
    let actions = job.tell(Event::Request(Request::Cancel { id: id(2) }));
    assert!(
        actions.contains(&Action::CancelCommit { attempt: 1 }),
        "{actions:?}"
    );
    job.workers_gone();
    job.committed(2);
    assert_eq!(job.status(), JobStatus::Canceled);
    assert_eq!(job.result(1), completed("/s2"));
}

#[test]
fn a_job_without_checkpoints_that_took_a_savepoint_goes_back_to_it_and_ends_with_one() {
    let mut job = Driven::running(&[("execution.checkpointing.interval", "0")]);
    job.tell(savepoint(1));
    job.acknowledge(1);
    job.written(1);
    job.committed(1);
    job.fail(SOURCE, true);
    job.workers_gone();
    job.pass(10);
    assert_eq!(job.restored(), Some(1));
    job.run_attempt();
    let attempt = 2;
    job.tell(Event::SourceEnded {
        attempt,
        task: SOURCE,
    });
    let kind = job
        .machine
        .running_snapshot()
        .map(|running| running.wanted.kind.clone());
    assert_eq!(
        kind,
        Some(crate::types::SnapshotKind::Checkpoint),
        "a commit without a snapshot could be done twice: there is one to go back to"
    );
}

#[test]
fn a_stop_whose_savepoint_is_not_there_deletes_its_checkpoint_and_reads_on() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(stop(1, false));
    job.acknowledge(2);
    let actions = job.written_as(2, Some(Err("disk full".to_owned())));
    let deletes = |action: &Action| matches!(action, Action::DiscardSnapshot { snapshot, .. } if snapshot.checkpoint == 2);
    assert!(actions.iter().any(deletes), "{actions:?}");
    assert!(actions.contains(&Action::ResumeSources {
        attempt: 1,
        checkpoint: 2
    }));
    assert!(matches!(job.result(1), OperationResult::Failed { .. }));
}
