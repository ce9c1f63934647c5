use std::collections::BTreeMap;

use millstream_core::{Configuration, JobId, JobStatus};
use millstream_protocol::link::FailureReport;

use super::*;

/// What a process leaves that could not start its job, for the reason of this code.
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
        ..JobReport::begun(
            JobId::from_bytes([7; 16]),
            "numbers".to_owned(),
            JobStatus::Failed,
            4711,
            1,
        )
    }
}

fn ended(status: JobStatus) -> JobReport {
    JobReport {
        status,
        gave_up: (status == JobStatus::Failed).then(|| "no restart is left".to_owned()),
        ..not_started(codes::JOB_PROCESS.id)
    }
}

fn left_in(directory: &Path) -> Option<JobReport> {
    files::read(&directory.join(OUTCOME_FILE)).expect("it can be read")
}

#[test]
fn what_a_process_has_left_stands_where_it_ended_the_job() {
    let (failed, cancelled) = (JobStatus::Failed, JobStatus::Canceled);
    let lasting = || Some(not_started(codes::SOURCE_PATH.id));
    let table = [
        // What the process has left, what the server decides, whether the former stands.
        (None, failed, false),
        (Some(ended(failed)), cancelled, true),
        (Some(ended(cancelled)), failed, true),
        (lasting(), failed, true),
        // It could not start the job, and the job was cancelled instead, or another try was wanted.
        (lasting(), cancelled, false),
        (Some(not_started(codes::SOURCE_READ.id)), failed, false),
    ];
    for (left, status, stands) in table {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        if let Some(left) = &left {
            files::write(&directory.join(OUTCOME_FILE), left).expect("written");
        }
        let decided = ended(status);
        assert!(leave_outcome(directory, &decided).expect("it can be"));
        let expected = if stands { left } else { Some(decided) };
        assert_eq!(left_in(directory), expected);
    }
}

#[test]
fn nothing_is_left_for_a_process_that_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let lock = File::create(directory.join(LOCK)).expect("made");
    lock.try_lock().expect("nobody has it");
    let decided = ended(JobStatus::Failed);
    assert!(!leave_outcome(directory, &decided).expect("it can be told"));
    assert_eq!(left_in(directory), None);
    drop(lock);
    assert!(leave_outcome(directory, &decided).expect("it can be"));
    assert_eq!(left_in(directory), Some(decided));
}

#[test]
fn what_is_lost_is_told_from_what_can_not_be_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    assert!(is_damaged(directory), "nothing tells what runs");
    let submission = Submission {
        job: JobId::from_bytes([7; 16]),
        entry: None,
        arguments: Vec::new(),
        configuration: Configuration::new(),
    };
    files::write(&directory.join(SUBMISSION_FILE), &submission).expect("written");
    assert!(!is_damaged(directory));
    for name in [RESTORED_FILE, LEFT_OUT_FILE] {
        let file = directory.join(name);
        for (text, expected) in [
            ("", true),
            ("\"/sp/savepo", true),
            ("7", true),
            ("\"/sp/savepoint-012345\"", false),
        ] {
            fs::write(&file, text).expect("written");
            assert_eq!(is_damaged(directory), expected, "{name}: {text}");
        }
        fs::remove_file(&file).expect("removed");
        fs::create_dir(&file).expect("made");
        assert!(!is_damaged(directory), "it may be taken away: {name}");
    }
}
