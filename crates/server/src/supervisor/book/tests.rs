use millstream_protocol::link::CheckpointCounts;

use super::*;

fn record() -> JobRecord {
    JobRecord {
        id: JobId::from_bytes([7; 16]),
        name: "numbers".to_owned(),
        package: "ingest".to_owned(),
        accepted: false,
        status: JobStatus::Initializing,
        submitted: 1,
        ended: None,
        modified: 1,
        timestamps: [(JobStatus::Initializing, 1)].into(),
        failures: Vec::new(),
        totals: Tally::default(),
        present: ProcessCounts::default(),
        completed_up_to: None,
        next_checkpoint: 0,
        launches: 0,
        followed: None,
        checkpoints: Vec::new(),
    }
}

pub(super) fn book() -> Book {
    let record = record();
    let submission = Submission {
        job: record.id,
        entry: None,
        arguments: Vec::new(),
        configuration: Configuration::new(),
    };
    Book::new(record, Arc::new(submission), PathBuf::from("/jobs"), 3)
}

pub(super) fn report(started: u64, status: JobStatus) -> JobReport {
    JobReport {
        switched: [(status, started + 5)].into(),
        attempt: 1,
        max_parallelism: 128,
        next_checkpoint: 1,
        ..JobReport::begun(
            JobId::from_bytes([7; 16]),
            "numbers".to_owned(),
            status,
            4711,
            started,
        )
    }
}

fn checkpoint(id: u64, state: CheckpointState) -> CheckpointReport {
    CheckpointReport {
        id,
        state,
        savepoint: None,
        last: false,
        triggered: id,
        acknowledged: None,
        ended: Some(id),
        bytes: 1,
        longest_pause_ms: 0,
        path: None,
        discarded: false,
        failure: None,
        numbers: None,
        tasks: Vec::new(),
    }
}

fn failure(at: u64) -> FailureReport {
    FailureReport {
        at,
        code: "MS-4001".to_owned(),
        message: "boom".to_owned(),
        task: None,
        attempt: 1,
        process: Some(4711),
    }
}

#[test]
fn a_process_is_told_the_newest_checkpoint_and_the_next_number() {
    let mut book = book();
    let first = book.begin_process();
    assert_eq!(first, Launch::default());
    let mut running = report(10, JobStatus::Running);
    running.checkpoints = vec![
        checkpoint(4, CheckpointState::Completed),
        checkpoint(5, CheckpointState::Failed),
        checkpoint(6, CheckpointState::InProgress),
    ];
    let savepoint = CheckpointReport {
        savepoint: Some(Default::default()),
        ..checkpoint(5, CheckpointState::Completed)
    };
    running.savepoint = Some(savepoint);
    running.next_checkpoint = 7;
    book.report(20, running);
    let second = book.begin_process();
    let expected = Launch {
        earlier: 1,
        completed_up_to: Some(5),
        next_checkpoint: 7,
    };
    assert_eq!(second, expected, "a savepoint is a checkpoint, too");
}

#[test]
fn snapshots_are_counted_over_all_processes() {
    let mut book = book();
    let mut first = report(10, JobStatus::Running);
    first.counts = CheckpointCounts {
        restored: 0,
        total: 4,
        in_progress: 1,
        completed: 3,
        failed: 0,
    };
    book.report(20, first.clone());
    book.report(21, first);
    assert_eq!(
        book.view().checkpoint_totals.total,
        4,
        "each report counts once"
    );
    let mut second = report(30, JobStatus::Running);
    second.counts = CheckpointCounts {
        restored: 1,
        total: 2,
        in_progress: 1,
        completed: 1,
        failed: 0,
    };
    book.report(40, second);
    let expected = CheckpointCounts {
        restored: 1,
        total: 6,
        in_progress: 1,
        completed: 4,
        failed: 1,
    };
    assert_eq!(book.view().checkpoint_totals, expected);
}

