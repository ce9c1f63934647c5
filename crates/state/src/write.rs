//! Writing a frozen state, group by group, each given back to its table as soon as it is written.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt16Array};
use arrow::datatypes::SchemaRef;
use millstream_core::{Error, KeyGroup, KeyGroupRange, OperatorId, Result};
use millstream_storage::canonical::{self, CanonicalWriter};
use millstream_storage::native::NativeWriter;
use millstream_storage::{SnapshotFormat, SnapshotTarget, StateMetadata};
use serde_arrow::utils::Item;

use crate::column::ColumnWriter;
use crate::fail;
use crate::groups::FrozenTable;
use crate::identity::TableIdentity;
use crate::places::PlaceWriter;
use crate::rows::Rows;
use crate::type_text::may_skip;

/// A section of a native file is closed when it has this many bytes.
const SECTION_BYTES: usize = 1024 * 1024;
/// A batch of a canonical file has this many rows.
const BATCH_ROWS: usize = 8 * 1024;

/// Writes into each target. A group is given back to its table once all of them have it.
pub(crate) fn write<R: Rows>(
    state: FrozenTable<R>,
    targets: &[&SnapshotTarget],
    operator: OperatorId,
    subtask: usize,
) -> Vec<Result<StateMetadata>> {
    let identity = Arc::clone(&state.identity);
    let begin = |target: &&SnapshotTarget| Part::begin(&state, target, operator, subtask);
    let mut parts: Vec<Result<Part<R>>> = targets.iter().map(begin).collect();
    for (group, frozen) in state.groups {
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
    let finish = |part: Result<Part<R>>| part?.finish(identity.key_groups, &identity);
    parts.into_iter().map(finish).collect()
}

/// A state on its way into one target.
struct Part<R: Rows> {
    metadata: StateMetadata,
    /// `None`: the state is empty.
    file: Option<PartFile<R>>,
}

enum PartFile<R: Rows> {
    Native {
        writer: NativeWriter,
        section: Section,
    },
    Canonical {
        writer: Box<CanonicalWriter>,
        schema: SchemaRef,
        rows: Box<Batch<R>>,
    },
}

impl<R: Rows> Part<R> {
    fn begin(
        state: &FrozenTable<R>,
        target: &SnapshotTarget,
        operator: OperatorId,
        subtask: usize,
    ) -> Result<Self> {
        let identity = &state.identity;
        let metadata = StateMetadata {
            name: identity.name.clone(),
            kind: identity.kind,
            key_type: identity.key_type.clone(),
            value_type: identity.value_type.clone(),
            format: target.format(),
            files: Vec::new(),
        };
        if state.groups.iter().all(|(_, group)| group.len() == 0) {
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
                let rows = Box::new(Batch::new(state));
                let schema = rows.schema();
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

    fn group(&mut self, group: KeyGroup, frozen: &R, identity: &TableIdentity) -> Result<()> {
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

    fn group<R: Rows>(
        &mut self,
        writer: &mut NativeWriter,
        group: KeyGroup,
        frozen: &R,
        identity: &TableIdentity,
    ) -> Result<()> {
        self.group = group;
        for (key, place, value) in frozen.rows() {
            self.push::<R>(key, &place, value)
                .map_err(|cause| unwritable(identity, cause))?;
            if self.bytes.len() >= SECTION_BYTES {
                self.end(writer)?;
            }
        }
        self.end(writer)
    }

    fn push<R: Rows>(
        &mut self,
        key: &R::Key,
        place: &R::PlaceRef<'_>,
        value: &R::Value,
    ) -> Result<(), String> {
        let bytes = std::mem::take(&mut self.bytes);
        let start = bytes.len();
        self.bytes =
            postcard::to_extend(&(key, place, value), bytes).map_err(|error| error.to_string())?;
        if self.entries == 0 || self.proves_each {
            // A type whose serde form is not what it reads (skipped fields, untagged) would be found
            // out at the restore, when it is too late.
            let written = self.bytes.get(start..).unwrap_or_default();
            let (_, rest) = postcard::take_from_bytes::<(R::Key, R::Place, R::Value)>(written)
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
struct Batch<R: Rows> {
    groups: Vec<KeyGroup>,
    keys: ColumnWriter<R::Key>,
    places: PlaceWriter<R::Place>,
    values: ColumnWriter<R::Value>,
}

impl<R: Rows> Batch<R> {
    fn new(state: &FrozenTable<R>) -> Self {
        let all = || state.groups.iter().flat_map(|(_, group)| group.rows());
        Self {
            keys: ColumnWriter::new(|| all().map(|(key, _, _)| Item(key)).collect()),
            places: PlaceWriter::new(state.identity.layout, || {
                all().map(|(_, place, _)| Item(place)).collect()
            }),
            values: ColumnWriter::new(|| all().map(|(_, _, value)| Item(value)).collect()),
            groups: Vec::new(),
        }
    }

    fn schema(&self) -> SchemaRef {
        canonical::schema(self.keys.field(), self.places.field(), self.values.field())
    }

    fn group(
        &mut self,
        writer: &mut CanonicalWriter,
        schema: &SchemaRef,
        group: KeyGroup,
        frozen: &R,
        identity: &TableIdentity,
    ) -> Result<()> {
        for (key, place, value) in frozen.rows() {
            self.push(group, key, &place, value)
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

    fn push(
        &mut self,
        group: KeyGroup,
        key: &R::Key,
        place: &R::PlaceRef<'_>,
        value: &R::Value,
    ) -> Result<(), String> {
        self.keys.push(key)?;
        self.places.push(place)?;
        self.values.push(value)?;
        self.groups.push(group);
        Ok(())
    }

    fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, String> {
        let groups: ArrayRef = Arc::new(UInt16Array::from(std::mem::take(&mut self.groups)));
        let (namespaces, places) = self.places.finish()?;
        let mut columns = vec![groups, self.keys.finish()?, namespaces];
        columns.extend(places);
        columns.push(self.values.finish()?);
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| error.to_string())
    }
}
