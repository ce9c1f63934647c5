use std::borrow::Cow;

use super::*;

#[test]
fn three_restarts_of_fixed_delay_make_the_fourth_failure_final() {
    let mut job = Driven::running(&[]);
    for attempt in 1..=3 {
        job.checkpoint();
        job.fail(SOURCE, true);
        job.workers_gone();
        assert_eq!(job.status(), JobStatus::Restarting);
        job.pass(9);
        assert_eq!(job.status(), JobStatus::Restarting, "the delay is 10 s");
        job.pass(1);
        assert_eq!(job.machine.attempt(), attempt + 1);
        assert_eq!(job.restored(), Some(u64::from(attempt)));
        job.run_attempt();
    }
    job.fail(SOURCE, true);
    let actions = job.workers_gone();
    assert_eq!(job.status(), JobStatus::Failed);
    let Some(Action::JobEnded {
        status,
        cause,
        gave_up,
    }) = actions.last()
    else {
        panic!("{actions:?}");
    };
    assert_eq!(*status, JobStatus::Failed);
    assert_eq!(
        cause.as_ref().map(|cause| cause.message.as_str()),
        Some("boom")
    );
    assert_eq!(
        gave_up.as_deref(),
        Some("all 3 restarts of fixed-delay are used up")
    );
}

#[test]
fn every_task_switches_as_in_flink_and_says_why() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, true);
    job.tell(Event::TaskReported {
        attempt: 1,
        task: SINK,
        status: TaskStatus::Canceled,
    });
    job.workers_gone();
    let lines: Vec<String> = job.all.iter().filter_map(line).collect();
    assert_eq!(
        lines,
        [
            "job CREATED to RUNNING",
            "0 CREATED to DEPLOYING",
            "0 DEPLOYING to RUNNING",
            "1 CREATED to DEPLOYING",
            "1 DEPLOYING to RUNNING",
            "0 RUNNING to FAILED: boom",
            "job RUNNING to FAILING",
            "1 RUNNING to CANCELING",
            "1 CANCELING to CANCELED",
            "job FAILING to RESTARTING",
        ]
    );
}

fn line(action: &Action) -> Option<String> {
    match action {
        Action::JobSwitched { from, to } => Some(format!("job {from} to {to}")),
        Action::TaskSwitched {
            task,
            from,
            to,
            cause,
            ..
        } => {
            let cause = cause
                .as_ref()
                .map_or_else(String::new, |cause| format!(": {cause}"));
            Some(format!("{} {from} to {to}{cause}", task.vertex))
        }
        _ => None,
    }
}

#[test]
fn the_first_failure_of_an_attempt_stays_the_root_cause() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, true);
    let cause = "only a consequence".to_owned();
    let (task, code) = (Some(SINK), "MS-4001");
    job.tell(Event::TaskFailed {
        attempt: 1,
        task,
        code,
        cause,
        recoverable: true,
    });
    assert_eq!(
        job.machine.root_cause().map(|f| f.message.as_str()),
        Some("boom")
    );
    assert_eq!(job.machine.failures().count(), 2);
}

#[test]
fn what_a_restart_can_not_help_fails_the_job_at_once() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, false);
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Failed);
}

#[test]
fn more_failed_checkpoints_than_tolerated_fail_the_attempt() {
    let tolerable = "execution.checkpointing.tolerable-failed-checkpoints";
    let mut job = Driven::running(&[(tolerable, "1")]);
    job.pass(1);
    job.decline(1);
    assert_eq!(job.status(), JobStatus::Running);
    job.pass(1);
    job.decline(2);
    assert_eq!(job.status(), JobStatus::Failing);
    assert_eq!(
        job.machine.root_cause().map(|failure| failure.code),
        Some("MS-2006")
    );
}

#[test]
fn a_checkpoint_that_a_sink_holds_up_is_given_up_and_not_counted() {
    let mut job = Driven::running(&[("restart-strategy.type", "none")]);
    job.pass(1);
    for checkpoint in 1..=20 {
        let running = job.machine.running_snapshot().map(|it| it.checkpoint);
        assert_eq!(running, Some(checkpoint), "the next one begins");
        job.now = job.now.plus(Duration::from_secs(10));
        assert!(job.machine.is_snapshot_overdue(job.now));
        let actions = job.tell(sink_waits());
        let given_up = |action: &Action| matches!(action, Action::AbortCheckpoint { reason, .. } if reason.ends_with("the sink in Sink: out (1/1) waits: no door"));
        assert!(actions.iter().any(given_up), "{actions:?}");
        assert_eq!(job.status(), JobStatus::Running);
    }
    job.pass(10);
    assert_eq!(
        job.status(),
        JobStatus::Failing,
        "nothing outside holds that one up, and none is tolerated"
    );
}

#[test]
fn what_sinks_wait_for_changes_nothing_before_the_time_is_over() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.pass(9);
    assert_eq!(job.tell(sink_waits()), []);
    job.acknowledge(1);
    job.written(1);
    job.committed(1);
    assert_eq!(job.status(), JobStatus::Running);
}

