use millstream_core::{Configuration, JobStatus, OperatorId, TriggerId};
use millstream_protocol::link::{JobReport, OUTCOME_FILE, VertexReport, WrittenSavepoint};

use super::*;
use crate::service::state::failed_to_start;

/// What a process leaves that could not start its job for this reason.
fn not_started(code: &'static codes::Code) -> JobReport {
    let submission = Submission {
        job: JobId::from_bytes([1; 16]),
        entry: None,
        arguments: Vec::new(),
        configuration: Configuration::new(),
    };
    failed_to_start(&submission, &Error::new(code, "why"), 5)
}

#[test]
fn a_job_has_ended_where_it_is_not_started_again() {
    let away = || not_started(&codes::SOURCE_READ);
    let built = JobReport {
        vertices: vec![VertexReport {
            id: OperatorId::from_uid("source"),
            name: "source".to_owned(),
            operators: Vec::new(),
            is_source: true,
            inputs: Vec::new(),
            subtasks: Vec::new(),
        }],
        ..away()
    };
    let given_up = JobReport {
        gave_up: Some("no restart is left".to_owned()),
        ..away()
    };
    let cancelled = JobReport {
        status: JobStatus::Canceled,
        ..away()
    };
    let table = [
        ("nothing is left", None, false),
        ("its input is away", Some(away()), false),
        (
            "it never starts",
            Some(not_started(&codes::SOURCE_PATH)),
            true,
        ),
        ("it has run and failed", Some(built), true),
        ("its server gave it up", Some(given_up), true),
        (
            "it was cancelled while it had no process",
            Some(cancelled),
            true,
        ),
    ];
    for (what, left, expected) in table {
        let place = tempfile::tempdir().expect("a directory");
        let directory = JobDirectory::new(place.path());
        if let Some(left) = left {
            directory.write_outcome(&left).expect("written");
        }
        assert_eq!(has_ended(&directory), expected, "{what}");
    }
}

#[test]
fn what_can_not_be_read_says_of_no_job_that_it_has_ended() {
    let place = tempfile::tempdir().expect("a directory");
    fs::write(place.path().join(OUTCOME_FILE), "{").expect("written");
    assert!(!has_ended(&JobDirectory::new(place.path())));
}

#[test]
fn savepoints_of_stops_are_gone_back_to_until_something_newer_is_there() {
    let stop = |written, ended| StopBegun {
        id: TriggerId::from_bytes([1; 16]),
        checkpoint: 5,
        path: "/s/5".to_owned(),
        written,
        ended,
        earlier: Some(WrittenSavepoint {
            checkpoint: 3,
            path: "/s/3".to_owned(),
        }),
    };
    let both: &[&str] = &["/s/5", "/s/3"];
    for (written, ended, newest, expected) in [
        (false, false, None, both),
        (true, false, Some(9), &["/s/5"]),
        (true, true, None, both),
        (true, true, Some(4), &["/s/5"]),
        (true, true, Some(6), &[]),
        (false, true, Some(2), &["/s/3"]),
        (false, true, Some(4), &[]),
    ] {
        let found: Vec<String> = savepoints(&stop(written, ended), newest).collect();
        assert_eq!(found, expected, "{written} {ended} {newest:?}");
    }
}
