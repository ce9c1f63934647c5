//! Small objects: put in place by one request, and read by one.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload};

use crate::error::{StoreError, Trouble};
use crate::store::{Object, Store, Waiting, path};

/// How often it is tried to find out what became of a request that nobody has answered.
const TRIES: usize = 3;

impl Store {
    /// Begins to put an object in place, whatever was there.
    pub fn put(&self, key: &str, bytes: Bytes) -> Waiting<()> {
        let (bucket, path) = (Arc::clone(self.bucket()), path(key));
        self.bucket().runtime.begin(async move {
            let payload = PutPayload::from_bytes(bytes);
            bucket
                .s3
                .put_opts(&path?, payload, PutOptions::default())
                .await?;
            Ok(())
        })
    }

    /// Begins to put an object in place if there is none of that key, or one of these bytes. What became of a request that was not
    /// answered is looked up.
    ///
    /// [`Trouble::Exists`] says that there is another one.
    pub fn put_new(&self, key: &str, bytes: Bytes) -> Waiting<()> {
        let (bucket, path) = (Arc::clone(self.bucket()), path(key));
        self.bucket().runtime.begin(async move {
            let path = path?;
            let mut tries = 0;
            loop {
                tries += 1;
                let options = PutOptions::from(PutMode::Create);
                let payload = PutPayload::from_bytes(bytes.clone());
                let put = bucket.s3.put_opts(&path, payload, options).await;
                let error = match put.map_err(StoreError::from) {
                    Ok(_) => return Ok(()),
                    Err(error) => error,
                };
                if !matches!(error.trouble(), Trouble::Exists | Trouble::Unreachable) {
                    return Err(error);
                }
                // A request that nobody has answered may have been done, and so may have its repetition.
                let found = bucket.s3.get_opts(&path, Default::default()).await;
                let there = match found {
                    Ok(found) => Some(found.bytes().await?),
                    Err(object_store::Error::NotFound { .. }) => None,
                    Err(_) => return Err(error),
                };
                match there {
                    Some(there) if there == bytes => return Ok(()),
                    Some(_) => {
                        let what = format!("there is another object of the key {path}");
                        return Err(StoreError::new(Trouble::Exists, what));
                    }
                    None if tries < TRIES => {}
                    None => return Err(error),
                }
            }
        })
    }

    /// Begins to read all of an object.
    pub fn get(&self, key: &str) -> Waiting<(Object, Bytes)> {
        let (bucket, path) = (Arc::clone(self.bucket()), path(key));
        self.bucket().runtime.begin(async move {
            let found = bucket.s3.get_opts(&path?, Default::default()).await?;
            let object = Object::of(found.meta.clone());
            Ok((object, found.bytes().await?))
        })
    }
}
