use std::path::Path;

use millstream::RunOptions;
use millstream_connectors::hdfs::HdfsUrl;
use millstream_core::options::DATA_DIRECTORY;
use millstream_core::{Configuration, JobId};

use super::{Past, chosen, is_of_place, job_of, past};

#[test]
fn a_job_that_has_checkpoints_on_this_machine_keeps_them_there() {
    let cluster = HdfsUrl::parse("hdfs://ns/").expect("a URL");
    let (place, note) = chosen(&cluster, None);
    let there = "hdfs://ns/tmp/csp/flink/checkpoints";
    assert_eq!(place.as_deref(), Some(there));
    assert!(note.starts_with("checkpoints go to hdfs://ns/"), "{note}");
    let past = |is_there| Past {
        own: "/data/checkpoints/1".into(),
        is_there,
    };
    let (place, note) = chosen(&cluster, Some(&past(false)));
    assert_eq!(place.as_deref(), Some(there));
    assert!(
        note.contains("/data/checkpoints/1 is not there"),
        "whoever waits for what is away is told where that was: {note}"
    );
    let (place, note) = chosen(&cluster, Some(&past(true)));
    assert_eq!(place, None);
    assert!(
        note.starts_with("checkpoints stay in /data/checkpoints/1,") && note.contains(there),
        "{note}"
    );
    for is_there in [true, false] {
        let (_, note) = chosen(&cluster, Some(&past(is_there)));
        assert!(is_of_place(&note), "{note}");
    }
    assert!(!is_of_place("checkpoints are off"));
}

#[test]
fn checkpoints_are_there_once_a_job_has_left_something() {
    let data = tempfile::tempdir().expect("a directory");
    let mut configuration = Configuration::new();
    configuration.set(DATA_DIRECTORY.name, data.path().display().to_string());
    let job = JobId::from_bytes([7; 16]);
    let own = data.path().join("checkpoints").join(job.to_string());
    let found = |is_there| {
        let own = own.clone();
        Some(Past { own, is_there })
    };
    assert_eq!(past(&configuration, job), found(false));
    std::fs::create_dir_all(&own).expect("is made");
    assert_eq!(past(&configuration, job), found(false));
    std::fs::write(own.join("_run"), "1").expect("is written");
    assert_eq!(past(&configuration, job), found(true));
    for (held, expected) in [
        ("lock", found(true)),
        ("nobody", found(true)),
        // Another job has had the id.
        ("ended", None),
    ] {
        let owner = format!(r#"{{"what": "pid 1 on a", "held": "{held}"}}"#);
        std::fs::write(own.join("_owner"), owner).expect("is written");
        assert_eq!(past(&configuration, job), expected, "{held}");
    }
}

#[test]
fn a_job_is_known_by_its_id_or_its_directory_once_it_has_begun() {
    let job = JobId::from_bytes([7; 16]);
    let of = |id: Option<JobId>, directory: Option<&Path>| {
        job_of(&RunOptions {
            entry: None,
            configuration: Configuration::new(),
            job_directory: directory.map(Into::into),
            job: id,
        })
    };
    assert_eq!(of(None, None), None);
    assert_eq!(of(Some(job), None), Some(job));
    let jobs = tempfile::tempdir().expect("a directory");
    let own = jobs.path().join(job.to_string());
    let other = jobs.path().join("other");
    for directory in [&own, &other] {
        std::fs::create_dir(directory).expect("is made");
        assert_eq!(of(None, Some(directory)), None, "it is new");
        std::fs::write(directory.join("started"), "1").expect("is written");
    }
    assert_eq!(of(None, Some(&own)), Some(job));
    assert_eq!(of(None, Some(&other)), None);
}
