//! Uploads that attempts have left behind, and which of them may be aborted.

use std::collections::BTreeSet;

use millstream_core::lineage::{Author, Kin, Lineage};
use millstream_engine::connector::Kept;
use millstream_objects::{ObjectUrl, Store};

use super::names::author_of;

/// The ids of uploads that somebody may still ask for when a job has ended.
#[derive(Debug)]
pub(in crate::file_sink) struct KeptUploads(BTreeSet<String>);

impl KeptUploads {
    /// `None`: it can't be told.
    pub(in crate::file_sink) fn of(kept: &Kept) -> Option<Self> {
        let Kept::Only(kept) = kept else {
            return None;
        };
        let uploads = kept
            .iter()
            .filter_map(|kept| kept.value.get("upload")?.as_str());
        Some(Self(uploads.map(str::to_owned).collect()))
    }
}

/// Whether a run may abort an upload of that author. Before it writes, `ended` is none: what is of earlier runs is named by no
/// snapshot that the job goes on from. When its job has ended: what the job has left itself, but for what is kept.
fn may_abort(kin: &Kin, author: Author, upload: &str, ended: Option<&KeptUploads>) -> bool {
    match ended {
        None => kin.is_earlier(author) || kin.is_superseded(author),
        Some(KeptUploads(kept)) => {
            let own = kin.author;
            author.job == own.job && author.run <= own.run && !kept.contains(upload)
        }
    }
}

/// What a run aborts before it writes, and when its job has ended.
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
    /// snapshot that this job goes on from.
    pub(in crate::file_sink) fn abort_earlier(&self) {
        self.abort(None);
    }

    /// Aborts uploads of the job, which has ended, but for those that are kept.
    pub(in crate::file_sink) fn abort_own(&self, kept: &KeptUploads) {
        self.abort(Some(kept));
    }

    /// What can't be aborted is logged: nobody sees it, and it does no harm but take space.
    fn abort(&self, ended: Option<&KeptUploads>) {
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
            let may = |author| may_abort(&self.kin, author, &upload.upload, ended);
            if !author.is_some_and(may) {
                continue;
            }
            tracing::debug!("aborts the upload of {}, left behind", upload.key);
            if let Err(error) = self.store.abort(&upload.key, &upload.upload) {
                tracing::warn!("the upload of {} can't be aborted: {error}", upload.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::{CheckpointId, JobId, Lineage};
    use millstream_engine::connector::Committable;

    use super::*;

    const A: JobId = JobId::from_bytes([0xa; 16]);
    const B: JobId = JobId::from_bytes([0xb; 16]);
    const C: JobId = JobId::from_bytes([0xc; 16]);
    const LEFT_AT: CheckpointId = 7;

    #[test]
    fn what_one_has_left_that_slept_is_aborted_over_any_number_of_jobs_that_took_its_place() {
        let author = |job, run| Author {
            origin: A,
            job,
            run,
        };
        let first = Lineage::fresh(1).behind(A, LEFT_AT, 2);
        let cases = [
            (first.clone().owned().behind(B, 9, 3).owned(), true),
            // The first may live on beside the second.
            (first.behind(B, 9, 3).owned(), false),
            (Lineage::fresh(1), false),
        ];
        for (lineage, expected) in cases {
            // Also where the job has snapshots of its own.
            for restored in [B, C] {
                let kin = Kin::new(C, 5, &lineage, [restored]);
                let may = may_abort(&kin, author(A, 4), "left", None);
                assert_eq!(may, expected, "{lineage:?}");
                assert!(!may_abort(&kin, author(A, 6), "later", None));
            }
        }
    }

    #[test]
    fn a_job_that_has_ended_aborts_what_it_has_left_and_nobody_may_ask_for() {
        let kin = Kin::new(B, 5, &Lineage::fresh(1).behind(A, LEFT_AT, 2), []);
        let prepared = Committable {
            name: "s3://b/x".to_owned(),
            value: serde_json::json!({"object_version": 1, "upload": "kept"}),
        };
        let kept = KeptUploads::of(&Kept::Only(vec![prepared])).expect("it is told");
        let cases = [
            (B, 5, "left", true),
            (B, 4, "left", true),
            (B, 5, "kept", false),
            (B, 6, "left", false),
            (A, 3, "left", false),
        ];
        for (job, run, upload, expected) in cases {
            let author = Author {
                origin: A,
                job,
                run,
            };
            let may = may_abort(&kin, author, upload, Some(&kept));
            assert_eq!(may, expected, "{upload} of run {run} of {job}");
        }
        assert!(KeptUploads::of(&Kept::All).is_none());
    }
}
