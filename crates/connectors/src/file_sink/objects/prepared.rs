//! What a snapshot says about prepared objects, and how they are committed.

use std::collections::VecDeque;

use millstream_core::Result;
use millstream_engine::connector::{CommitOutcome, Committable};
use millstream_objects::{Store, StoreError, Stores, Trouble, Waiting};
use serde::{Deserialize, Serialize};

use super::store_error;

/// The version of [`PreparedObject`].
const VERSION: u32 = 1;
/// Uploads that are completed side by side.
const SIDE_BY_SIDE: usize = 16;

/// What a snapshot says about a prepared object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::file_sink) struct PreparedObject {
    object_version: u32,
    bucket: String,
    key: String,
    /// The id of its upload.
    upload: String,
    /// What names the content of each part.
    parts: Vec<String>,
    bytes: u64,
}

impl PreparedObject {
    /// An object of which all parts are uploaded.
    pub(super) fn new(
        bucket: &str,
        key: String,
        upload: String,
        parts: Vec<String>,
        bytes: u64,
    ) -> Self {
        Self {
            object_version: VERSION,
            bucket: bucket.to_owned(),
            key,
            upload,
            parts,
            bytes,
        }
    }

    /// As it is written into a snapshot.
    pub(super) fn committable(&self) -> Committable {
        // Of text and numbers only, which JSON always holds.
        Committable {
            name: format!("s3://{}/{}", self.bucket, self.key),
            value: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// Reads what a snapshot holds; `None`: it is no object.
    pub(in crate::file_sink) fn parse(committable: &Committable) -> Option<Result<Self, String>> {
        committable.value.get("object_version")?;
        let object: Result<Self, _> = serde_json::from_value(committable.value.clone());
        Some(match object {
            Err(error) => Err(format!("not an object of the file sink: {error}")),
            Ok(object) if object.object_version > VERSION => Err(format!(
                "written by a newer version of the file sink ({})",
                object.object_version
            )),
            Ok(object) => Ok(object),
        })
    }
}

/// Completes the uploads of objects, side by side; an outcome for each, in order.
///
/// # Errors
/// The store can't be reached or refuses: all of it is to be tried again.
pub(in crate::file_sink) fn settle_objects(
    stores: Option<&Stores>,
    objects: &[PreparedObject],
    is_cancelled: impl Fn() -> bool,
) -> Result<Vec<CommitOutcome>> {
    let mut outcomes = Vec::with_capacity(objects.len());
    let mut under_way: VecDeque<(&PreparedObject, Store, Waiting<()>)> = VecDeque::new();
    let mut left = objects.iter();
    loop {
        while under_way.len() < SIDE_BY_SIDE
            && !is_cancelled()
            && let Some(object) = left.next()
        {
            let store = store_of(stores, object)?;
            let completing = store.complete(&object.key, &object.upload, &object.parts);
            under_way.push_back((object, store, completing));
        }
        let Some((object, store, completing)) = under_way.pop_front() else {
            break;
        };
        outcomes.push(outcome(object, &store, completing.wait())?);
    }
    match left.next() {
        None => Ok(outcomes),
        Some(next) => {
            let cancelled = StoreError::new(Trouble::Unreachable, "the job is being cancelled");
            Err(store_error("commit", &next.bucket, &next.key, &cancelled)
                .next("start the job again from its newest snapshot, which commits it"))
        }
    }
}

fn store_of(stores: Option<&Stores>, object: &PreparedObject) -> Result<Store> {
    let opened = open_store(stores, &object.bucket);
    opened.map_err(|error| store_error("commit", &object.bucket, &object.key, &error))
}

/// The store of a bucket, where there are settings of any.
pub(super) fn open_store(stores: Option<&Stores>, bucket: &str) -> Result<Store, StoreError> {
    let none = || {
        StoreError::new(
            Trouble::Refused,
            "this job has no settings of object stores",
        )
    };
    stores.ok_or_else(none)?.open(bucket)
}

fn outcome(
    object: &PreparedObject,
    store: &Store,
    completed: Result<(), StoreError>,
) -> Result<CommitOutcome> {
    let failed = |error: &StoreError| store_error("commit", &object.bucket, &object.key, error);
    match completed {
        Ok(()) => return Ok(CommitOutcome::Committed),
        Err(error) if error.trouble() != Trouble::Absent => return Err(failed(&error)),
        Err(_) => {}
    }
    // There is no such upload: it was completed before, or somebody has aborted it.
    let found = store.head(&object.key).map_err(|error| failed(&error))?;
    let shown = format!("s3://{}/{}", object.bucket, object.key);
    Ok(match found {
        Some(found) if found.size == object.bytes => CommitOutcome::AlreadyCommitted,
        Some(found) => CommitOutcome::Unknown(format!(
            "{shown} holds {} bytes where {} were written",
            found.size, object.bytes
        )),
        None => {
            // Whatever stands before the store may answer so, too; it lists nothing.
            let place = object.key.rsplit_once('/');
            let place = place.map_or_else(String::new, |(place, _)| format!("{place}/"));
            let listed = store.list(&place).next_page();
            listed.map_err(|error| failed(&error))?;
            CommitOutcome::Lost(format!(
                "neither {shown} nor its upload is there; a rule of the bucket may have aborted it"
            ))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::PreparedObject;

    #[test]
    fn a_snapshot_tells_objects_from_files() {
        let parts = vec!["\"a\"".to_owned()];
        let object = PreparedObject::new("b", "out/x.json".into(), "1".into(), parts, 9);
        let mut committable = object.committable();
        assert_eq!(committable.name, "s3://b/out/x.json");
        assert_eq!(PreparedObject::parse(&committable), Some(Ok(object)));
        committable.value["object_version"] = 2.into();
        assert!(matches!(PreparedObject::parse(&committable), Some(Err(_))));
        committable.value = serde_json::json!({"version": 2});
        assert_eq!(PreparedObject::parse(&committable), None);
    }
}
