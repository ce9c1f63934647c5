use millstream_core::TriggerId;

use super::*;
use crate::types::SavepointFormat;

const STARTED: Outcome = Outcome {
    status: JobStatus::Failed,
    was_built: true,
    may_pass: true,
};
const NOT_STARTED: Outcome = Outcome {
    status: JobStatus::Failed,
    was_built: false,
    may_pass: false,
};
const NOT_YET: Outcome = Outcome {
    may_pass: true,
    ..NOT_STARTED
};

fn at_once() -> Course {
    Course::Launch {
        after: Duration::ZERO,
    }
}

/// Outcome, whether alive, whether accepted, whether a cancel waits -> what a new server does.
fn table() -> Vec<(Option<Outcome>, bool, bool, bool, Course)> {
    vec![
        // The end is on disk: whatever else is found, it counts.
        (Some(STARTED), false, true, false, Course::End),
        (Some(STARTED), true, true, false, Course::End),
        (Some(STARTED), false, false, false, Course::End),
        (Some(STARTED), false, true, true, Course::End),
        // It never started: nobody was told of it yet, or it had run before.
        (Some(NOT_STARTED), false, false, false, Course::Refuse),
        (Some(NOT_STARTED), false, true, false, Course::End),
        (Some(NOT_YET), false, true, false, at_once()),
        (Some(NOT_YET), false, true, true, Course::Cancel),
        (Some(NOT_STARTED), false, true, true, Course::Cancel),
        // A process runs.
        (None, true, true, false, Course::Adopt),
        (None, true, false, false, Course::Adopt),
        (None, true, true, true, Course::Adopt),
        // It is gone without a word.
        (None, false, true, false, at_once()),
        (None, false, true, true, Course::Cancel),
        (None, false, false, false, Course::Refuse),
    ]
}

#[test]
fn a_new_server_takes_each_job_over_as_it_finds_it() {
    for (outcome, is_alive, was_accepted, cancel_waits, course) in table() {
        let found = Found {
            outcome,
            is_alive,
            was_accepted,
            cancel_waits,
        };
        assert_eq!(take_over(found), course, "{found:?}");
    }
}

fn told(ids: &[TriggerId]) -> Vec<EndedOperation> {
    let told = ids.iter().map(|id| EndedOperation {
        id: *id,
        at: 5,
        result: OperationResult::Cancelled,
    });
    told.collect()
}

#[test]
fn an_ending_is_the_outcome_unless_a_stop_has_yet_to_be_told() {
    let id = TriggerId::from_bytes([7; 16]);
    let other = TriggerId::from_bytes([8; 16]);
    let stop = |ended| {
        Some(StopBegun {
            id,
            checkpoint: 4,
            path: "/sp".to_owned(),
            written: true,
            earlier: None,
            ended,
        })
    };
    let table = [
        (None, vec![], true),
        (stop(true), vec![], true),
        (stop(false), vec![], false),
        (stop(false), vec![other], false),
        (stop(false), vec![other, id], true),
    ];
    for (stop, ids, counts) in table {
        let is_outcome = is_outcome(&told(&ids), stop.as_ref());
        assert_eq!(is_outcome, counts, "{stop:?} {ids:?}");
    }
}

const GONE: Found = Found {
    outcome: None,
    is_alive: false,
    was_accepted: true,
    cancel_waits: false,
};

#[test]
fn a_process_that_goes_away_is_a_matter_of_the_strategy() {
    let after = Duration::from_secs(3);
    let course = process_ended(GONE, false, || restart::Decision::Restart { after });
    assert_eq!(course, Course::Launch { after });
    let why = "the restart strategy is none".to_owned();
    let decision = restart::Decision::GiveUp { why: why.clone() };
    assert_eq!(
        process_ended(GONE, false, || decision),
        Course::Fail { why }
    );
}

#[test]
fn a_stop_that_had_begun_is_carried_on_whatever_the_strategy_says() {
    let course = process_ended(GONE, true, || unreachable!("it is not asked"));
    assert_eq!(course, at_once());
}

