//! `-s latest` behind a job that has read all of its input is told what is true of it: there is nothing to go on from, and the next run
//! begins anew. No setting that would have kept a checkpoint is named, as none would.

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

#[test]
fn and_latest_says_so() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    let run = |options: &[&str]| -> Said {
        let mut command = ingest(directory, options, &CSV_TO_FILES);
        command.arg(ONCE);
        running::run(command)
    };
    let first = run(&[]);
    assert_eq!(first.code, Some(0), "{}", first.err);

    let latest = run(&["-s", "latest"]);
    assert_eq!(latest.code, Some(1), "{}", latest.err);
    let error = latest.error();
    let begins = "MS-3001: job `job` ended FINISHED, ";
    assert!(error.starts_with(begins), "{error}");
    for words in ["nothing to go on from", "start it without -s"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(!error.contains("retention"), "{error}");

    let anew = run(&[]);
    assert_eq!(anew.code, Some(0), "{}", anew.err);
    assert_eq!(lines(&directory.join("out")).len(), 2, "read once more");
}
