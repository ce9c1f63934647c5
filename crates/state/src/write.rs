//! Writing a frozen state, group by group, each given back to its table as soon as it is written.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt16Array};
use arrow::datatypes::SchemaRef;
use millstream_core::{Error, KeyGroup, OperatorId, Result};
use millstream_storage::canonical::{self, CanonicalWriter};
use millstream_storage::native::NativeWriter;
use millstream_storage::{
    FileEntry, SnapshotFormat, SnapshotTarget, StateFileWriter, StateMetadata,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::utils::Item;

use crate::column::ColumnWriter;
use crate::fail;
use crate::table::{FrozenState, TableIdentity};
use crate::type_text::may_skip;
use crate::types::{StateKey, StateValue};

/// A section of a native file is closed when it has this many bytes.
const SECTION_BYTES: usize = 1024 * 1024;
/// A batch of a canonical file has this many rows.
const BATCH_ROWS: usize = 8 * 1024;

pub(crate) fn write<K: StateKey, V: StateValue>(
    state: FrozenState<K, V>,
    target: &SnapshotTarget,
    operator: OperatorId,
    subtask: usize,
) -> Result<StateMetadata> {
    let identity = state.identity();
    let mut metadata = StateMetadata {
        name: identity.name.clone(),
        kind: identity.kind,
        key_type: identity.key_type.clone(),
        value_type: identity.value_type.clone(),
        format: target.format(),
        files: Vec::new(),
    };
    if state.is_empty() {
        return Ok(metadata);
    }
    let file = target.create_file(operator, subtask, &metadata.name)?;
    metadata.files.push(match target.format() {
        SnapshotFormat::Native => write_native(state, file)?,
        SnapshotFormat::Canonical => write_canonical(state, file)?,
    });
    Ok(metadata)
}

/// The error of an entry, told with the names of its types.
fn unwritable(identity: &TableIdentity, cause: impl std::fmt::Display) -> Error {
    let types = format!("{} -> {}", identity.key_type, identity.value_type);
    fail::unwritable(&identity.name, "key or value", &types, cause)
}

fn write_native<K: StateKey, V: StateValue>(
    state: FrozenState<K, V>,
    file: StateFileWriter,
) -> Result<FileEntry> {
    let key_groups = state.key_groups();
    let mut writer = NativeWriter::new(file)?;
    let identity = Arc::clone(state.identity());
    let mut section = Section {
        group: 0,
        entries: 0,
        bytes: Vec::new(),
        proves_each: may_skip(&identity.key_type) || may_skip(&identity.value_type),
    };
    for (group, frozen) in state.into_groups() {
        section.group = group;
        for (key, value) in frozen.iter() {
            section
                .push(key, value)
                .map_err(|cause| unwritable(&identity, cause))?;
            if section.bytes.len() >= SECTION_BYTES {
                section.end(&mut writer)?;
            }
        }
        section.end(&mut writer)?;
    }
    writer.finish(key_groups)
}

/// Entries of one group, encoded.
struct Section {
    group: KeyGroup,
    entries: u32,
    bytes: Vec<u8>,
    /// Whether each entry is read back, not the first alone.
    proves_each: bool,
}

impl Section {
    fn push<K, V>(&mut self, key: &K, value: &V) -> Result<(), String>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        let bytes = std::mem::take(&mut self.bytes);
        let start = bytes.len();
        self.bytes =
            postcard::to_extend(&(key, value), bytes).map_err(|error| error.to_string())?;
        if self.entries == 0 || self.proves_each {
            // A type whose serde form is not what it reads (skipped fields, untagged) would be found
            // out at the restore, when it is too late.
            let written = self.bytes.get(start..).unwrap_or_default();
            let (_, rest) = postcard::take_from_bytes::<(K, V)>(written)
                .map_err(|error| format!("it can't be read back, {error}"))?;
            if !rest.is_empty() {
                return Err("it can't be read back, bytes are left over".into());
            }
        }
        self.entries += 1;
        Ok(())
    }

    fn end(&mut self, writer: &mut NativeWriter) -> Result<()> {
        if self.entries > 0 {
            writer.section(self.group, self.entries, &self.bytes)?;
        }
        self.entries = 0;
        self.bytes.clear();
        Ok(())
    }
}

fn write_canonical<K: StateKey, V: StateValue>(
    state: FrozenState<K, V>,
    file: StateFileWriter,
) -> Result<FileEntry> {
    let key_groups = state.key_groups();
    let identity = Arc::clone(state.identity());
    let mut rows = Rows {
        keys: ColumnWriter::<K>::new(|| state.iter().map(|(key, _)| Item(key)).collect()),
        values: ColumnWriter::<V>::new(|| state.iter().map(|(_, value)| Item(value)).collect()),
        groups: Vec::new(),
    };
    let schema = canonical::schema(rows.keys.field(), rows.values.field());
    let mut writer = CanonicalWriter::new(file, Arc::clone(&schema))?;
    for (group, frozen) in state.into_groups() {
        for (key, value) in frozen.iter() {
            rows.push(group, key, value)
                .map_err(|cause| unwritable(&identity, cause))?;
            if rows.groups.len() >= BATCH_ROWS {
                let batch = rows
                    .finish(&schema)
                    .map_err(|cause| unwritable(&identity, cause))?;
                writer.write(&batch)?;
            }
        }
    }
    let batch = rows
        .finish(&schema)
        .map_err(|cause| unwritable(&identity, cause))?;
    writer.write(&batch)?;
    writer.finish(key_groups)
}

/// Rows of a canonical file that are being collected into a batch.
struct Rows<K, V> {
    groups: Vec<KeyGroup>,
    keys: ColumnWriter<K>,
    values: ColumnWriter<V>,
}

impl<K: StateKey, V: StateValue> Rows<K, V> {
    fn push(&mut self, group: KeyGroup, key: &K, value: &V) -> Result<(), String> {
        self.keys.push(key)?;
        self.values.push(value)?;
        self.groups.push(group);
        Ok(())
    }

    fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, String> {
        let rows = self.groups.len();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt16Array::from(std::mem::take(&mut self.groups))),
            self.keys.finish()?,
            Arc::new(StringArray::new_null(rows)),
            self.values.finish()?,
        ];
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| error.to_string())
    }
}
