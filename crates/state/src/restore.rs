//! Reading state back, at any parallelism: each subtask takes the entries of its own key groups out of the
//! files of all subtasks that wrote them.

use std::path::Path;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use millstream_core::hash::stable_hash;
use millstream_core::{Error, KeyGroup, Result, codes};
use millstream_storage::canonical::{self, CanonicalReader};
use millstream_storage::native::{NativeReader, Section};
use millstream_storage::{
    FileEntry, OperatorSnapshot, SnapshotFormat, StateMetadata, VerifiedFile, damaged,
};
use serde::de::DeserializeOwned;

use crate::fail;
use crate::identity::TableIdentity;
use crate::places::{read_named, read_places};
use crate::rows::TakesRows;

pub(crate) fn restore<T: TakesRows>(table: &mut T, snapshot: &OperatorSnapshot) -> Result<()> {
    table.clear();
    let name = table.identity().name.clone();
    let Some(state) = snapshot.state(&name) else {
        return Ok(());
    };
    check_max_parallelism(table.identity(), snapshot)?;
    check_types(table.identity(), state)?;
    let key_groups = table.identity().key_groups;
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

fn restore_native<T: TakesRows>(table: &mut T, file: &VerifiedFile) -> Result<u64> {
    let path = file.path();
    let mut reader = NativeReader::open(file, table.identity().key_groups)?;
    let by_entry = reader.is_by_entry();
    let mut restored = 0;
    while let Some(section) = reader.next_section()? {
        let Section {
            group,
            entries,
            bytes,
        } = section;
        let mut rest = bytes.as_slice();
        for _ in 0..entries {
            rest = if by_entry {
                let ((key, place, value), behind) = decode(rest, path)?;
                put(table, path, group, key, Entry::One(place, value))?;
                behind
            } else {
                let ((key, whole), behind) = decode(rest, path)?;
                put(table, path, group, key, Entry::Whole(whole))?;
                behind
            };
        }
        if !rest.is_empty() {
            return Err(damaged(path, "a section holds more than its entries"));
        }
        restored += u64::from(entries);
    }
    Ok(restored)
}

fn decode<'a, T: DeserializeOwned>(bytes: &'a [u8], path: &Path) -> Result<(T, &'a [u8])> {
    postcard::take_from_bytes(bytes)
        .map_err(|cause| damaged(path, format!("an entry can't be decoded, {cause}")))
}

fn restore_canonical<T: TakesRows>(table: &mut T, file: &VerifiedFile) -> Result<u64> {
    let path = file.path();
    let (key_groups, layout) = (table.identity().key_groups, table.identity().layout);
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
        let keys = read_named::<T::Key>(&batch, "key").map_err(|cause| damaged(path, cause))?;
        let groups = canonical::key_groups(&batch, path)?;
        let keys = groups.values().iter().copied().zip(keys);
        restored += batch.num_rows() as u64;
        if reader.is_by_entry() {
            let places = read_places(layout, &batch).map_err(|cause| damaged(path, cause))?;
            let values = read_named(&batch, "value").map_err(|cause| damaged(path, cause))?;
            for (((group, key), place), value) in keys.zip(places).zip(values) {
                put(table, path, group, key, Entry::One(place, value))?;
            }
        } else {
            let wholes = read_named(&batch, "value").map_err(|cause| damaged(path, cause))?;
            for ((group, key), whole) in keys.zip(wholes) {
                put(table, path, group, key, Entry::Whole(whole))?;
            }
        }
    }
    Ok(restored)
}

/// What a file holds under a key.
enum Entry<T: TakesRows> {
    One(T::Place, T::Value),
    Whole(T::Whole),
}

/// The group is computed from the key, and must be the one that the file says: a key whose hash has changed would be
/// looked for in the wrong place for ever.
fn put<T: TakesRows>(
    table: &mut T,
    path: &Path,
    group: KeyGroup,
    key: T::Key,
    entry: Entry<T>,
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
    match entry {
        Entry::One(place, value) => table
            .put(hash, key, place, value)
            .map_err(|cause| damaged(path, cause)),
        Entry::Whole(whole) => {
            table.put_whole(hash, key, whole);
            Ok(())
        }
    }
}