#[test]
fn the_newest_snapshots_are_remembered_and_saved_when_they_end() {
    let mut book = book();
    let mut running = report(10, JobStatus::Running);
    running.checkpoints = (1..=4)
        .map(|id| checkpoint(id, CheckpointState::Completed))
        .collect();
    let changes = book.report(20, running.clone());
    let ids = |reports: &[CheckpointReport]| reports.iter().map(|r| r.id).collect::<Vec<_>>();
    assert_eq!(ids(&changes.ended), [2, 3, 4]);
    let changes = book.report(21, running.clone());
    assert!(!changes.is_worth_saving && changes.ended.is_empty());
    running.started = 30;
    running.checkpoints = vec![checkpoint(5, CheckpointState::Completed)];
    let changes = book.report(40, running);
    assert_eq!(ids(&changes.ended), [5]);
    assert_eq!(ids(&book.view().checkpoints), [3, 4, 5]);
}

#[test]
fn the_newest_of_each_kind_is_remembered_whatever_its_age() {
    let mut book = book();
    let savepoint = CheckpointReport {
        savepoint: Some(Default::default()),
        ..checkpoint(1, CheckpointState::Completed)
    };
    let mut running = report(10, JobStatus::Running);
    running.checkpoints = vec![savepoint, checkpoint(2, CheckpointState::Completed)];
    book.report(20, running.clone());
    running.started = 30;
    running.checkpoints = (3..=9)
        .map(|id| checkpoint(id, CheckpointState::Failed))
        .collect();
    book.report(40, running.clone());
    let ids = |book: &Book| -> Vec<_> { book.view().checkpoints.iter().map(|c| c.id).collect() };
    assert_eq!(ids(&book), [1, 2, 7, 8, 9]);
    running.checkpoints = vec![checkpoint(10, CheckpointState::Completed)];
    running.completed = Some(checkpoint(10, CheckpointState::Completed));
    book.report(50, running);
    assert_eq!(ids(&book), [1, 8, 9, 10]);
}

#[test]
fn attempts_and_sizes_are_counted_over_all_processes() {
    let mut book = book();
    let mut first = report(10, JobStatus::Running);
    first.attempt = 3;
    first.summary.bytes.add(7);
    book.report(20, first);
    assert_eq!(book.view().attempts, 3);
    let mut second = report(30, JobStatus::Initializing);
    second.attempt = 0;
    book.report(40, second.clone());
    assert_eq!(book.view().attempts, 3, "its first has not begun");
    second.attempt = 1;
    second.summary.bytes.add(9);
    book.report(50, second);
    let view = book.view();
    assert_eq!(view.attempts, 4);
    let bytes = view.checkpoint_summary.bytes;
    assert_eq!((bytes.count, bytes.min, bytes.max), (2, 7, 9));
}

#[test]
fn a_process_is_there_from_its_report_until_it_is_gone() {
    let mut book = book();
    book.contact(5, Contact::Starting);
    assert_eq!((book.view().process, book.view().heard), (None, None));
    book.report(20, report(10, JobStatus::Running));
    let view = book.view();
    assert_eq!((view.process, view.heard), (Some(4711), Some(20)));
    book.contact(30, Contact::Away);
    let view = book.view();
    assert_eq!((view.process, view.heard), (None, Some(20)));
    book.report(40, report(35, JobStatus::Running));
    book.end(50, JobStatus::Failed, None);
    assert_eq!(book.view().process, None);
}

#[test]
fn a_failure_that_a_former_version_has_recorded_is_known() {
    let mut record = record();
    record.failures = vec![FailureReport {
        process: None,
        ..failure(11)
    }];
    let submission = book().submission;
    let mut book = Book::new(record, submission, PathBuf::from("/jobs"), 3);
    let mut running = report(10, JobStatus::Running);
    running.failures = vec![failure(11)];
    book.report(20, running);
    assert_eq!(book.view().failures.len(), 1);
}

#[test]
fn failures_of_all_processes_are_remembered_once() {
    let mut book = book();
    let mut running = report(10, JobStatus::Running);
    running.failures = vec![failure(11), failure(12)];
    book.report(20, running.clone());
    book.report(21, running);
    book.add_failure(failure(15));
    assert_eq!(
        book.view().failures,
        [failure(11), failure(12), failure(15)]
    );
    for at in 100..150 {
        book.add_failure(failure(at));
    }
    assert_eq!(book.view().failures.len(), FAILURES);
}

