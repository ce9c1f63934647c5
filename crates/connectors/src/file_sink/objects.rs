//! Files in an object store.
//!
//! # The life of an object
//! There is no renaming, and no hidden name is needed: an upload in parts is seen by nobody before it is completed.
//! 1. **In progress**: an upload has been begun under the object's final name, and parts of it are uploaded as they fill.
//! 2. **Prepared**, on the boundary of a snapshot: all parts are uploaded. The snapshot holds the key, the id of the upload, what
//!    names the content of each part, and the length.
//! 3. **Committed**, once the snapshot is complete: the upload is completed.
//!
//! A commit that is asked for again finds no upload any more, and the object with its length: it was committed before. Neither of
//! both there: it is lost, mostly because a rule of the bucket has aborted uploads that are older than some days.
//!
//! A key is used once: `part-<job>-<origin>-<run>-<subtask>-<slot>-<number>.<extension>`. It can't hold the number of the checkpoint,
//! which is not known when an upload begins; the number of the attempt never repeats, which is as good.
//!
//! # Who cleans up
//! Uploads are listed by the first writer of an attempt when it starts: what earlier runs of the own lineage have left is aborted
//! then. Everything that the restored snapshot names has been completed before, so none of those is wanted by anybody. A job
//! that has ended aborts what it has left itself, but for what a snapshot that stays may need.

mod leftovers;
mod names;
mod prepared;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Committable;
use millstream_objects::{ObjectUrl, Store, StoreError, Waiting};

use super::names::Partition;

pub(super) use leftovers::{KeptUploads, ObjectLeftovers};
pub(super) use names::ObjectNames;
pub(super) use prepared::{PreparedObject, settle_objects};

/// The least length of a part that is not the last, as stores that speak S3 want it.
const LEAST_PART: usize = 5 << 20;
/// The most parts of an upload are 10,000; files end with the batch that takes them to their size, so they are a little larger.
const PARTS: u64 = 8_000;
/// Parts of one writer that are under way at a time.
const UNDER_WAY: usize = 8;

/// The uploads of one writer that are not prepared yet.
pub(super) struct Uploads {
    store: Store,
    url: ObjectUrl,
    names: ObjectNames,
    part: usize,
    /// What earlier runs have left; the first writer of an attempt sees to it.
    leftovers: Option<ObjectLeftovers>,
    present: BTreeMap<Partition, Upload>,
    ended: Vec<Upload>,
    number: u64,
}

/// An object that is being uploaded.
struct Upload {
    key: String,
    /// `None`: it is not begun.
    id: Option<String>,
    buffer: Vec<u8>,
    bytes: u64,
    /// What names the content of the parts that are there.
    parts: Vec<String>,
    under_way: VecDeque<Waiting<String>>,
    /// All of it at once, where it is small.
    whole: Option<Waiting<(String, String)>>,
}

impl Upload {
    fn new(key: String) -> Self {
        Self {
            key,
            id: None,
            buffer: Vec::new(),
            bytes: 0,
            parts: Vec::new(),
            under_way: VecDeque::new(),
            whole: None,
        }
    }

    fn count_under_way(&self) -> usize {
        self.under_way.len() + usize::from(self.whole.is_some())
    }

    /// Waits for the first part that is under way.
    fn settle_one(&mut self) -> Result<(), StoreError> {
        if let Some(whole) = self.whole.take() {
            let (id, part) = whole.wait()?;
            self.id = Some(id);
            self.parts.push(part);
        } else if let Some(part) = self.under_way.pop_front() {
            self.parts.push(part.wait()?);
        }
        Ok(())
    }
}

impl Uploads {
    /// Of a writer that names objects so below `url`. Files are ended when they have about `max_file_bytes`.
    pub(super) fn new(
        store: Store,
        url: ObjectUrl,
        names: ObjectNames,
        max_file_bytes: u64,
        leftovers: Option<ObjectLeftovers>,
    ) -> Self {
        let part = usize::try_from(max_file_bytes / PARTS).unwrap_or(LEAST_PART);
        Self {
            store,
            url,
            names,
            part: part.max(LEAST_PART),
            leftovers,
            present: BTreeMap::new(),
            ended: Vec::new(),
            number: 0,
        }
    }

    /// Removes what earlier runs have left, where that is this writer's matter.
    pub(super) fn begin(&mut self) {
        if let Some(leftovers) = self.leftovers.take() {
            leftovers.abort_earlier();
        }
    }

