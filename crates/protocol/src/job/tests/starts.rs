//! Starts that wait, and attempts that fail before they begin.

use super::*;
use crate::Committed;

fn snapshot(checkpoint: CheckpointId, savepoint: bool) -> SnapshotRef {
    SnapshotRef {
        checkpoint,
        path: format!("/{checkpoint}"),
        savepoint,
    }
}

fn away(checkpoint: CheckpointId, savepoint: bool) -> Offer {
    Offer {
        condition: Condition::Unreachable("/c is not mounted".to_owned()),
        ..Offer::usable(snapshot(checkpoint, savepoint))
    }
}

fn stopped(savepoint: Offer) -> Facts {
    let stop = UnfinishedStop {
        id: id(1),
        savepoint,
        written: true,
    };
    Facts {
        unfinished_stop: Some(stop),
        ..Facts::default()
    }
}

fn facts(offer: Offer) -> Facts {
    Facts {
        offered: vec![offer],
        ..Facts::default()
    }
}

fn looks(actions: &[Action]) -> bool {
    actions.contains(&Action::LookAgain)
}

#[test]
fn a_start_waits_for_a_snapshot_that_is_away_and_uses_up_no_restart() {
    let mut job = Driven::new(&[("restart-strategy.type", "none")], facts(away(4, false)));
    let actions = job.tell(Event::Start);
    assert_eq!(job.status(), JobStatus::Restarting);
    let held_up = |action: &Action| matches!(action, Action::HeldUp { why } if why.contains("/c is not mounted"));
    assert!(actions.iter().any(held_up), "{actions:?}");
    for _ in 0..10 {
        job.now = job.machine.next_deadline().expect("it looks again");
        assert!(looks(&job.tell(Event::Tick)));
        assert_eq!(job.machine.next_deadline(), None, "the driver looks");
        let actions = job.tell(Event::Facts(Box::new(facts(away(4, false)))));
        assert_eq!(actions, [], "nothing new");
    }
    assert!(job.now < Millis(60_000), "it looks often: {:?}", job.now);
    job.now = job.machine.next_deadline().expect("it looks again");
    job.tell(Event::Tick);
    let usable = facts(Offer::usable(snapshot(4, false)));
    job.tell(Event::Facts(Box::new(usable)));
    assert_eq!(job.status(), JobStatus::Running);
    assert_eq!(
        (job.restored(), job.machine.next_checkpoint()),
        (Some(4), 5)
    );
    assert_eq!(job.machine.waits_for(), None);
}

#[test]
fn facts_that_nobody_asked_for_change_nothing() {
    let mut job = Driven::running(&[]);
    let unasked = || Event::Facts(Box::new(facts(Offer::usable(snapshot(9, false)))));
    assert_eq!(job.tell(unasked()), []);
    let mut job = Driven::new(&[], facts(away(4, false)));
    job.tell(Event::Start);
    assert_eq!(job.tell(unasked()), [], "it has not looked");
}

#[test]
fn a_start_that_waits_can_be_cancelled() {
    let mut job = Driven::new(&[], facts(away(4, false)));
    job.tell(Event::Start);
    let actions = job.tell(Event::Request(Request::Cancel { id: id(2) }));
    assert_eq!(job.status(), JobStatus::Canceled);
    assert_eq!(job.result(2), OperationResult::Cancelled);
    let discards = |action: &Action| matches!(action, Action::DiscardSnapshot { .. });
    assert!(!actions.iter().any(discards), "{actions:?}");
}

#[test]
fn a_stop_that_its_process_did_not_survive_is_finished_by_the_next() {
    let savepoint = snapshot(8, true);
    let mut job = Driven::new(&[], stopped(Offer::usable(savepoint.clone())));
    let actions = job.tell(Event::Start);
    assert!(actions.contains(&Action::RecoverCommits {
        attempt: 1,
        restore: Some(savepoint)
    }));
    job.tell(Event::RecoveryCommitEnded {
        attempt: 1,
        result: done(),
    });
    assert_eq!(job.status(), JobStatus::Finished);
    let (checkpoint, path) = (8, "/8".to_owned());
    assert_eq!(job.result(1), OperationResult::Stopped { checkpoint, path });
    let starts = |action: &Action| matches!(action, Action::StartAttempt { .. });
    assert!(!job.all.iter().any(starts));
}

#[test]
fn a_stop_that_was_written_is_waited_for_and_finished() {
    let mut job = Driven::new(&[], stopped(away(8, true)));
    job.tell(Event::Start);
    assert_eq!(job.status(), JobStatus::Restarting);
    job.pass(1);
    let there = stopped(Offer::usable(snapshot(8, true)));
    job.tell(Event::Facts(Box::new(there)));
    job.tell(Event::RecoveryCommitEnded {
        attempt: 1,
        result: done(),
    });
    assert_eq!(job.status(), JobStatus::Finished);
    assert!(matches!(job.result(1), OperationResult::Stopped { .. }));
}

#[test]
fn a_stop_is_carried_on_however_often_its_recovery_fails() {
    let mut job = Driven::new(&[], stopped(Offer::usable(snapshot(8, true))));
    job.tell(Event::Start);
    for _ in 0..3 {
        job.fail_recovery(Nature::Unreachable);
        assert_eq!(job.status(), JobStatus::Restarting);
        job.pass(10);
    }
    let attempt = job.machine.attempt();
    let result = done();
    job.tell(Event::RecoveryCommitEnded { attempt, result });
    assert_eq!(job.status(), JobStatus::Finished);
    assert!(matches!(job.result(1), OperationResult::Stopped { .. }));
}

