//! A job like the one that Flink was observed with: numbers that are read slowly and summed up by the minute.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_core::{AttemptId, Configuration, JobStatus, TaskStatus, TriggerId};
use millstream_protocol::OperationResult;
use millstream_protocol::link::{
    CheckpointCounts, CheckpointReport, CheckpointState, CheckpointSummary, EdgeReport,
    FailureReport, JobReport, Submission, SubtaskReport, TaskCheckpoint, TaskNumbers, VertexReport,
};

use crate::views::{JobView, OperationVerb, OperationView, PackageEntry, PackageView, ServerFacts};

/// The time at which answers are made.
pub(super) const NOW: u64 = 10_000;

const JOB: &str = "a3c8741949353112346e76d0a64b4143";
const SOURCE: &str = "ca88eee0095684d687a1b6495617f957";
const SINK: &str = "8e367074305689771d57049516ded84b";

fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("32 hexadecimal digits")
}

/// The job while it runs.
pub(super) fn running_job() -> JobView {
    let report = report();
    JobView {
        id: report.job,
        name: report.name.clone(),
        status: JobStatus::Running,
        start_time: 500,
        end_time: None,
        last_modification: 900,
        timestamps: report.switched.clone(),
        directory: "/data/jobs/a3c8741949353112346e76d0a64b4143".into(),
        launches: 1,
        submission: Arc::new(Submission {
            job: report.job,
            entry: None,
            arguments: vec!["--db.password".to_owned(), "secret".to_owned()],
            configuration: Configuration::new(),
        }),
        package: "ingest".to_owned(),
        failures: report.failures.clone(),
        checkpoint_totals: report.counts,
        checkpoint_summary: Default::default(),
        checkpoints: (1..=5).map(completed).chain([failed(6)]).collect(),
        checkpoint_history: 10,
        heard: Some(9_900),
        next_attempt: None,
        process: Some(report.process),
        attempts: 1,
        report: Some(Arc::new(report)),
    }
}

/// The same without arguments of its program.
pub(super) fn without_arguments() -> JobView {
    let mut job = running_job();
    let mut submission = (*job.submission).clone();
    submission.arguments.clear();
    job.submission = Arc::new(submission);
    job
}

/// The same before anything went wrong: after its fifth checkpoint.
pub(super) fn without_failures() -> JobView {
    let mut job = running_job();
    job.failures.clear();
    let mut report = report();
    report.checkpoints.retain(|checkpoint| checkpoint.id <= 5);
    report.failed = None;
    job.checkpoints.retain(|checkpoint| checkpoint.id <= 5);
    job.report = Some(Arc::new(report));
    job
}

/// The job with a source that counts bytes and bad records.
pub(super) fn reading_files() -> JobView {
    let mut job = running_job();
    let mut report = report();
    for task in report.vertices.iter_mut().flat_map(|v| &mut v.subtasks) {
        task.numbers.bytes_in_per_second = 8.0;
    }
    if let Some(task) = report
        .vertices
        .iter_mut()
        .flat_map(|v| &mut v.subtasks)
        .next()
    {
        task.numbers.bytes_in = 40;
        task.numbers.bytes_total = 100;
        task.numbers.bad_records = 3;
        task.numbers.bad_files = 2;
    }
    job.report = Some(Arc::new(report));
    job
}

/// The job while a checkpoint waits for something.
pub(super) fn held_up(what: &str) -> JobView {
    let mut job = running_job();
    let mut report = report();
    report.held_up = Some(what.to_owned());
    job.report = Some(Arc::new(report));
    job
}

/// What is kept of checkpoints with so many bytes.
pub(super) fn summary_of(bytes: &[u64]) -> CheckpointSummary {
    let mut summary = CheckpointSummary::default();
    for bytes in bytes {
        summary.bytes.add(*bytes);
    }
    summary
}

/// The job after its process went away for good, with its tasks running in its last report.
pub(super) fn killed_job() -> JobView {
    let mut job = running_job();
    job.status = JobStatus::Failed;
    job.end_time = Some(9_000);
    job.process = None;
    job.failures.push(FailureReport {
        at: 8_000,
        code: "MS-4001".to_owned(),
        message: "it broke".to_owned(),
        task: Some("Times (1/1)".to_owned()),
        attempt: 1,
        process: Some(4_711),
    });
    job
}

fn report() -> JobReport {
    JobReport {
        job: id(JOB),
        name: "Windows".to_owned(),
        status: JobStatus::Running,
        process: 4_711,
        started: 600,
        switched: BTreeMap::from([
            (JobStatus::Initializing, 500),
            (JobStatus::Created, 800),
            (JobStatus::Running, 900),
        ]),
        attempt: 1,
        max_parallelism: 128,
        configuration: Configuration::new(),
        vertices: vec![source(), sink()],
        counts: CheckpointCounts {
            restored: 0,
            total: 7,
            in_progress: 1,
            completed: 5,
            failed: 1,
        },
        checkpoints: (1..=5)
            .map(completed)
            .chain([failed(6), pending(7)])
            .collect(),
        summary: Default::default(),
        completed: Some(completed(5)),
        savepoint: None,
        failed: Some(failed(6)),
        restored: None,
        next_checkpoint: 8,
        failures: vec![FailureReport {
            at: 5_000,
            code: "MS-7001".to_owned(),
            message: "the sink can't write".to_owned(),
            task: None,
            attempt: 1,
            process: None,
        }],
        gave_up: None,
        held_up: None,
        next_attempt: None,
        longest_interval_ms: None,
        numbers: None,
        counted_from: None,
        operations: Vec::new(),
    }
}

