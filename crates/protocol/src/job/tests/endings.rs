use std::borrow::Cow;

use super::*;
use crate::types::SnapshotKind;

fn source_ended() -> Event {
    Event::SourceEnded {
        attempt: 1,
        task: SOURCE,
    }
}

fn cancel(number: u8) -> Event {
    Event::Request(Request::Cancel { id: id(number) })
}

#[test]
fn the_end_of_the_input_takes_a_last_checkpoint_commits_and_finishes() {
    let mut job = Driven::running(&[]);
    job.tell(source_ended());
    let kind = job
        .machine
        .running_snapshot()
        .map(|running| running.wanted.kind.clone());
    assert_eq!(kind, Some(SnapshotKind::Checkpoint));
    job.acknowledge(1);
    job.written(1);
    let actions = job.committed(1);
    assert!(matches!(
        actions.as_slice(),
        [
            Action::NotifyCompleted { .. },
            Action::FinishSources { attempt: 1 }
        ]
    ));
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Finished);
}

#[test]
fn without_checkpoints_the_last_epoch_is_committed_but_not_written() {
    let mut job = Driven::running(&[("execution.checkpointing.interval", "0")]);
    job.tell(source_ended());
    job.acknowledge(1);
    let writes = job
        .all
        .iter()
        .filter(|action| matches!(action, Action::WriteSnapshot { .. }));
    assert_eq!(writes.count(), 0);
    assert!(job.all.contains(&Action::Commit {
        attempt: 1,
        checkpoint: 1
    }));
    job.committed(1);
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Finished);
}

#[test]
fn cancel_ends_every_task_at_once_and_every_cancel_that_was_asked_for() {
    let mut job = Driven::running(&[]);
    let actions = job.tell(cancel(1));
    assert!(actions.contains(&Action::CancelTasks { attempt: 1 }));
    job.tell(cancel(2));
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Canceled);
    assert_eq!(job.result(1), OperationResult::Cancelled);
    assert_eq!(job.result(2), OperationResult::Cancelled);
    job.tell(cancel(3));
    assert!(matches!(
        job.result(3),
        OperationResult::Failed {
            code: Cow::Borrowed("MS-2004"),
            ..
        }
    ));
}

#[test]
fn cancel_while_stopping_cancels_and_the_stop_ends_failed() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    job.tell(cancel(2));
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Canceled);
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            code: Cow::Borrowed("MS-2002"),
            ..
        }
    ));
    assert_eq!(job.result(2), OperationResult::Cancelled);
}

#[test]
fn cancel_while_waiting_for_a_restart_ends_at_once() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, true);
    job.workers_gone();
    job.tell(cancel(1));
    assert_eq!(job.status(), JobStatus::Canceled);
    assert_eq!(job.machine.next_deadline(), None);
}

#[test]
fn a_task_that_does_not_end_is_named_in_warnings_and_brings_the_process_down() {
    let mut job = Driven::running(&[]);
    job.tell(cancel(1));
    job.tell(Event::TaskReported {
        attempt: 1,
        task: SOURCE,
        status: TaskStatus::Canceled,
    });
    let warning = "Sink: out (1/1) did not end 30 s after the job was told to end".to_owned();
    assert_eq!(job.pass(30), [Action::Warn { message: warning }]);
    job.now = Millis(0);
    let actions = job.pass(180);
    let Some(Action::KillProcess { message }) = actions.last() else {
        panic!("{actions:?}")
    };
    assert!(
        message.starts_with("Sink: out (1/1) did not end 180 s after"),
        "{message}"
    );
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            code: Cow::Borrowed("MS-2005"),
            ..
        }
    ));
    assert_eq!(job.workers_gone(), [], "nothing follows");
}

#[test]
fn a_checkpoint_that_was_given_up_and_written_late_is_deleted() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.acknowledge(1);
    job.tell(cancel(1));
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Cancelling, "the write is awaited");
    let actions = job.written(1);
    let deleted = actions.iter().any(|action| {
        matches!(action, Action::DiscardSnapshot { snapshot, .. } if snapshot.checkpoint == 1)
    });
    assert!(deleted, "{actions:?}");
    assert_eq!(job.status(), JobStatus::Canceled);
}

#[test]
fn a_request_before_tasks_run_ends_even_if_they_never_do() {
    let mut job = Driven::new(&[], Facts::default());
    job.tell(Event::Start);
    job.tell(Event::RecoveryCommitEnded {
        attempt: 1,
        result: done(),
    });
    job.tell(stop(1, false));
    job.pass(20);
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            code: Cow::Borrowed("MS-2002"),
            ..
        }
    ));
    assert_eq!(job.status(), JobStatus::Running);
}

#[test]
fn numbers_of_snapshots_count_up_over_restarts_and_restores() {
    let snapshot = SnapshotRef {
        checkpoint: 41,
        path: "/s".to_owned(),
        savepoint: true,
    };
    let offer = Offer::usable(snapshot);
    let claim = crate::recovery::ClaimMode::NoClaim;
    let restored_from = Some(crate::recovery::RestoredFrom { offer, claim });
    let mut job = Driven::new(
        &[],
        Facts {
            restored_from,
            ..Facts::default()
        },
    );
    job.tell(Event::Start);
    job.run_attempt();
    assert_eq!(job.restored(), Some(41));
    job.pass(1);
    job.fail(SOURCE, true);
    job.workers_gone();
    job.pass(10);
    job.run_attempt();
    assert_eq!(job.checkpoint(), 43, "42 was given up");
}
