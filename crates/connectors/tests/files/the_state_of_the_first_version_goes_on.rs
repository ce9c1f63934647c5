//! A snapshot of the first version, one entry for each file and reader, is restored at any parallelism.

use crate::files_source_support::{Found, directory, source};
use millstream_connectors::conformance::SourceJob;
use millstream_connectors::files_source::Changed;
use millstream_engine::connector::StateEntry;
use serde_json::json;

#[test]
fn files_read_to_the_end_in_part_and_not_at_all_come_out_as_they_should() {
    let directory = directory(&[
        ("done.csv", b"1\n2\n"),
        ("part.csv", b"30\n31\n32\n33\n34\n35\n36\n37\n"),
        ("new.csv", b"4\n"),
    ]);
    let entry = |name: &str, size: usize, subtask: usize, rest: serde_json::Value| {
        let path = directory.path().join(name);
        let modified = std::fs::metadata(&path)
            .expect("is there")
            .modified()
            .expect("a time");
        let mtime = modified
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after")
            .as_nanos() as u64;
        let mut value = json!({"kind": "file", "path": path.to_str().expect("text"), "size": size, "mtime": mtime,
            "split": 10, "first": subtask, "step": 2});
        let fields = value.as_object_mut().expect("an object");
        fields.extend(rest.as_object().expect("an object").clone());
        StateEntry {
            key: format!("{}#{subtask}", path.display()),
            value,
        }
    };
    // The second file's splits are [0, 10), [10, 20), [20, 24): the second reader is done, the first is at offset 6.
    let entries = vec![
        entry("done.csv", 4, 0, json!({"done": [[0, 1]]})),
        entry(
            "part.csv",
            24,
            0,
            json!({"parts": [[0, 6]], "starts": [[6, 3]]}),
        ),
        entry("part.csv", 24, 1, json!({"done": [[0, 1]]})),
    ];
    for parallelism in 1..5 {
        let source = source(directory.path(), |options| {
            options.sizes.split = 10;
            options.intake.changed = Changed::Fail;
        });
        let job = SourceJob::default();
        let attempt = job.attempt_from(&source, parallelism, entries.clone());
        let mut attempt = attempt.expect("the readers open");
        let found = attempt.read_until(|_| false).expect("can be read");
        let mut rows = Found::of(found).rows;
        rows.sort();
        // Records belong to the split in which they begin: 34 at 12 and 35 at 15, 36 at 18 are the second reader's.
        assert_eq!(rows, ["32", "33", "37", "4"], "parallelism {parallelism}");
        let taken = attempt.snapshot(&job, false).expect("a snapshot");
        let mut again = job
            .attempt(&source, 3, Some(&taken))
            .expect("the readers open");
        assert!(again.read_until(|_| false).expect("ends").is_empty());
    }
}
