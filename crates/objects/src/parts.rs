//! Uploads in parts, which become an object at once.

use std::sync::Arc;

use bytes::Bytes;
use object_store::PutPayload;
use object_store::multipart::{MultipartStore, PartId};

use crate::error::{StoreError, Trouble};
use crate::store::{Store, Waiting, path};

impl Store {
    /// Begins an upload in parts: nothing is visible of it before it is [completed](Self::complete). Answers its id.
    ///
    /// # Errors
    /// It can't be begun.
    pub fn begin_upload(&self, key: &str) -> Waiting<String> {
        let (bucket, path) = (Arc::clone(self.bucket()), path(key));
        self.bucket()
            .runtime
            .begin(async move { Ok(bucket.s3.create_multipart(&path?).await?) })
    }

    /// Begins to upload the part with this number, from 0 on. Answers what names its content. All parts but the last have the same
    /// length, at least 5 MiB.
    pub fn upload_part(
        &self,
        key: &str,
        upload: &str,
        number: usize,
        bytes: Bytes,
    ) -> Waiting<String> {
        let bucket = Arc::clone(self.bucket());
        let (path, upload) = (path(key), upload.to_owned());
        self.bucket().runtime.begin(async move {
            let payload = PutPayload::from_bytes(bytes);
            let part = bucket.s3.put_part(&path?, &upload, number, payload).await?;
            Ok(part.content_id)
        })
    }

    /// Begins an upload and uploads its only part. Answers the upload's id, and what names the content.
    pub fn upload_whole(&self, key: &str, bytes: Bytes) -> Waiting<(String, String)> {
        let (bucket, path) = (Arc::clone(self.bucket()), path(key));
        self.bucket().runtime.begin(async move {
            let path = path?;
            let upload = bucket.s3.create_multipart(&path).await?;
            let payload = PutPayload::from_bytes(bytes);
            let part = bucket.s3.put_part(&path, &upload, 0, payload).await?;
            Ok((upload, part.content_id))
        })
    }

    /// Begins to make an object of the parts of an upload.
    ///
    /// [`Trouble::Absent`] says that there is no such upload: it was completed before, or aborted.
    pub fn complete(&self, key: &str, upload: &str, parts: &[String]) -> Waiting<()> {
        let bucket = Arc::clone(self.bucket());
        let (path, upload) = (path(key), upload.to_owned());
        let parts = parts.iter().map(|part| PartId {
            content_id: part.clone(),
        });
        let parts: Vec<PartId> = parts.collect();
        self.bucket().runtime.begin(async move {
            bucket.s3.complete_multipart(&path?, &upload, parts).await?;
            Ok(())
        })
    }

    /// Aborts an upload. One that is not there is no error.
    ///
    /// # Errors
    /// It can't be aborted.
    pub fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        let bucket = Arc::clone(self.bucket());
        let (path, upload) = (path(key)?, upload.to_owned());
        let aborted = self
            .bucket()
            .runtime
            .wait(async move { Ok(bucket.s3.abort_multipart(&path, &upload).await?) });
        match aborted {
            Err(error) if error.trouble() != Trouble::Absent => Err(error),
            _ => Ok(()),
        }
    }
}
