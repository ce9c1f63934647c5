//! A checkpoint and a savepoint as version 1 wrote them. They are never written again; a change that
//! can't read them needs a new version beside this one.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use millstream_core::{KeyGroupRange, Lineage, MaxParallelism};
use millstream_storage::canonical::CanonicalReader;
use millstream_storage::native::NativeReader;
use millstream_storage::{Location, Snapshot, SnapshotFormat, SnapshotKind, StateKind};

const ALL: KeyGroupRange = KeyGroupRange { start: 0, end: 128 };

fn open(name: &str) -> Snapshot {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/v1")
        .join(name);
    Snapshot::open(&Location::from_path(path).expect("a path")).expect("intact")
}

#[test]
fn metadata() {
    for (name, kind, format) in [
        (
            "checkpoint",
            SnapshotKind::Checkpoint,
            SnapshotFormat::Native,
        ),
        (
            "savepoint",
            SnapshotKind::Savepoint,
            SnapshotFormat::Canonical,
        ),
    ] {
        let snapshot = open(name);
        let metadata = snapshot.metadata();
        assert_eq!((metadata.kind, metadata.format), (kind, format));
        assert_eq!(
            metadata.job_id.to_string(),
            "f8cccb14cd33babade335fd60aefa9e4"
        );
        assert_eq!(metadata.job_name, "fixture");
        assert_eq!(metadata.checkpoint_id, 17);
        assert_eq!(metadata.created, 1_790_000_000_000);
        assert_eq!(metadata.max_parallelism, MaxParallelism::DEFAULT);
        assert!(!metadata.drained);
        assert_eq!(metadata.lineage, Lineage::default());
        assert_eq!((metadata.run, metadata.numbers.is_zero()), (0, true));
        snapshot.verify_all().expect("intact");

        let source = snapshot.operator("source").expect("written");
        let position = &source.metadata().entries[0];
        assert_eq!(
            (position.key.as_str(), &position.value["offset"]),
            ("a.csv", &12_345.into())
        );
        let sink = snapshot.operator("sink").expect("written");
        assert_eq!(sink.metadata().prepared[0].name, "part-0-0");
        let sum = snapshot.operator("sum").expect("written");
        assert_eq!(sum.metadata().parallelism, 2);
        let state = sum.state("count").expect("written");
        assert_eq!(
            (state.kind, state.key_type.as_str()),
            (StateKind::Value, "string")
        );
        assert_eq!(state.value_type, "struct<count: u64, last: string?>");
        assert_eq!(state.files.iter().map(|file| file.entries).sum::<u64>(), 20);
        assert_eq!(sum.state("seen").expect("written").value_type, "list<u64>");
    }
}

#[test]
fn native_sections() {
    let sum = open("checkpoint").operator("sum").expect("written");
    let state = sum.state("count").expect("written");
    let mut entries = 0;
    for file in sum.files(state, ALL) {
        let verified = sum.verified(file).expect("intact");
        let mut reader = NativeReader::open(&verified, ALL).expect("intact");
        while let Some(section) = reader.next_section().expect("intact") {
            assert!(file.key_groups.contains(section.group));
            entries += section.entries;
        }
    }
    assert_eq!(entries, 20);
}

#[test]
fn canonical_columns() {
    let sum = open("savepoint").operator("sum").expect("written");
    let state = sum.state("count").expect("written");
    let mut counts = Vec::new();
    for file in sum.files(state, ALL) {
        let verified = sum.verified(file).expect("intact");
        let mut reader = CanonicalReader::open(&verified, ALL).expect("intact");
        while let Some(batch) = reader.next_batch().expect("intact") {
            let keys = batch
                .column_by_name("key")
                .expect("a column")
                .as_string::<i32>();
            let values = batch.column_by_name("value").expect("a column").as_struct();
            let numbers = values.column_by_name("count").expect("a sub-column");
            let numbers = numbers.as_primitive::<UInt64Type>().values();
            assert_eq!(
                batch
                    .column_by_name("namespace")
                    .expect("a column")
                    .null_count(),
                keys.len()
            );
            counts.extend(
                keys.iter()
                    .flatten()
                    .map(String::from)
                    .zip(numbers.iter().copied()),
            );
        }
    }
    counts.sort_by_key(|(_, number)| *number);
    let expected: Vec<_> = (0..20)
        .map(|number| (format!("word-{number}"), number))
        .collect();
    assert_eq!(counts, expected);
}
