//! A run without a server refuses a data directory of another user before it makes anything in it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

use crate::common::{ONCE, ingest, put, running};

#[test]
fn which_stays_as_it_is() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\n");
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.type=print",
    ];
    let run = |data: &str| {
        let data = format!("-Dmillstream.data-dir={data}");
        running::run(ingest(directory, &[&data], &parameters))
    };
    let data = directory.join("theirs");
    fs::create_dir(&data).expect("a directory");
    let own = fs::metadata(&data).expect("it is there").uid();
    // Only root can give a directory away; for whoever else that of root is somebody else's where nothing can be made.
    let given = chown(&data, Some(65_534), None).is_ok();
    if given {
        let said = run("theirs");
        let error = said.error();
        assert_eq!(said.code, Some(1), "{error}");
        assert!(error.starts_with("MS-1010: "), "{error}");
        let whose = format!("belongs to user 65534, and this job runs as user {own}");
        assert!(error.contains(&whose), "{error}");
        let left = fs::read_dir(&data).expect("it is there").count();
        assert_eq!(left, 0, "nothing was made");
        // Where nothing would go there it is nobody's business.
        let elsewhere = [
            "-Dmillstream.data-dir=theirs",
            "-Dexecution.checkpointing.dir=cp",
            "-Dexecution.checkpointing.savepoint-dir=sp",
        ];
        let said = running::run(ingest(directory, &elsewhere, &parameters));
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    let said = run("ours");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(directory.join("ours/checkpoints").is_dir());
}