    /// Appends to the present object of a partition, which is begun if there is none.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<()> {
        if !self.present.contains_key(partition) {
            let key = self.url.join(&self.names.key(partition, self.number));
            self.number += 1;
            let upload = Upload::new(key.key().to_owned());
            self.present.insert(Arc::clone(partition), upload);
        }
        let (store, part) = (self.store.clone(), self.part);
        let Some(upload) = self.present.get_mut(partition) else {
            return Ok(());
        };
        upload.bytes += bytes.len() as u64;
        upload.buffer.extend_from_slice(bytes);
        let mut failed = None;
        while failed.is_none() && upload.buffer.len() >= part {
            let rest = upload.buffer.split_off(part);
            let full = std::mem::replace(&mut upload.buffer, rest);
            failed = upload_part(&store, upload, full.into()).err();
        }
        let key = upload.key.clone();
        match failed {
            Some(error) => Err(self.failed("write", &key, &error)),
            None => self.make_room(),
        }
    }

    /// Ends the present object of a partition: the rest of it is uploaded.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) fn end(&mut self, partition: &Partition) -> Result<()> {
        let Some(mut upload) = self.present.remove(partition) else {
            return Ok(());
        };
        let rest = Bytes::from(std::mem::take(&mut upload.buffer));
        let mut failed = None;
        if upload.id.is_none() {
            upload.whole = Some(self.store.upload_whole(&upload.key, rest));
        } else if !rest.is_empty() {
            failed = upload_part(&self.store, &mut upload, rest).err();
        }
        let key = upload.key.clone();
        self.ended.push(upload);
        match failed {
            Some(error) => Err(self.failed("write", &key, &error)),
            None => self.make_room(),
        }
    }

    /// Waits until all objects that have ended are uploaded.
    ///
    /// # Errors
    /// The store does not take them.
    pub(super) fn prepare(&mut self) -> Result<Vec<Committable>> {
        let mut committables = Vec::with_capacity(self.ended.len());
        for place in 0..self.ended.len() {
            while let Some(upload) = self
                .ended
                .get_mut(place)
                .filter(|it| it.count_under_way() > 0)
            {
                if let Err(error) = upload.settle_one() {
                    let key = upload.key.clone();
                    return Err(self.failed("upload", &key, &error));
                }
            }
        }
        for upload in std::mem::take(&mut self.ended) {
            let id = upload.id.unwrap_or_default();
            let prepared = PreparedObject::new(
                self.store.name(),
                upload.key,
                id,
                upload.parts,
                upload.bytes,
            );
            committables.push(prepared.committable());
        }
        Ok(committables)
    }

    /// Aborts what was never prepared. What can't be is left for the next attempt.
    pub(super) fn abandon(&mut self) {
        let present = std::mem::take(&mut self.present).into_values();
        let all: Vec<Upload> = std::mem::take(&mut self.ended)
            .into_iter()
            .chain(present)
            .collect();
        for mut upload in all {
            while upload.count_under_way() > 0 {
                if let Err(error) = upload.settle_one() {
                    tracing::debug!("{} was not uploaded: {error}", upload.key);
                }
            }
            let aborted = upload.id.map(|id| self.store.abort(&upload.key, &id));
            if let Some(Err(error)) = aborted {
                tracing::debug!("the upload of {} can't be aborted: {error}", upload.key);
            }
        }
    }

    /// Waits while too many parts are under way.
    fn make_room(&mut self) -> Result<()> {
        let all = self.present.values().chain(&self.ended);
        let mut under_way: usize = all.map(Upload::count_under_way).sum();
        while under_way > UNDER_WAY {
            let mut all = self.ended.iter_mut().chain(self.present.values_mut());
            let Some(upload) = all.find(|upload| upload.count_under_way() > 0) else {
                return Ok(());
            };
            if let Err(error) = upload.settle_one() {
                let key = upload.key.clone();
                return Err(self.failed("upload", &key, &error));
            }
            under_way -= 1;
        }
        Ok(())
    }

    fn failed(&self, doing: &str, key: &str, error: &StoreError) -> Error {
        store_error(doing, self.store.name(), key, error)
    }
}

/// Uploads a part, of an upload that is begun if it is not.
fn upload_part(store: &Store, upload: &mut Upload, bytes: Bytes) -> Result<(), StoreError> {
    let id = match &upload.id {
        Some(id) => id.clone(),
        None => {
            let id = store.begin_upload(&upload.key).wait()?;
            upload.id.insert(id).clone()
        }
    };
    let number = upload.parts.len() + upload.under_way.len();
    let part = store.upload_part(&upload.key, &id, number, bytes);
    upload.under_way.push_back(part);
    Ok(())
}

/// An object can't be written or committed.
fn store_error(doing: &str, bucket: &str, key: &str, error: &StoreError) -> Error {
    Error::new(
        &codes::SINK_WRITE,
        format!("can't {doing} s3://{bucket}/{key}"),
    )
    .cause(error)
    .next(error.next_step())
}
