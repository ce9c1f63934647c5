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
//! Uploads are listed by the first writer of an attempt when it starts, also where the sink wrote before: what earlier runs of the own
//! lineage have left is aborted then. Everything that the restored snapshot names has been completed before, so none of those is
//! wanted by anybody. A job that has ended aborts what it has left itself, but for what a snapshot that stays may need.

mod leftovers;
mod names;
mod prepared;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::bounded;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Committable;
use millstream_objects::{ObjectUrl, Store, StoreError, Stores, Trouble, Waiting};

use super::names::Partition;
use super::no_directory;

pub(super) use leftovers::abort_uploads;
pub(super) use names::ObjectNames;
pub(super) use prepared::{PreparedObject, settle_objects};

/// The least length of a part that is not the last, as stores that speak S3 want it.
const LEAST_PART: usize = 5 << 20;
/// The most parts of an upload are 10,000; files end with the batch that takes them to their size, so they are a little larger.
const PARTS: u64 = 8_000;
/// Parts of one writer that are under way at a time.
const UNDER_WAY: usize = 8;
/// How long a job that begins waits to hear whether it may write.
const PATIENCE: Duration = Duration::from_secs(15);

/// The uploads of one writer that are not prepared yet.
pub(super) struct Uploads {
    store: Store,
    url: ObjectUrl,
    names: ObjectNames,
    part: usize,
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
    ) -> Self {
        let part = usize::try_from(max_file_bytes / PARTS).unwrap_or(LEAST_PART);
        Self {
            store,
            url,
            names,
            part: part.max(LEAST_PART),
            present: BTreeMap::new(),
            ended: Vec::new(),
            number: 0,
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

/// The store of what lies below `url`. It is not asked for anything.
///
/// # Errors
/// There are no settings, or they make no store of it.
pub(super) fn open(stores: Option<&Stores>, url: &ObjectUrl) -> Result<Store> {
    let Some(stores) = stores else {
        let message = format!("{url} lies in an object store, and the sink has no settings of any");
        return Err(Error::new(&codes::SINK_WRITE, message).next("give it some: FileSink::stores"));
    };
    stores.open(url.bucket()).map_err(|error| {
        Error::new(&codes::SINK_WRITE, format!("{url} can't be written to"))
            .cause(&error)
            .next(error.next_step())
    })
}

/// Refuses to begin below a key where nothing may be written: an upload, of which nobody sees anything, is begun there and aborted. What
/// else keeps it from being begun, and what the store says too late, is met where objects are written.
///
/// # Errors
/// It may not be begun.
pub(super) fn check_rights(store: &Store, url: &ObjectUrl, names: &ObjectNames) -> Result<()> {
    // No object of the writer ever has this number. An upload that a crash leaves is aborted by its name, as all are.
    let probe = url.join(&names.key("", u64::MAX));
    let (tell, told) = bounded(1);
    let store = store.clone();
    // On a thread of its own, which also aborts an upload that is begun too late.
    let look = move || {
        let begun = store.begin_upload(probe.key()).wait();
        if let Ok(upload) = &begun
            && let Err(error) = store.abort(probe.key(), upload)
        {
            tracing::warn!("the upload of {probe} can't be aborted: {error}");
        }
        // Whoever asked may be gone.
        drop(tell.send(begun.map(drop)));
    };
    // Where there can't be another thread, nothing is told.
    drop(Builder::new().name("file-sink-look".to_owned()).spawn(look));
    let why = match told.recv_timeout(PATIENCE) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) if error.trouble() == Trouble::Denied => {
            return Err(no_directory::refused(url, &error, error.next_step()));
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::debug!("whether objects can be written to {url} is not known yet: {why}");
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
