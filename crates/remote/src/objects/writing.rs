//! Writing files of state: by one request, or in parts once a file is longer than one.

use std::collections::VecDeque;
use std::io::{self, Write};

use bytes::Bytes;
use millstream_objects::{Store, StoreError, Trouble, Waiting};
use millstream_storage::{Upload, WriteFile};

/// Bytes of a part.
const PART: usize = 8 << 20;
/// Parts of a file that are on their way at once: more are waited for.
const ON_THEIR_WAY: usize = 4;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Written {
    store: Store,
    key: String,
    buffer: Vec<u8>,
    parts: Option<Parts>,
}

/// An upload in parts that has begun.
#[derive(Debug)]
struct Parts {
    store: Store,
    key: String,
    upload: String,
    begun: usize,
    /// Bytes of all parts.
    bytes: u64,
    done: Vec<String>,
    on_their_way: VecDeque<Waiting<String>>,
    is_over: bool,
}

impl Written {
    pub(crate) fn new(store: Store, key: String) -> Self {
        Self {
            store,
            key,
            buffer: Vec::new(),
            parts: None,
        }
    }

    fn part(&mut self) -> io::Result<()> {
        let parts = match self.parts.take() {
            Some(parts) => parts,
            None => Parts::begin(&self.store, &self.key)?,
        };
        let bytes = std::mem::take(&mut self.buffer);
        Ok(self.parts.insert(parts).add(bytes.into())?)
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PART - self.buffer.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() == PART {
            self.part()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for Written {
    fn finish(mut self: Box<Self>) -> io::Result<Upload> {
        if self.parts.is_none() {
            let bytes = Bytes::from(std::mem::take(&mut self.buffer));
            let put = self.store.put_new(&self.key, bytes);
            return Ok(Box::new(move || Ok(put.wait()?)));
        }
        if !self.buffer.is_empty() {
            self.part()?;
        }
        let parts = self.parts.take();
        Ok(Box::new(move || match parts {
            Some(parts) => Ok(parts.complete()?),
            None => Ok(()),
        }))
    }
}

impl Parts {
    fn begin(store: &Store, key: &str) -> Result<Self, StoreError> {
        Ok(Self {
            upload: store.begin_upload(key).wait()?,
            store: store.clone(),
            key: key.to_owned(),
            begun: 0,
            bytes: 0,
            done: Vec::new(),
            on_their_way: VecDeque::new(),
            is_over: false,
        })
    }

    fn add(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        if self.on_their_way.len() >= ON_THEIR_WAY
            && let Some(first) = self.on_their_way.pop_front()
        {
            self.done.push(first.wait()?);
        }
        self.bytes += bytes.len() as u64;
        let part = self
            .store
            .upload_part(&self.key, &self.upload, self.begun, bytes);
        self.begun += 1;
        self.on_their_way.push_back(part);
        Ok(())
    }

    fn complete(mut self) -> Result<(), StoreError> {
        while let Some(part) = self.on_their_way.pop_front() {
            self.done.push(part.wait()?);
        }
        let completed = self.store.complete(&self.key, &self.upload, &self.done);
        if let Err(error) = completed.wait() {
            // One that was done may not have been answered, or have been asked for again.
            let is_unknown = matches!(error.trouble(), Trouble::Absent | Trouble::Unreachable);
            let found = match is_unknown {
                true => self.store.head(&self.key)?,
                false => None,
            };
            if found.is_none_or(|found| found.size != self.bytes) {
                return Err(error);
            }
        }
        self.is_over = true;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Err(error) = self.store.abort(&self.key, &self.upload) {
            tracing::debug!("the upload of {} stays: {error}", self.key);
        }
    }
}
