//! Reading state back, at any parallelism: each subtask takes the entries of its own key groups out of the
//! files of all subtasks that wrote them.

use std::path::Path;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use millstream_core::hash::stable_hash;
use millstream_core::{Error, KeyGroup, Result, codes};
use millstream_storage::canonical::{self, CanonicalReader};
use millstream_storage::native::{NativeReader, Section};
use millstream_storage::{
    FileEntry, OperatorSnapshot, SnapshotFormat, StateMetadata, VerifiedFile, damaged,
};
use serde::de::DeserializeOwned;

use crate::column::read_column;
use crate::fail;
use crate::table::{StateTable, TableIdentity};
use crate::types::{StateKey, StateValue};

pub(crate) fn restore<K: StateKey, V: StateValue>(
    table: &mut StateTable<K, V>,
    snapshot: &OperatorSnapshot,
) -> Result<()> {
    table.clear();
    let name = table.name().to_string();
    let Some(state) = snapshot.state(&name) else {
        return Ok(());
    };
    check_max_parallelism(table.identity(), snapshot)?;
    check_types(table.identity(), state)?;
    let key_groups = table.key_groups();
    for entry in snapshot.files(state, key_groups) {
        let file = snapshot.verified(entry)?;
        let restored = match state.format {
            SnapshotFormat::Native => restore_native(table, &file)?,
            SnapshotFormat::Canonical => restore_canonical(table, &file)?,
        };
        check_number(file.path(), entry, restored, table.identity())?;
    }
    Ok(())
}

fn check_max_parallelism(identity: &TableIdentity, snapshot: &OperatorSnapshot) -> Result<()> {
    let stored = snapshot.snapshot().metadata().max_parallelism.get();
    let wanted = identity.max_parallelism.get();
    if stored == wanted {
        return Ok(());
    }
    Err(Error::new(
        &codes::MAX_PARALLELISM,
        format!(
            "{} was written with maximum parallelism {stored}, the job has {wanted}",
            snapshot.snapshot().location()
        ),
    )
    .next(format!("set pipeline.max-parallelism to {stored}")))
}

fn check_types(identity: &TableIdentity, state: &StateMetadata) -> Result<()> {
    let kinds = (state.kind.to_string(), identity.kind.to_string());
    let pairs = [
        ("kind", &kinds.0, &kinds.1),
        ("key type", &state.key_type, &identity.key_type),
        ("value type", &state.value_type, &identity.value_type),
    ];
    for (part, stored, wanted) in pairs {
        if stored != wanted {
            return Err(fail::type_differs(&identity.name, part, stored, wanted));
        }
    }
    Ok(())
}

/// Where all of a file was wanted, all of its entries must have come.
fn check_number(
    path: &Path,
    file: &FileEntry,
    restored: u64,
    identity: &TableIdentity,
) -> Result<()> {
    let (held, wanted) = (file.key_groups, identity.key_groups);
    let is_whole = wanted.start <= held.start && held.end <= wanted.end;
    if is_whole && restored != file.entries {
        let expected = file.entries;
        return Err(damaged(
            path,
            format!("it holds {restored} entries, not {expected}"),
        ));
    }
    Ok(())
}

fn restore_native<K: StateKey, V: StateValue>(
    table: &mut StateTable<K, V>,
    file: &VerifiedFile,
) -> Result<u64> {
    let path = file.path();
    let mut reader = NativeReader::open(file, table.key_groups())?;
    let mut restored = 0;
    while let Some(section) = reader.next_section()? {
        let Section {
            group,
            entries,
            bytes,
        } = section;
        let mut rest = bytes.as_slice();
        for _ in 0..entries {
            let ((key, value), behind) = postcard::take_from_bytes(rest)
                .map_err(|cause| damaged(path, format!("an entry can't be decoded, {cause}")))?;
            rest = behind;
            put(table, path, group, key, value)?;
        }
        if !rest.is_empty() {
            return Err(damaged(path, "a section holds more than its entries"));
        }
        restored += u64::from(entries);
    }
    Ok(restored)
}

fn restore_canonical<K: StateKey, V: StateValue>(
    table: &mut StateTable<K, V>,
    file: &VerifiedFile,
) -> Result<u64> {
    let path = file.path();
    let key_groups = table.key_groups();
    let mut reader = CanonicalReader::open(file, key_groups)?;
    let mut restored = 0;
    while let Some(batch) = reader.next_batch()? {
        let groups = canonical::key_groups(&batch, path)?;
        let wanted: BooleanArray = groups
            .values()
            .iter()
            .map(|group| Some(key_groups.contains(*group)))
            .collect();
        let batch = filter_record_batch(&batch, &wanted)
            .map_err(|cause| damaged(path, format!("its rows can't be chosen from, {cause}")))?;
        let keys: Vec<K> = column(&batch, "key", path)?;
        let values: Vec<V> = column(&batch, "value", path)?;
        let groups = canonical::key_groups(&batch, path)?;
        restored += batch.num_rows() as u64;
        for ((group, key), value) in groups.values().iter().zip(keys).zip(values) {
            put(table, path, *group, key, value)?;
        }
    }
    Ok(restored)
}

fn column<T: DeserializeOwned>(batch: &RecordBatch, name: &str, path: &Path) -> Result<Vec<T>> {
    let schema = batch.schema();
    let field = schema.field_with_name(name);
    let (Ok(field), Some(array)) = (field, batch.column_by_name(name)) else {
        return Err(damaged(path, format!("it has no column `{name}`")));
    };
    let values = read_column(field, array)
        .map_err(|cause| damaged(path, format!("column `{name}` can't be decoded, {cause}")))?;
    if values.len() != batch.num_rows() {
        return Err(damaged(
            path,
            format!("column `{name}` is shorter than the others"),
        ));
    }
    Ok(values)
}

/// The group is computed from the key, and must be the one that the file says: a key whose hash has changed would be
/// looked for in the wrong place for ever.
fn put<K: StateKey, V: StateValue>(
    table: &mut StateTable<K, V>,
    path: &Path,
    group: KeyGroup,
    key: K,
    value: V,
) -> Result<()> {
    let hash = stable_hash(&key);
    let computed = table.identity().max_parallelism.group_of(hash);
    if computed != group {
        return Err(damaged(
            path,
            format!(
                "a key of group {computed} stands under group {group}; its Hash may have changed"
            ),
        ));
    }
    table.insert_hashed(hash, key, value);
    Ok(())
}
