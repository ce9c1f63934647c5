//! A checkpoint and a savepoint of one boundary as version 3 wrote them. They are never written again; a change that can't read
//! them needs a new version beside this one. Their files have one row for each entry of a list, of a map, and for each timer.

use std::path::Path;

use millstream_core::KeyGroupRange;
use millstream_storage::canonical::CanonicalReader;
use millstream_storage::native::NativeReader;
use millstream_storage::{
    Location, OperatorSnapshot, Snapshot, SnapshotFormat, StateKind, StateMetadata, VerifiedFile,
};

const ALL: KeyGroupRange = KeyGroupRange { start: 0, end: 128 };

/// Name, kind, type of values, entries.
const STATES: [(&str, StateKind, &str, u64); 4] = [
    (
        "count",
        StateKind::Value,
        "struct<count: u64, last: string?>",
        20,
    ),
    ("seen", StateKind::List, "list<u64>", 30),
    ("parts", StateKind::Map, "map<string, u64>", 19),
    ("reminders", StateKind::Timers, "nothing", 20),
];

fn sum(name: &str) -> OperatorSnapshot {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/v3")
        .join(name);
    let snapshot = Snapshot::open(&Location::from_path(path).expect("a path")).expect("intact");
    snapshot.verify_all().expect("intact");
    snapshot.operator("sum").expect("written")
}

fn files(sum: &OperatorSnapshot, state: &StateMetadata) -> Vec<VerifiedFile> {
    let verified = |file| sum.verified(file).expect("intact");
    state.files.iter().map(verified).collect()
}

#[test]
fn metadata_and_native_sections() {
    let sum = sum("f8cccb14cd33babade335fd60aefa9e4/chk-17");
    for (name, kind, value_type, entries) in STATES {
        let state = sum.state(name).expect("written");
        assert_eq!((state.kind, state.format), (kind, SnapshotFormat::Native));
        assert_eq!(
            (state.key_type.as_str(), state.value_type.as_str()),
            ("string", value_type)
        );
        let mut found = 0;
        for file in files(&sum, state) {
            let mut reader = NativeReader::open(&file, ALL).expect("intact");
            assert!(reader.is_by_entry());
            while let Some(section) = reader.next_section().expect("intact") {
                found += u64::from(section.entries);
            }
        }
        assert_eq!(found, entries, "{name}");
        assert_eq!(
            state.files.iter().map(|file| file.entries).sum::<u64>(),
            entries
        );
    }
}

#[test]
fn canonical_columns() {
    let sum = sum("savepoint");
    for (name, kind, _, entries) in STATES {
        let state = sum.state(name).expect("written");
        assert_eq!(
            (state.kind, state.format),
            (kind, SnapshotFormat::Canonical)
        );
        let mut found = 0;
        for file in files(&sum, state) {
            let mut reader = CanonicalReader::open(&file, ALL).expect("intact");
            assert!(reader.is_by_entry());
            while let Some(batch) = reader.next_batch().expect("intact") {
                found += batch.num_rows() as u64;
                let schema = batch.schema();
                let names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
                let own: &[&str] = match kind {
                    StateKind::Map => &["map_key"],
                    StateKind::List => &["list_index"],
                    _ => &[],
                };
                let expected = [&["key_group", "key", "namespace"], own, &["value"]].concat();
                assert_eq!(names, expected, "{name}");
                let namespaces = batch.column_by_name("namespace").expect("a column");
                let nulls = arrow::array::Array::null_count(namespaces);
                let without_time = if kind == StateKind::Timers {
                    0
                } else {
                    batch.num_rows()
                };
                assert_eq!(nulls, without_time, "{name}");
            }
        }
        assert_eq!(found, entries, "{name}");
    }
}
