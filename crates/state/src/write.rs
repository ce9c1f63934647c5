//! Writing a frozen state, group by group, each given back to its table as soon as it is written.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt16Array};
use arrow::datatypes::SchemaRef;
use millstream_core::{Error, KeyGroup, KeyGroupRange, OperatorId, Result};
use millstream_storage::canonical::{self, CanonicalWriter};
use millstream_storage::native::NativeWriter;
use millstream_storage::{SnapshotFormat, SnapshotTarget, StateMetadata};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::utils::Item;

use crate::column::ColumnWriter;
use crate::fail;
use crate::table::{FrozenGroup, FrozenState, TableIdentity};
use crate::type_text::may_skip;
use crate::types::{StateKey, StateValue};

/// A section of a native file is closed when it has this many bytes.
const SECTION_BYTES: usize = 1024 * 1024;
/// A batch of a canonical file has this many rows.
const BATCH_ROWS: usize = 8 * 1024;

/// Writes into each target. A group is given back to its table once all of them have it.
pub(crate) fn write<K: StateKey, V: StateValue>(
    state: FrozenState<K, V>,
    targets: &[&SnapshotTarget],
    operator: OperatorId,
    subtask: usize,
) -> Vec<Result<StateMetadata>> {
    let (identity, key_groups) = (Arc::clone(state.identity()), state.key_groups());
    let begin = |target: &&SnapshotTarget| Part::begin(&state, target, operator, subtask);
    let mut parts: Vec<Result<Part<K, V>>> = targets.iter().map(begin).collect();
    for (group, frozen) in state.into_groups() {
        for part in &mut parts {
            let written = part
                .as_mut()
                .map_or(Ok(()), |part| part.group(group, &frozen, &identity));
            if let Err(error) = written {
                *part = Err(error);
            }
        }
        if parts.iter().all(Result::is_err) {
            break;
        }
    }
    let finish = |part: Result<Part<K, V>>| part?.finish(key_groups, &identity);
    parts.into_iter().map(finish).collect()
}

/// A state on its way into one target.
struct Part<K, V> {
    metadata: StateMetadata,
    /// `None`: the state is empty.
    file: Option<PartFile<K, V>>,
}

enum PartFile<K, V> {
    Native {
        writer: NativeWriter,
        section: Section,
    },
    Canonical {
        writer: Box<CanonicalWriter>,
        schema: SchemaRef,
        rows: Rows<K, V>,
    },
}

impl<K: StateKey, V: StateValue> Part<K, V> {
    fn begin(
        state: &FrozenState<K, V>,
        target: &SnapshotTarget,
        operator: OperatorId,
        subtask: usize,
    ) -> Result<Self> {
        let identity = state.identity();
        let metadata = StateMetadata {
            name: identity.name.clone(),
            kind: identity.kind,
            key_type: identity.key_type.clone(),
            value_type: identity.value_type.clone(),
            format: target.format(),
            files: Vec::new(),
        };
        if state.is_empty() {
            return Ok(Self {
                metadata,
                file: None,
            });
        }
        let file = target.create_file(operator, subtask, &metadata.name)?;
        let file = match target.format() {
            SnapshotFormat::Native => PartFile::Native {
                writer: NativeWriter::new(file)?,
                section: Section::new(identity),
            },
            SnapshotFormat::Canonical => {
                let rows = Rows::new(state);
                let schema = canonical::schema(rows.keys.field(), rows.values.field());
                PartFile::Canonical {
                    writer: Box::new(CanonicalWriter::new(file, Arc::clone(&schema))?),
                    schema,
                    rows,
                }
            }
        };
        Ok(Self {
            metadata,
            file: Some(file),
        })
    }

    fn group(
        &mut self,
        group: KeyGroup,
        frozen: &FrozenGroup<K, V>,
        identity: &TableIdentity,
    ) -> Result<()> {
        match &mut self.file {
            None => Ok(()),
            Some(PartFile::Native { writer, section }) => {
                section.group(writer, group, frozen, identity)
            }
            Some(PartFile::Canonical {
                writer,
                schema,
                rows,
            }) => rows.group(writer, schema, group, frozen, identity),
        }
    }

    fn finish(
        mut self,
        key_groups: KeyGroupRange,
        identity: &TableIdentity,
    ) -> Result<StateMetadata> {
        let file = match self.file {
            None => return Ok(self.metadata),
            Some(PartFile::Native { writer, .. }) => writer.finish(key_groups)?,
            Some(PartFile::Canonical {
                mut writer,
                schema,
                mut rows,
            }) => {
                rows.end(&mut writer, &schema, identity)?;
                writer.finish(key_groups)?
            }
        };
        self.metadata.files.push(file);
        Ok(self.metadata)
    }
}

/// The error of an entry, told with the names of its types.
fn unwritable(identity: &TableIdentity, cause: impl std::fmt::Display) -> Error {
    let types = format!("{} -> {}", identity.key_type, identity.value_type);
    fail::unwritable(&identity.name, "key or value", &types, cause)
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
    fn new(identity: &TableIdentity) -> Self {
        Self {
            group: 0,
            entries: 0,
            bytes: Vec::new(),
            proves_each: may_skip(&identity.key_type) || may_skip(&identity.value_type),
        }
    }

    fn group<K: StateKey, V: StateValue>(
        &mut self,
        writer: &mut NativeWriter,
        group: KeyGroup,
        frozen: &FrozenGroup<K, V>,
        identity: &TableIdentity,
    ) -> Result<()> {
        self.group = group;
        for (key, value) in frozen.iter() {
            self.push(key, value)
                .map_err(|cause| unwritable(identity, cause))?;
            if self.bytes.len() >= SECTION_BYTES {
                self.end(writer)?;
            }
        }
        self.end(writer)
    }

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

/// Rows of a canonical file that are being collected into a batch.
struct Rows<K, V> {
    groups: Vec<KeyGroup>,
    keys: ColumnWriter<K>,
    values: ColumnWriter<V>,
}

impl<K: StateKey, V: StateValue> Rows<K, V> {
    fn new(state: &FrozenState<K, V>) -> Self {
        Self {
            keys: ColumnWriter::new(|| state.iter().map(|(key, _)| Item(key)).collect()),
            values: ColumnWriter::new(|| state.iter().map(|(_, value)| Item(value)).collect()),
            groups: Vec::new(),
        }
    }

    fn group(
        &mut self,
        writer: &mut CanonicalWriter,
        schema: &SchemaRef,
        group: KeyGroup,
        frozen: &FrozenGroup<K, V>,
        identity: &TableIdentity,
    ) -> Result<()> {
        for (key, value) in frozen.iter() {
            self.push(group, key, value)
                .map_err(|cause| unwritable(identity, cause))?;
            if self.groups.len() >= BATCH_ROWS {
                self.end(writer, schema, identity)?;
            }
        }
        Ok(())
    }

    /// Writes what has been collected.
    fn end(
        &mut self,
        writer: &mut CanonicalWriter,
        schema: &SchemaRef,
        identity: &TableIdentity,
    ) -> Result<()> {
        let batch = self
            .finish(schema)
            .map_err(|cause| unwritable(identity, cause))?;
        writer.write(&batch)
    }

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