#[test]
fn the_strategy_is_not_asked_where_the_job_has_ended() {
    let found = Found {
        outcome: Some(STARTED),
        ..GONE
    };
    let course = process_ended(found, false, || unreachable!("it is not asked"));
    assert_eq!(course, Course::End);
}

fn name(strategy: &RestartStrategy) -> &'static str {
    match strategy {
        RestartStrategy::None => "none",
        RestartStrategy::FixedDelay { .. } => "fixed",
        RestartStrategy::FailureRate { .. } => "rate",
        RestartStrategy::ExponentialDelay(_) => "exponential",
    }
}

#[test]
fn a_strategy_that_nobody_has_told_is_none_only_where_the_submission_says_so() {
    let (kind, interval) = ("restart-strategy.type", "execution.checkpointing.interval");
    // A setting -> the strategy where a process has told it, and where it was submitted.
    let table = [
        (None, "none", "exponential"),
        (Some((interval, "0 ms")), "none", "exponential"),
        (Some((interval, "1 s")), "exponential", "exponential"),
        (Some((kind, "none")), "none", "none"),
        (Some((kind, "fixed-delay")), "fixed", "fixed"),
        (Some((kind, "failure-rate")), "rate", "rate"),
        // What is not understood here is none of these either.
        (
            Some((kind, "${env:STRATEGY}")),
            "exponential",
            "exponential",
        ),
        (Some((kind, "unheard-of")), "exponential", "exponential"),
        (Some((interval, "soon")), "exponential", "exponential"),
    ];
    for (setting, told, submitted) in table {
        let mut settings = Configuration::new();
        if let Some((key, value)) = setting {
            settings.set(key, value);
        }
        let found = [
            Followed::Told(settings.clone()),
            Followed::Submitted(settings),
        ];
        let found = found.map(|followed| name(&followed.restart_strategy()));
        assert_eq!(found, [told, submitted], "{setting:?}");
    }
}

#[test]
fn a_terminal_status_is_shown_only_once_its_outcome_is_on_disk() {
    let running = JobStatus::Running;
    for terminal in [JobStatus::Failed, JobStatus::Canceled, JobStatus::Finished] {
        assert_eq!(status(running, Contact::Reported(terminal)), running);
    }
    let failing = Contact::Reported(JobStatus::Failing);
    assert_eq!(status(running, failing), JobStatus::Failing);
}

#[test]
fn a_job_without_a_reporting_process_says_why() {
    let shown = JobStatus::Running;
    assert_eq!(status(shown, Contact::Away), JobStatus::Restarting);
    assert_eq!(status(shown, Contact::Starting), JobStatus::Restarting);
    assert_eq!(status(shown, Contact::Adopting), JobStatus::Reconciling);
    let new = JobStatus::Initializing;
    assert_eq!(status(new, Contact::Starting), new);
}

fn requests() -> [Request; 4] {
    let id = TriggerId::from_bytes([1; 16]);
    let (directory, format) = (None, SavepointFormat::Canonical);
    [
        Request::Cancel { id },
        Request::Checkpoint { id },
        Request::Savepoint {
            id,
            directory: directory.clone(),
            format,
        },
        Request::Stop {
            id,
            drain: false,
            directory,
            format,
        },
    ]
}

#[test]
fn only_a_cancel_is_sent_to_a_job_that_does_not_run() {
    for request in requests() {
        let is_cancel = matches!(request, Request::Cancel { .. });
        for status in JobStatus::ALL {
            let due = is_due(&request, *status);
            assert_eq!(due, is_cancel || *status == JobStatus::Running);
        }
    }
}

#[test]
fn every_open_request_ends_with_its_job() {
    for request in requests() {
        for ended_as in [JobStatus::Failed, JobStatus::Canceled, JobStatus::Finished] {
            let cancelled =
                matches!(request, Request::Cancel { .. }) && ended_as == JobStatus::Canceled;
            let result = end_of(&request, ended_as);
            assert_eq!(result == OperationResult::Cancelled, cancelled);
            let says = format!("{result:?}");
            assert!(cancelled || says.contains(ended_as.name()), "{says}");
        }
    }
}