fn source() -> VertexReport {
    let operators = ["Source: Numbers", "Slow", "Times"];
    VertexReport {
        id: id(SOURCE),
        name: operators.join(" -> "),
        operators: operators.map(str::to_owned).into(),
        is_source: true,
        inputs: Vec::new(),
        subtasks: vec![subtask(1)],
    }
}

fn sink() -> VertexReport {
    VertexReport {
        id: id(SINK),
        name: "PerMinute -> Sink: Out".to_owned(),
        operators: vec!["PerMinute".to_owned(), "Sink: Out".to_owned()],
        is_source: false,
        inputs: vec![EdgeReport {
            from: id(SOURCE),
            ship_strategy: "HASH".to_owned(),
        }],
        subtasks: vec![subtask(2)],
    }
}

fn subtask(number: u8) -> SubtaskReport {
    SubtaskReport {
        id: Some(AttemptId::from_bytes([number; 16])),
        status: TaskStatus::Running,
        switched: BTreeMap::from([
            (TaskStatus::Created, 920),
            (TaskStatus::Scheduled, 940),
            (TaskStatus::Deploying, 1_000),
            (TaskStatus::Initializing, 1_040),
            (TaskStatus::Running, 1_100),
        ]),
        numbers: TaskNumbers {
            records_out: 3_487,
            busy_ms: 7_420,
            busy: 0.995,
            ..TaskNumbers::default()
        },
        splits: Vec::new(),
        gauges: Vec::new(),
    }
}

fn completed(number: u64) -> CheckpointReport {
    let task = TaskCheckpoint {
        acknowledged: 2_010 + number * 1_000,
        bytes: 2_361,
        start_delay_ms: 2,
        freeze_ms: 1,
        write_ms: 7,
        longest_pause_ms: 1,
    };
    CheckpointReport {
        id: number,
        state: CheckpointState::Completed,
        savepoint: None,
        last: false,
        triggered: 2_000 + number * 1_000,
        acknowledged: Some(2_010 + number * 1_000),
        ended: Some(2_012 + number * 1_000),
        bytes: 4_722,
        longest_pause_ms: 1,
        path: Some(format!("file:/data/chk/{JOB}/chk-{number}")),
        discarded: number < 5,
        failure: None,
        numbers: None,
        tasks: vec![vec![Some(task)], vec![Some(task)]],
    }
}

fn pending(number: u64) -> CheckpointReport {
    let mut pending = completed(number);
    pending.state = CheckpointState::InProgress;
    pending.acknowledged = None;
    pending.ended = None;
    pending.path = None;
    pending.discarded = false;
    pending.tasks.pop();
    pending.tasks.push(vec![None]);
    pending
}

fn failed(number: u64) -> CheckpointReport {
    let mut failed = pending(number);
    failed.state = CheckpointState::Failed;
    failed.ended = Some(9_000);
    failed.failure = Some("it took too long".to_owned());
    failed
}

fn operation(kind: OperationVerb, result: OperationResult) -> OperationView {
    OperationView {
        id: TriggerId::from_bytes([7; 16]),
        job: Some(id(JOB)),
        kind,
        requested: 3_000,
        ended: Some(4_000),
        result: Some(result),
        parameters: serde_json::Value::Null,
    }
}

/// A savepoint that is complete.
pub(super) fn completed_savepoint() -> OperationView {
    let result = OperationResult::Completed {
        checkpoint: 3,
        path: "file:/data/sp/savepoint-a3c874-ed06d8673b6c".to_owned(),
    };
    operation(OperationVerb::Savepoint, result)
}

/// A disposal of what is not there.
pub(super) fn failed_disposal() -> OperationView {
    let result = OperationResult::Failed {
        code: Cow::Borrowed("MS-3001"),
        reason: "there is no snapshot at /data/none".to_owned(),
        savepoint: None,
        committed: None,
    };
    operation(OperationVerb::Disposal, result)
}

/// A package.
pub(super) fn package() -> PackageView {
    PackageView {
        id: "184c7703-fd94-4720-a9d2-42909adc152c_win".to_owned(),
        name: "win".to_owned(),
        uploaded: 400,
        entries: vec![PackageEntry {
            name: "com.example.Windows".to_owned(),
            description: String::new(),
            parameters: Vec::new(),
        }],
        path: None,
    }
}

/// The server.
pub(super) fn facts() -> ServerFacts {
    ServerFacts {
        version: "0.1.0".to_owned(),
        commit: "c0f8d1a".to_owned(),
        started: 100,
        address: "127.0.0.1:8081".parse().expect("an address"),
        url: "http://127.0.0.1:8081".to_owned(),
        data_directory: "/data".into(),
        tls: false,
    }
}