#[test]
fn a_snapshot_that_is_written_when_its_time_is_over_asks_for_no_sinks() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.acknowledge(1);
    job.now = job.now.plus(Duration::from_secs(10));
    assert!(!job.machine.is_snapshot_overdue(job.now));
    let actions = job.written(1);
    let commits = |action: &Action| matches!(action, Action::Commit { checkpoint: 1, .. });
    assert!(actions.iter().any(commits), "{actions:?}");
    job.committed(1);
    assert_eq!(job.status(), JobStatus::Running);
}

fn sink_waits() -> Event {
    Event::SinksWait {
        attempt: 1,
        sinks: [(SINK, "no door".to_owned())].into(),
    }
}

#[test]
fn a_failed_savepoint_is_not_held_against_the_job() {
    let mut job = Driven::running(&[]);
    let format = SavepointFormat::Canonical;
    let request = Request::Savepoint {
        id: id(1),
        directory: None,
        format,
    };
    job.tell(Event::Request(request));
    job.decline(1);
    assert_eq!(job.status(), JobStatus::Running);
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            code: Cow::Borrowed("MS-2003"),
            ..
        }
    ));
}

#[test]
fn no_snapshot_begins_while_a_commit_is_under_way() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.acknowledge(1);
    job.written(1);
    job.pass(5);
    assert!(job.machine.running_snapshot().is_none());
    let actions = job.committed(1);
    assert!(matches!(
        actions.as_slice(),
        [
            Action::NotifyCompleted { checkpoint: 1, .. },
            Action::Trigger { checkpoint: 2, .. }
        ]
    ));
}

#[test]
fn a_checkpoint_that_is_being_written_when_the_job_fails_is_waited_for() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.acknowledge(1);
    job.fail(SOURCE, true);
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Failing);
    let actions = job.written(1);
    assert!(
        !actions
            .iter()
            .any(|action| matches!(action, Action::Commit { .. }))
    );
    job.pass(10);
    assert_eq!(
        job.restored(),
        Some(1),
        "its output is committed by the next attempt"
    );
}

#[test]
fn no_attempt_starts_before_the_commit_of_what_it_goes_on_from_is_known() {
    let mut job = Driven::running(&[]);
    job.checkpoint();
    job.fail(SOURCE, true);
    job.workers_gone();
    let actions = job.pass(10);
    assert!(matches!(
        actions.as_slice(),
        [Action::JobSwitched { .. }, Action::RecoverCommits { .. }]
    ));
    let result = lost();
    job.tell(Event::RecoveryCommitEnded { attempt: 2, result });
    assert_eq!(job.status(), JobStatus::Failed);
    assert_eq!(
        job.machine.root_cause().map(|failure| failure.code),
        Some("MS-7002")
    );
}

#[test]
fn a_start_that_is_refused_says_why_and_deletes_nothing() {
    let snapshot = SnapshotRef {
        checkpoint: 4,
        path: "/4".to_owned(),
        savepoint: false,
    };
    let offer = Offer {
        condition: Condition::Damaged("/4/part-1 is short".to_owned()),
        ..Offer::usable(snapshot)
    };
    let mut job = Driven::new(
        &[],
        Facts {
            offered: vec![offer],
            ..Facts::default()
        },
    );
    let actions = job.tell(Event::Start);
    let [
        Action::JobSwitched { .. },
        Action::JobEnded {
            status,
            cause: Some(cause),
            ..
        },
    ] = actions.as_slice()
    else {
        panic!("{actions:?}");
    };
    assert_eq!(*status, JobStatus::Failed);
    assert!(
        cause.message.contains("/4/part-1 is short"),
        "{}",
        cause.message
    );
}

#[test]
fn a_request_that_waits_ends_when_the_attempt_fails() {
    let mut job = Driven::running(&[]);
    job.pass(1);
    job.tell(stop(1, false));
    job.fail(SOURCE, true);
    let OperationResult::Failed { code, reason, .. } = job.result(1) else {
        panic!("it failed")
    };
    assert_eq!(
        (code.as_ref(), reason.as_str()),
        ("MS-2002", "the job failed: boom")
    );
}

#[test]
fn a_last_commit_without_a_snapshot_is_not_done_again_by_a_restart() {
    let mut job = Driven::running(&[("execution.checkpointing.interval", "0")]);
    job.tell(Event::SourceEnded {
        attempt: 1,
        task: SOURCE,
    });
    job.acknowledge(1);
    job.pass(20);
    job.committed(1);
    job.workers_gone();
    assert_eq!(
        job.status(),
        JobStatus::Failed,
        "the sink did not answer in time"
    );
}

#[test]
fn a_job_that_is_to_be_restarted_says_when_and_why() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, true);
    job.pass(4);
    let actions = job.workers_gone();
    let told = |restart| Action::RestartsLater {
        after: Duration::from_secs(6),
        attempt: 2,
        restart,
        cause: "boom".to_owned(),
    };
    assert!(actions.contains(&told(Some((1, 3)))), "{actions:?}");
    let mut job = Driven::running(&[
        ("restart-strategy.type", "failure-rate"),
        (
            "restart-strategy.failure-rate.max-failures-per-interval",
            "3",
        ),
        ("restart-strategy.failure-rate.delay", "6 s"),
    ]);
    job.fail(SOURCE, true);
    let actions = job.workers_gone();
    assert!(actions.contains(&told(None)), "{actions:?}");
}
