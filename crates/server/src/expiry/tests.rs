use std::path::PathBuf;

use millstream_core::JobStatus;
use millstream_protocol::link::Submission;

use super::*;
use crate::views::OperationVerb;

fn job(number: u8, ended: Option<u64>) -> Arc<JobView> {
    let id = JobId::from_bytes([number; 16]);
    Arc::new(JobView {
        id,
        name: number.to_string(),
        status: JobStatus::Finished,
        start_time: 0,
        end_time: ended,
        last_modification: 0,
        timestamps: Default::default(),
        directory: PathBuf::new(),
        launches: 1,
        submission: Arc::new(Submission {
            job: id,
            entry: None,
            arguments: Vec::new(),
            configuration: Configuration::new(),
        }),
        package: String::new(),
        report: None,
        heard: None,
        next_attempt: None,
        process: None,
        attempts: 0,
        failures: Vec::new(),
        checkpoint_totals: Default::default(),
        checkpoint_summary: Default::default(),
        checkpoints: Vec::new(),
        checkpoint_history: 10,
    })
}

/// What a server is to forget when it starts.
fn at_start(limits: Limits, now: u64, jobs: &[Arc<JobView>]) -> (Vec<JobId>, Option<Duration>) {
    limits.due(now, jobs, &mut Ends::new())
}

fn limits(seconds: &str, count: Option<&str>) -> Limits {
    let mut configuration = Configuration::new();
    configuration.set(JOB_STORE_EXPIRATION.name, seconds);
    if let Some(count) = count {
        configuration.set(JOB_STORE_CAPACITY.name, count);
    }
    Limits::from_configuration(&configuration).expect("they are numbers")
}

#[test]
fn jobs_that_ended_long_ago_are_due_and_the_next_is_known() {
    let jobs = [job(1, Some(1_000)), job(2, None), job(3, Some(4_000))];
    let (due, next) = at_start(limits("5", None), 6_000, &jobs);
    assert_eq!(due, [JobId::from_bytes([1; 16])]);
    assert_eq!(next, Some(Duration::from_secs(3)));
}

#[test]
fn the_oldest_are_due_where_there_are_too_many() {
    let jobs = [
        job(1, Some(30)),
        job(2, Some(10)),
        job(3, Some(20)),
        job(4, None),
    ];
    let (due, _) = at_start(limits("3600", Some("1")), 40, &jobs);
    assert_eq!(
        due,
        [JobId::from_bytes([2; 16]), JobId::from_bytes([3; 16])]
    );
    let (due, next) = at_start(limits("3600", None), 40, &[job(4, None)]);
    assert!(due.is_empty() && next.is_none());
}

fn failed(number: u8, ended: u64) -> Arc<JobView> {
    let job = job(number, Some(ended));
    Arc::new(JobView {
        status: JobStatus::Failed,
        ..(*job).clone()
    })
}

#[test]
fn jobs_that_have_failed_stay_longer() {
    let day = 24 * 3_600_000;
    let jobs = [job(1, Some(0)), failed(2, 0), failed(3, 2 * day)];
    let (due, next) = at_start(limits("3600", None), day, &jobs);
    assert_eq!(due, [JobId::from_bytes([1; 16])]);
    assert_eq!(next, Some(Duration::from_millis(6 * day)));
    let (due, _) = at_start(limits("3600", None), 7 * day, &jobs);
    assert_eq!(due.len(), 2, "{due:?}");
    // Never shorter than others, and the last to go where there are too many.
    let (due, _) = at_start(limits("864000", None), 8 * day, &jobs);
    assert!(due.is_empty(), "{due:?}");
    let (due, _) = at_start(
        limits("864000", Some("2")),
        day,
        &[failed(2, 0), job(1, Some(1))],
    );
    assert!(due.is_empty(), "{due:?}");
    let (due, _) = at_start(
        limits("864000", Some("1")),
        day,
        &[failed(2, 0), job(1, Some(1))],
    );
    assert_eq!(due, [JobId::from_bytes([1; 16])]);
}

#[test]
fn a_step_of_the_time_of_day_makes_no_job_old() {
    let limits = limits("5", None);
    let mut ends = Ends::new();
    let before = job(1, Some(1_000));
    // One that ended by a clock that was ahead counts from the start of the server.
    let ahead = job(2, Some(9_000_000));
    let (due, _) = limits.due(
        2_000,
        &[before.clone(), ahead.clone(), job(3, None)],
        &mut ends,
    );
    assert!(due.is_empty(), "{due:?}");
    // The time of day went back by a thousand seconds, and forth by as many: what ends then has just ended.
    let behind = job(3, Some(0));
    let forth = job(4, Some(1_004_000));
    let jobs = [before, ahead, behind, forth];
    let (due, next) = limits.due(4_000, &jobs, &mut ends);
    assert!(due.is_empty(), "{due:?}");
    assert_eq!(next, Some(Duration::from_secs(2)));
    let (due, _) = limits.due(6_000, &jobs, &mut ends);
    assert_eq!(due, [JobId::from_bytes([1; 16])]);
    let (due, _) = limits.due(7_000, &jobs[1..], &mut ends);
    assert_eq!(due, [JobId::from_bytes([2; 16])]);
    let (due, next) = limits.due(9_000, &jobs[2..], &mut ends);
    assert_eq!(due.len(), 2, "{due:?}");
    assert_eq!(next, None);
    let (due, _) = limits.due(10_000, &[], &mut ends);
    assert!(due.is_empty() && ends.since.is_empty());
}

fn operation(number: u64, job: Option<u8>, ended: Option<u64>) -> OperationView {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    OperationView {
        id: TriggerId::from_bytes(id),
        job: job.map(|job| JobId::from_bytes([job; 16])),
        kind: OperationVerb::Checkpoint,
        requested: number,
        ended,
        result: None,
        parameters: serde_json::Value::Null,
    }
}

#[test]
fn of_each_job_the_newest_operations_are_kept_and_all_that_are_open() {
    let newest_first = |job, count: u64| {
        let numbers = (0..count).rev();
        numbers
            .map(move |number| operation(number + 10_000 * u64::from(job), Some(job), Some(number)))
    };
    let many = OPERATIONS as u64 + 2;
    let mut operations: Vec<OperationView> = newest_first(1, many).collect();
    operations.extend(newest_first(2, 5));
    operations.push(operation(1, Some(1), None));
    let due = limits("3600", None).due_operations(u64::MAX, &operations, &mut Ends::new());
    let oldest = [10_001, 10_000].map(|number| operation(number, None, None).id);
    assert_eq!(due, oldest);
}
