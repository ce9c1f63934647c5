//! Uploads that dead attempts have left behind.

use millstream_core::lineage::{Kin, Lineage};
use millstream_objects::{ObjectUrl, Store};

use super::names::author_of;

/// What a run aborts before it writes.
#[derive(Debug)]
pub(in crate::file_sink) struct ObjectLeftovers {
    store: Store,
    url: ObjectUrl,
    kin: Kin,
    lineage: Lineage,
}

impl ObjectLeftovers {
    /// What `kin`, of this lineage, may abort below `url`.
    pub(in crate::file_sink) fn new(
        store: Store,
        url: ObjectUrl,
        kin: Kin,
        lineage: Lineage,
    ) -> Self {
        Self {
            store,
            url,
            kin,
            lineage,
        }
    }

    /// Aborts uploads of earlier runs. Only once every sink of the job has recovered: what is still there then is named by no
    /// snapshot that this job goes on from. What can't be aborted is logged: nobody sees it, and it does no harm but take space.
    pub(in crate::file_sink) fn abort_all(&self) {
        let found = match self.store.unfinished(&self.url.prefix()) {
            Ok(found) => found,
            Err(error) => {
                let (job, url) = (self.kin.author.job, &self.url);
                tracing::warn!(
                    "what was left behind for job {job} in {url} can't be listed ({error}); a rule of the bucket that aborts \
                     uploads after some days takes it away"
                );
                return;
            }
        };
        for upload in found {
            let author = author_of(&upload.key, &self.lineage);
            if !author.is_some_and(|author| self.kin.is_earlier(author)) {
                continue;
            }
            tracing::debug!(
                "aborts the upload of {}, left behind by a run that died",
                upload.key
            );
            if let Err(error) = self.store.abort(&upload.key, &upload.upload) {
                tracing::warn!("the upload of {} can't be aborted: {error}", upload.key);
            }
        }
    }
}
