//! State of another type, kind or maximum parallelism is refused with both named; what could not be
//! read back is not written.

use std::path::Path;

use crate::common::{FORMATS, MAX, open, registry, write};
use millstream_core::{Error, MaxParallelism};
use millstream_state::{StateRegistry, StateValue};
use millstream_storage::{Location, OperatorSnapshot, SnapshotFormat, StateKind};
use serde::{Deserialize, Serialize};

fn written(directory: &Path, format: SnapshotFormat) -> OperatorSnapshot {
    open(&write_one(directory, format, 7_u64).expect("writable"))
}

fn write_one<V: StateValue>(
    directory: &Path,
    format: SnapshotFormat,
    value: V,
) -> Result<Location, Error> {
    let mut registry: StateRegistry<String> = registry(0, 1, None);
    let table = registry.table("count", StateKind::Value)?;
    table.borrow_mut().insert("word".to_string(), value);
    write(directory, format, vec![registry.freeze()])
}

#[test]
fn another_value_type_key_type_or_kind() {
    for format in FORMATS {
        let temp = tempfile::tempdir().expect("a directory");
        let snapshot = written(temp.path(), format);
        let mut same: StateRegistry<String> = registry(0, 1, Some(&snapshot));
        same.value::<u64>("count").expect("the same types");

        let mut other: StateRegistry<String> = registry(0, 1, Some(&snapshot));
        let error = other
            .value::<String>("count")
            .err()
            .expect("another value type");
        assert_eq!(error.code(), "MS-3006");
        for part in ["count", "u64", "string"] {
            assert!(error.message().contains(part), "{error}");
        }
        let error = other.list::<u64>("count").err().expect("another kind");
        assert!(
            error.message().contains("value") && error.message().contains("list"),
            "{error}"
        );
        let mut other: StateRegistry<u32> = registry(0, 1, Some(&snapshot));
        let error = other.value::<u64>("count").err().expect("another key type");
        assert!(
            error.message().contains("string") && error.message().contains("u32"),
            "{error}"
        );
    }
}

#[test]
fn another_maximum_parallelism() {
    let temp = tempfile::tempdir().expect("a directory");
    let snapshot = written(temp.path(), SnapshotFormat::Canonical);
    let max = MaxParallelism::new(256).expect("in range");
    let mut registry = StateRegistry::<String>::new(max, max.range(0, 1), Some(snapshot));
    let error = registry.value::<u64>("count").err().expect("256, not 128");
    assert_eq!(error.code(), "MS-3007");
    assert!(
        error.message().contains("128") && error.message().contains("256"),
        "{error}"
    );
    assert!(
        error.next_step().contains(&MAX.get().to_string()),
        "{error}"
    );
}

#[test]
fn state_that_the_program_does_not_take_is_told() {
    let temp = tempfile::tempdir().expect("a directory");
    let snapshot = written(temp.path(), SnapshotFormat::Native);
    let mut registry: StateRegistry<String> = registry(0, 1, Some(&snapshot));
    registry
        .value::<u64>("total")
        .expect("new state begins empty");
    assert_eq!(snapshot.not_taken(), ["count"]);
    registry.value::<u64>("count").expect("restores");
    assert!(snapshot.not_taken().is_empty());
}

/// Writes fewer fields than it reads.
#[derive(Clone, Serialize, Deserialize)]
struct Skipping {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    number: u64,
}

/// Has no JSON and, as an enum with data, no column.
#[derive(Clone, Serialize, Deserialize)]
enum Ratio {
    Known(f64),
    Unknown,
}

#[test]
fn a_type_that_could_not_be_read_back_is_not_written() {
    let temp = tempfile::tempdir().expect("a directory");
    let skipping = Skipping {
        note: None,
        number: u64::MAX,
    };
    let error = write_one(&temp.path().join("1"), SnapshotFormat::Native, skipping)
        .expect_err("postcard can't skip");
    assert_eq!(error.code(), "MS-3006");
    assert!(error.message().contains("`count`"), "{error}");

    let error = write_one(
        &temp.path().join("2"),
        SnapshotFormat::Canonical,
        Ratio::Known(f64::NAN),
    )
    .expect_err("JSON has no NaN");
    assert_eq!(error.code(), "MS-3006");
    write_one(
        &temp.path().join("3"),
        SnapshotFormat::Canonical,
        Ratio::Unknown,
    )
    .expect("JSON");
    write_one(
        &temp.path().join("4"),
        SnapshotFormat::Native,
        Ratio::Known(f64::NAN),
    )
    .expect("bits");
}

#[test]
fn one_entry_among_many_that_could_not_be_read_back_is_found() {
    let temp = tempfile::tempdir().expect("a directory");
    let mut registry: StateRegistry<u64> = registry(0, 1, None);
    let table = registry
        .table("count", StateKind::Value)
        .expect("a new name");
    for key in 0..5_000_u64 {
        let note = (key != 2_500).then(|| "written".to_string());
        let number = key;
        table.borrow_mut().insert(key, Skipping { note, number });
    }
    let error = write(temp.path(), SnapshotFormat::Native, vec![registry.freeze()])
        .expect_err("one of them is skipped");
    assert_eq!(error.code(), "MS-3006");
}

/// A key whose hash is not that of its content any more, as after a change of its `Hash`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Rehashed(String);

impl std::hash::Hash for Rehashed {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        1_u8.hash(state);
    }
}

#[test]
fn keys_whose_hash_has_changed_are_found() {
    for format in FORMATS {
        let temp = tempfile::tempdir().expect("a directory");
        let snapshot = written(temp.path(), format);
        let mut registry: StateRegistry<Rehashed> = registry(0, 1, Some(&snapshot));
        let error = registry.value::<u64>("count").err().expect("another group");
        assert_eq!(error.code(), "MS-3002");
        assert!(
            error.message().contains("-0-count."),
            "the file is named: {error}"
        );
        assert!(error.message().contains("Hash"), "{error}");
    }
}
