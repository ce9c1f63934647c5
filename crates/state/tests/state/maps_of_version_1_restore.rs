//! In version 1 of both formats a key's map was one value. Such maps restore as their entries.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::common::{FORMATS, open, owner, registry, write};
use arrow::datatypes::Schema;
use millstream_core::{KeyGroupRange, OperatorId, Result};
use millstream_state::{StateRegistry, WriteState};
use millstream_storage::canonical::{CanonicalReader, CanonicalWriter};
use millstream_storage::native::NativeReader;
use millstream_storage::{
    OperatorSnapshot, SnapshotFormat, SnapshotTarget, StateKind, StateMetadata, VerifiedFile,
};

const KEYS: u64 = 40;
const ALL: KeyGroupRange = KeyGroupRange { start: 0, end: 128 };

fn map(number: u64) -> BTreeMap<String, u64> {
    (1..2 + number % 5)
        .map(|n| (format!("part {n}"), number * n))
        .collect()
}

/// A snapshot whose state has the rows of version 1: a map is a value.
fn as_values(directory: &Path, format: SnapshotFormat) -> OperatorSnapshot {
    let mut registry: StateRegistry<u64> = registry(0, 1, None);
    let table = registry.table("parts", StateKind::Map).expect("a new name");
    for number in 0..KEYS {
        table.borrow_mut().insert(number, map(number));
    }
    open(&write(directory, format, vec![registry.freeze()]).expect("writable"))
}

/// Writes what another snapshot holds, under the number of version 1.
struct Version1 {
    state: StateMetadata,
    file: VerifiedFile,
}

impl WriteState for Version1 {
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        subtask: usize,
    ) -> Vec<Result<StateMetadata>> {
        let copy = |target: &&SnapshotTarget| {
            let file = target.create_file(operator, subtask, &self.state.name)?;
            let copied = match target.format() {
                SnapshotFormat::Native => {
                    let mut file = file;
                    let mut put = |bytes: &[u8]| file.write_all(bytes).expect("writable");
                    put(b"MSTATE\r\n");
                    put(&1_u32.to_le_bytes());
                    let mut entries = 0;
                    let mut reader = NativeReader::open(&self.file, ALL)?;
                    while let Some(section) = reader.next_section()? {
                        put(&section.group.to_le_bytes());
                        put(&section.entries.to_le_bytes());
                        put(&(section.bytes.len() as u64).to_le_bytes());
                        put(&section.bytes);
                        entries += u64::from(section.entries);
                    }
                    file.finish(ALL, entries)?
                }
                SnapshotFormat::Canonical => {
                    let mut reader = CanonicalReader::open(&self.file, ALL)?;
                    let batch = reader.next_batch()?.expect("rows");
                    let version = ("millstream.format-version".to_owned(), "1".to_owned());
                    let fields = batch.schema().fields().clone();
                    let schema = Schema::new_with_metadata(fields, [version].into());
                    let schema = Arc::new(schema);
                    let batch = batch.with_schema(Arc::clone(&schema)).expect("its own");
                    let mut writer = CanonicalWriter::new(file, schema)?;
                    writer.write(&batch)?;
                    writer.finish(ALL)?
                }
            };
            Ok(StateMetadata {
                files: vec![copied],
                ..self.state.clone()
            })
        };
        targets.iter().map(copy).collect()
    }
}

#[test]
fn as_their_entries() {
    for format in FORMATS {
        let temp = tempfile::tempdir().expect("a directory");
        let values = as_values(&temp.path().join("values"), format);
        let state = values.state("parts").expect("written").clone();
        let file = values.verified(&state.files[0]).expect("intact");
        let old: Box<dyn WriteState> = Box::new(Version1 { state, file });
        let location = write(&temp.path().join("old"), format, vec![vec![old]]);
        let snapshot = open(&location.expect("writable"));
        for subtask in 0..3 {
            let mut registry: StateRegistry<u64> = registry(subtask, 3, Some(&snapshot));
            let maps = registry.map::<String, u64>("parts").expect("restores");
            for number in (0..KEYS).filter(|number| owner(number, 3) == subtask) {
                registry.context().set(number);
                let entries: BTreeMap<_, _> = maps.entries().expect("a key").into_iter().collect();
                assert_eq!(entries, map(number), "{format}");
                assert_eq!(maps.len().expect("a key"), entries.len());
            }
        }
    }
}
