use std::collections::BTreeMap;

use millstream_core::{Configuration, JobStatus, OperatorId};
use millstream_protocol::link::{
    CheckpointCounts, CheckpointSummary, FailureReport, Submission, VertexReport,
};

use super::*;

const JOB: JobId = JobId::from_bytes([7; 16]);

/// What a process leaves that could not start the job, for the reason of this code.
fn not_started(code: &str) -> JobReport {
    JobReport {
        switched: BTreeMap::from([(JobStatus::Failed, 2)]),
        next_checkpoint: 1,
        failures: vec![FailureReport {
            at: 2,
            code: code.to_owned(),
            message: "boom".to_owned(),
            task: None,
            attempt: 0,
            process: None,
        }],
        ..JobReport::begun(JOB, "numbers".to_owned(), JobStatus::Failed, 4711, 1)
    }
}

/// What is left where the input of the job is away.
fn away() -> JobReport {
    not_started(codes::SOURCE_READ.id)
}

/// What a process leaves that ran the job to its end.
fn built() -> JobReport {
    JobReport {
        vertices: vec![VertexReport {
            id: OperatorId::from_uid("source"),
            name: "source".to_owned(),
            operators: Vec::new(),
            is_source: true,
            inputs: Vec::new(),
            subtasks: Vec::new(),
        }],
        ..away()
    }
}

/// The job, as its server knows it.
fn view(end_time: Option<u64>) -> JobView {
    JobView {
        id: JOB,
        name: "numbers".to_owned(),
        status: JobStatus::Restarting,
        start_time: 1,
        end_time,
        last_modification: 2,
        timestamps: BTreeMap::new(),
        directory: PathBuf::new(),
        launches: 1,
        submission: Arc::new(Submission {
            job: JOB,
            entry: None,
            arguments: Vec::new(),
            configuration: Configuration::new(),
        }),
        package: "ingest".to_owned(),
        report: None,
        heard: None,
        next_attempt: None,
        process: None,
        attempts: 1,
        failures: Vec::new(),
        checkpoint_totals: CheckpointCounts::default(),
        checkpoint_summary: CheckpointSummary::default(),
        checkpoints: Vec::new(),
        checkpoint_history: 10,
    }
}

#[test]
fn a_job_has_ended_where_it_is_not_started_again() {
    let given_up = JobReport {
        gave_up: Some("no restart is left".to_owned()),
        ..away()
    };
    let cancelled = JobReport {
        status: JobStatus::Canceled,
        ..away()
    };
    let lasting = not_started(codes::SOURCE_PATH.id);
    let table = [
        // What the server knows, what was left, whether the job has ended.
        (None, None, false),
        (None, Some(away()), false),
        (None, Some(lasting), true),
        (None, Some(built()), true),
        (None, Some(given_up), true),
        (None, Some(cancelled), true),
        // Where the server knows the job, nothing else counts.
        (Some(view(None)), None, false),
        (Some(view(None)), Some(away()), false),
        (Some(view(None)), Some(built()), false),
        (Some(view(Some(9))), None, true),
        (Some(view(Some(9))), Some(away()), true),
    ];
    for (known, left, expected) in table {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        if let Some(left) = &left {
            files::write(&directory.join(OUTCOME_FILE), left).expect("written");
        }
        let known_to_end = known.as_ref().map(|view| view.end_time);
        assert_eq!(
            has_ended(known.as_ref(), directory),
            expected,
            "{known_to_end:?} {left:?}"
        );
    }
}

#[test]
fn what_can_not_be_read_says_of_no_job_that_it_has_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join(OUTCOME_FILE), "{").expect("written");
    assert!(!has_ended(None, directory.path()));
}
