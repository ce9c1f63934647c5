use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use millstream_core::{Configuration, JobId, JobStatus};
use millstream_protocol::link::{CheckpointCounts, Submission};

use super::*;

fn view(name: &str) -> JobView {
    let id = JobId::from_bytes([7; 16]);
    JobView {
        id,
        name: name.to_owned(),
        status: JobStatus::Finished,
        start_time: 1,
        end_time: Some(2),
        last_modification: 2,
        timestamps: BTreeMap::new(),
        directory: PathBuf::from("/jobs"),
        launches: 1,
        submission: Arc::new(Submission {
            job: id,
            entry: None,
            arguments: Vec::new(),
            configuration: Configuration::new(),
        }),
        package: "ingest".to_owned(),
        report: None,
        heard: None,
        next_attempt: None,
        process: None,
        attempts: 0,
        failures: Vec::new(),
        checkpoint_totals: CheckpointCounts::default(),
        checkpoint_summary: Default::default(),
        checkpoints: Vec::new(),
        checkpoint_history: 10,
    }
}

#[test]
fn what_lies_on_disk_of_an_ended_job_is_read_once_and_only_when_it_is_asked_for() {
    let reads = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&reads);
    let cell = JobCell::ended(view("known"), move || {
        counted.fetch_add(1, Ordering::Relaxed);
        view("whole")
    });
    assert_eq!(cell.glance().name, "known");
    assert_eq!(reads.load(Ordering::Relaxed), 0);
    assert_eq!(cell.subscribe().borrow().name, "whole");
    assert_eq!(cell.view().name, "whole");
    assert_eq!(reads.load(Ordering::Relaxed), 1);
}
