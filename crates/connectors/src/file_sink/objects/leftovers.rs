//! Uploads that attempts have left behind, and which of them may be aborted.

use millstream_core::lineage::{Author, Kin, Lineage};
use millstream_objects::{ObjectUrl, StoreError, Stores, Trouble};

use super::names::author_of;
use super::prepared::open_store;
use crate::file_sink::kin::When;

/// Whether a run may abort an upload of that author at that time. Once all have recovered, what is of earlier runs is named by no
/// snapshot that the job goes on from.
fn may_abort(kin: &Kin, author: Author, upload: &str, when: When<'_>) -> bool {
    match when {
        When::Recovering => false,
        When::Recovered => kin.is_earlier(author) || kin.is_superseded(author),
        When::Ended(kept) => {
            let own = kin.author;
            author.job == own.job && author.run <= own.run && !kept.has_upload(upload)
        }
    }
}

/// Aborts what `kin`, of this lineage, may abort at that time below `url`. An upload that can't be aborted is logged.
///
/// # Errors
/// The store can't be reached, or does not tell what uploads there are.
pub(in crate::file_sink) fn abort_uploads(
    kin: &Kin,
    lineage: &Lineage,
    stores: Option<&Stores>,
    url: &ObjectUrl,
    when: When<'_>,
) -> Result<(), StoreError> {
    if matches!(when, When::Recovering) {
        // Nothing tells an upload that is prepared from one that is not.
        return Ok(());
    }
    let store = open_store(stores, url.bucket())?;
    for upload in store.unfinished(&url.prefix())? {
        let author = author_of(&upload.key, lineage);
        if !author.is_some_and(|author| may_abort(kin, author, &upload.upload, when)) {
            continue;
        }
        tracing::debug!("aborts the upload of {}, left behind", upload.key);
        match store.abort(&upload.key, &upload.upload) {
            Ok(()) => {}
            // Each of the others would be waited for as long.
            Err(error) if error.trouble() == Trouble::Unreachable => return Err(error),
            Err(error) => {
                tracing::warn!("the upload of {} can't be aborted: {error}", upload.key);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use millstream_core::{CheckpointId, JobId, Lineage};
    use millstream_engine::connector::{Committable, Kept};

    use super::*;
    use crate::file_sink::kin::KeptOutput;

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
                let may = |author, upload| may_abort(&kin, author, upload, When::Recovered);
                assert_eq!(may(author(A, 4), "left"), expected, "{lineage:?}");
                assert!(!may(author(A, 6), "later"));
                let early = may_abort(&kin, author(A, 4), "left", When::Recovering);
                assert!(
                    !early,
                    "a snapshot that is being recovered from may name it"
                );
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
        let kept = KeptOutput::of(&Kept::Only(vec![prepared])).expect("it is told");
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
            let may = may_abort(&kin, author, upload, When::Ended(&kept));
            assert_eq!(may, expected, "{upload} of run {run} of {job}");
        }
    }
}