#[test]
fn the_end_of_a_job_that_was_not_built_again_keeps_what_was_known() {
    let mut book = book();
    let mut running = report(10, JobStatus::Running);
    running.max_parallelism = 64;
    book.report(20, running);
    let mut outcome = report(30, JobStatus::Failed);
    outcome.max_parallelism = 0;
    outcome.failures = vec![failure(31)];
    book.end(40, JobStatus::Failed, Some(outcome));
    let view = book.view();
    assert_eq!(view.status, JobStatus::Failed);
    assert_eq!(view.end_time, Some(35));
    assert_eq!(view.failures, [failure(31)]);
    assert_eq!(view.report.map(|report| report.max_parallelism), Some(64));
}

#[test]
fn statuses_keep_the_times_that_the_process_tells() {
    let mut book = book();
    let mut running = report(10, JobStatus::Running);
    running.switched = [(JobStatus::Created, 11), (JobStatus::Running, 12)].into();
    let changes = book.report(20, running);
    assert!(changes.is_worth_saving);
    let view = book.view();
    assert_eq!(
        (view.status, view.last_modification),
        (JobStatus::Running, 12)
    );
    let expected = [
        (JobStatus::Initializing, 1),
        (JobStatus::Created, 11),
        (JobStatus::Running, 12),
    ];
    assert_eq!(view.timestamps, expected.into());
    book.contact(50, Contact::Away);
    assert_eq!(book.view().status, JobStatus::Restarting);
}

#[test]
fn a_job_whose_cancel_is_on_record_is_cancelling_until_it_has_ended() {
    let mut book = book();
    book.report(20, report(10, JobStatus::Running));
    book.cancel(25);
    let view = book.view();
    assert_eq!(
        (view.status, view.last_modification),
        (JobStatus::Cancelling, 25)
    );
    // What its process says that has not heard of it, or has come to its end.
    for status in [JobStatus::Running, JobStatus::Failing, JobStatus::Finished] {
        book.report(30, report(10, status));
        assert_eq!(book.view().status, JobStatus::Cancelling, "{status}");
    }
    book.end(
        40,
        JobStatus::Finished,
        Some(report(10, JobStatus::Finished)),
    );
    book.cancel(50);
    assert_eq!(book.view().status, JobStatus::Finished);
}

#[test]
fn the_next_server_knows_of_a_cancel_that_is_on_record() {
    let mut book = book().cancelled(true);
    book.contact(5, Contact::Adopting);
    assert_eq!(book.view().status, JobStatus::Reconciling);
    book.report(20, report(10, JobStatus::Running));
    assert_eq!(book.view().status, JobStatus::Cancelling);
}

#[test]
fn what_its_server_decided_is_known_from_the_outcome_that_it_left() {
    for (status, why) in [
        (JobStatus::Failed, Some("no restart is left")),
        (JobStatus::Canceled, None),
    ] {
        let mut first = book();
        let mut running = report(10, JobStatus::Running);
        running.name = "told".to_owned();
        running.checkpoints = vec![checkpoint(4, CheckpointState::Completed)];
        first.report(20, running);
        first.add_failure(failure(25));
        let left = first.decide(30, status, why.map(str::to_owned));
        assert!(Outcome::of(&left).was_built, "no process is started for it");
        let mut next = book();
        next.contact(90, Contact::Adopting);
        next.end(95, status, Some(JobReport::clone(&left)));
        let (before, after) = (first.view(), next.view());
        assert_eq!((after.status, after.end_time), (status, Some(30)));
        assert_eq!(after.name, "told");
        assert_eq!(after.failures, before.failures);
        assert_eq!(after.checkpoints, before.checkpoints);
        let times = |view: &JobView| {
            let mut times = view.timestamps.clone();
            times.remove(&JobStatus::Reconciling);
            times
        };
        assert_eq!(times(&after), times(&before));
    }
}