#[test]
fn a_recovery_that_fails_is_tried_again_by_the_strategy_and_its_cause_kept() {
    for nature in [Nature::Unreachable, Nature::Program] {
        let mut job = Driven::running(&[]);
        job.checkpoint();
        job.fail(SOURCE, true);
        job.workers_gone();
        for _ in 0..2 {
            job.pass(10);
            job.fail_recovery(nature);
            assert_eq!(job.status(), JobStatus::Restarting, "nothing is waited for");
        }
        job.pass(10);
        job.fail_recovery(nature);
        assert_eq!(job.status(), JobStatus::Failed, "all restarts are used up");
        let cause = job.machine.root_cause().expect("it is kept");
        assert_eq!(
            (cause.code, cause.message.as_str()),
            ("MS-3001", "/c is away")
        );
    }
}

#[test]
fn a_recovery_that_meets_damage_ends_the_job() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, true);
    job.workers_gone();
    job.pass(10);
    job.fail_recovery(Nature::Damaged);
    assert_eq!(job.status(), JobStatus::Failed);
    assert_eq!(job.fail_recovery(Nature::Damaged), [], "once");
}

#[test]
fn a_job_whose_checkpoints_somebody_else_has_taken_ends() {
    let mut job = Driven::running(&[]);
    job.fail(SOURCE, true);
    job.workers_gone();
    job.pass(10);
    job.fail_recovery(Nature::Taken);
    assert_eq!(job.status(), JobStatus::Failed, "at a restart");

    let mut job = Driven::running(&[]);
    job.tell(stop(1, false));
    job.acknowledge(1);
    job.written(1);
    let (code, reason) = ("MS-3018", "the lease was taken over".to_owned());
    let result = CommitResult::Taken { code, reason };
    job.tell(Event::CommitEnded {
        checkpoint: 1,
        result,
    });
    job.workers_gone();
    assert_eq!(job.status(), JobStatus::Failed, "in the middle of a stop");
    assert!(matches!(
        job.result(1),
        OperationResult::Failed {
            committed: Some(Committed::Unknown),
            ..
        }
    ));
}

#[test]
fn requests_behind_output_that_can_not_be_committed_are_refused_by_the_next_try() {
    let in_vain = || Event::RecoveryCommitEnded {
        attempt: 1,
        result: CommitResult::Unreachable {
            output: "part-0".to_owned(),
            reason: "no route".to_owned(),
        },
    };
    let mut job = Driven::new(&[], facts(Offer::usable(snapshot(4, false))));
    job.tell(Event::Start);
    for number in [1, 2] {
        job.tell(stop(number, false));
        let asked = job.machine.operation(id(number)).expect("it is known");
        assert_eq!(asked.ended, None, "the try under way may succeed");
        job.tell(in_vain());
        let OperationResult::Failed { code, reason, .. } = job.result(number) else {
            panic!("refused")
        };
        assert_eq!(code, "MS-2004");
        assert_eq!(
            reason,
            "the job has not begun yet: output part-0 can't be committed yet: no route"
        );
        job.now = job.machine.next_deadline().expect("it is tried again");
        job.tell(Event::Tick);
    }
    assert_eq!(
        (job.status(), job.machine.attempt()),
        (JobStatus::Running, 1)
    );
    job.tell(stop(3, false));
    job.run_attempt();
    let running = job.machine.running_snapshot().expect("the stop has begun");
    assert_eq!(running.wanted.operation, Some(id(3)));
}

#[test]
fn lost_output_is_accepted_at_a_start_where_the_user_says_so() {
    let accept = [("execution.state-recovery.on-lost-output", "accept")];
    let mut job = Driven::new(&accept, facts(Offer::usable(snapshot(4, false))));
    job.tell(Event::Start);
    let actions = job.tell(Event::RecoveryCommitEnded {
        attempt: 1,
        result: lost(),
    });
    let outputs = vec![uncommitted()];
    assert!(actions.contains(&Action::OutputAccepted { outputs }));
    assert!(matches!(actions.last(), Some(Action::StartAttempt { .. })));
}

#[test]
fn a_pause_that_is_longer_than_the_interval_is_told() {
    let warned = |actions: &[Action]| {
        let lines = actions.iter().filter_map(|action| match action {
            Action::Warn { message } if message.contains("min-pause") => Some(message.clone()),
            _ => None,
        });
        lines.collect::<Vec<_>>()
    };
    let pause = ("execution.checkpointing.min-pause", "5 s");
    let mut job = Driven::new(&[pause], Facts::default());
    let told = "checkpoints begin less often than each 1 s, which execution.checkpointing.interval says: \
                execution.checkpointing.min-pause is 5 s";
    assert_eq!(warned(&job.tell(Event::Start)), [told]);
    for (seconds, lines) in [(1, 0), (7, 0), (2, 1)] {
        let interval = Duration::from_secs(seconds);
        let actions = job.tell(Event::IntervalChanged(interval));
        assert_eq!(warned(&actions).len(), lines, "{seconds} s");
    }
    let mut job = Driven::new(
        &[("execution.checkpointing.min-pause", "1 s")],
        Facts::default(),
    );
    assert_eq!(warned(&job.tell(Event::Start)), Vec::<String>::new());
}
