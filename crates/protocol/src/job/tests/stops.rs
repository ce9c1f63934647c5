use std::borrow::Cow;

use super::*;
use crate::commit::Committed;
use crate::types::Then;

#[test]
fn suspend_goes_from_savepoint_to_commit_to_finished() {
    let mut job = Driven::running(&[]);
    let actions = job.tell(stop(1, false));
    let [
        Action::Trigger {
            checkpoint,
            then: Then::Suspend,
            ..
        },
    ] = actions.as_slice()
    else {
        panic!("{actions:?}");
    };
    let checkpoint = *checkpoint;
    job.acknowledge(checkpoint);
    let actions = job.written(checkpoint);
    assert!(
        actions.contains(&Action::Commit {
            attempt: 1,
            checkpoint
        }),
        "{actions:?}"
    );
    assert!(
        !actions.contains(&Action::FinishSources { attempt: 1 }),
        "not before the commit"
    );
    assert_eq!(
        job.committed(checkpoint),
        [
            Action::NotifyCompleted {
                attempt: 1,
                checkpoint
            },
            Action::FinishSources { attempt: 1 }
        ]
    );
    for task in [SOURCE, SINK] {
        job.tell(Event::TaskReported {
            attempt: 1,
            task,
            status: TaskStatus::Finished,
        });
    }
    assert_eq!(job.status(), JobStatus::Running, "its workers are there");
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Finished);
    let path = format!("/s{checkpoint}");
    assert_eq!(job.result(1), OperationResult::Stopped { checkpoint, path });
}

#[test]
fn a_declined_suspend_resumes_the_sources_and_names_the_task() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    let actions = job.decline(1);
    assert!(
        actions.contains(&Action::ResumeSources {
            attempt: 1,
            checkpoint: 1
        }),
        "{actions:?}"
    );
    assert_eq!(job.status(), JobStatus::Running);
    let OperationResult::Failed {
        code,
        reason,
        savepoint,
        ..
    } = job.result(1)
    else {
        panic!("it failed");
    };
    assert_eq!((code.as_ref(), savepoint), ("MS-2002", None));
    assert_eq!(reason, "declined by Sink: out (1/1): disk full");
    job.checkpoint();
    assert_eq!(job.status(), JobStatus::Running);
}

#[test]
fn a_suspend_that_takes_too_long_names_who_held_it_up() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    job.tell(Event::Acknowledged {
        attempt: 1,
        checkpoint: 1,
        task: SOURCE,
    });
    let actions = job.pass(10);
    assert!(
        actions.contains(&Action::ResumeSources {
            attempt: 1,
            checkpoint: 1
        }),
        "{actions:?}"
    );
    let OperationResult::Failed { reason, .. } = job.result(1) else {
        panic!("it failed")
    };
    assert_eq!(reason, "not acknowledged within 10 s by Sink: out (1/1)");
}

#[test]
fn a_failed_drain_goes_on_from_the_newest_checkpoint_and_uses_up_no_restart() {
    let mut job = Driven::running(&[("restart-strategy.type", "none")]);
    let checkpoint = job.checkpoint();
    job.tell(stop(1, true));
    job.decline(checkpoint + 1);
    assert_eq!(job.status(), JobStatus::Failing);
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Running);
    assert_eq!(job.restored(), Some(checkpoint));
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            code: Cow::Borrowed("MS-2002"),
            ..
        }
    ));
}

#[test]
fn a_failure_after_all_have_acknowledged_does_not_spoil_the_stop() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    job.acknowledge(1);
    let actions = job.fail(SINK, false);
    assert!(
        actions.contains(&Action::CancelTasks { attempt: 1 }),
        "{actions:?}"
    );
    assert_eq!(job.status(), JobStatus::Running);
    job.workers_gone();
    job.written(1);
    job.committed(1);
    assert_eq!(job.status(), JobStatus::Finished);
    assert!(matches!(job.result(1), OperationResult::Stopped { .. }));
}

#[test]
fn a_failure_that_was_held_back_counts_if_the_savepoint_is_not_written() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    job.acknowledge(1);
    job.fail(SINK, true);
    job.tell(Event::SnapshotFailed {
        checkpoint: 1,
        reason: "disk full".to_owned(),
    });
    assert_eq!(job.status(), JobStatus::Failing);
    assert_eq!(
        job.machine.root_cause().map(|f| f.message.as_str()),
        Some("boom")
    );
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            savepoint: None,
            ..
        }
    ));
}

#[test]
fn a_stop_whose_commit_fails_names_the_savepoint_and_what_is_committed() {
    for (result, expected) in [(unknown(), Committed::Unknown), (lost(), Committed::No)] {
        let mut job = Driven::running(&[]);
        job.tell(stop(1, false));
        job.acknowledge(1);
        job.written(1);
        job.tell(Event::CommitEnded {
            checkpoint: 1,
            result,
        });
        job.workers_gone();
        assert_eq!(job.status(), JobStatus::Failed);
        let OperationResult::Failed {
            savepoint,
            committed,
            ..
        } = job.result(1)
        else {
            panic!("it failed");
        };
        assert_eq!(
            (savepoint.as_deref(), committed),
            (Some("/s1"), Some(expected))
        );
    }
}

#[test]
fn a_stop_whose_sink_stays_out_of_reach_goes_on_from_its_savepoint() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.tell(stop(1, false));
    job.acknowledge(2);
    job.written(2);
    while job.status() == JobStatus::Running {
        let (output, reason) = ("part-0".to_owned(), "no route".to_owned());
        let result = CommitResult::Unreachable { output, reason };
        job.tell(Event::CommitEnded {
            checkpoint: 2,
            result,
        });
        job.now = job.machine.next_deadline().expect("it is tried again");
        job.tell(Event::Tick);
    }
    job.workers_gone();
    job.pass(10);
    assert_eq!(
        job.restored(),
        Some(2),
        "output up to the savepoint may be committed"
    );
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            committed: Some(Committed::No),
            ..
        }
    ));
}

#[test]
fn a_stop_asked_for_twice_is_one_stop_and_another_one_is_refused() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    assert_eq!(job.tell(stop(1, false)), []);
    job.tell(stop(2, false));
    let OperationResult::Failed { code, reason, .. } = job.result(2) else {
        panic!("refused")
    };
    assert_eq!(code, "MS-2004");
    assert!(reason.contains(&id(1).to_string()), "{reason}");
}

#[test]
fn tasks_that_do_not_end_after_a_stop_are_cancelled_and_the_stop_succeeds() {
    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    job.acknowledge(1);
    job.written(1);
    job.committed(1);
    let actions = job.pass(10);
    assert!(
        actions.contains(&Action::CancelTasks { attempt: 1 }),
        "{actions:?}"
    );
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Finished);
    assert!(matches!(job.result(1), OperationResult::Stopped { .. }));
}
