use millstream_core::Configuration;

use crate::recovery::RestoredFrom;

use super::*;

fn settings(retained: usize, retention: Retention) -> CheckpointSettings {
    let defaults = CheckpointSettings::from_configuration(&Configuration::new());
    CheckpointSettings {
        retained,
        retention,
        ..defaults.expect("defaults are valid")
    }
}

fn checkpoint(number: CheckpointId) -> SnapshotRef {
    SnapshotRef {
        checkpoint: number,
        path: format!("/c/chk-{number}"),
        savepoint: false,
    }
}

fn savepoint(number: CheckpointId) -> SnapshotRef {
    SnapshotRef {
        checkpoint: number,
        path: format!("/s/{number}"),
        savepoint: true,
    }
}

fn restored(snapshot: SnapshotRef, claim: ClaimMode) -> Facts {
    let offer = Offer::usable(snapshot);
    Facts {
        restored_from: Some(RestoredFrom { offer, claim }),
        ..Facts::default()
    }
}

fn fresh(retained: usize, retention: Retention) -> Snapshots {
    Snapshots::new(&settings(retained, retention), Facts::default())
}

const NEVER: Retention = Retention::NoExternalizedCheckpoints;

#[test]
fn checkpoints_beyond_the_number_retained_are_subsumed_oldest_first() {
    let mut snapshots = fresh(2, NEVER);
    assert_eq!(snapshots.completed(checkpoint(1)), []);
    assert_eq!(snapshots.completed(checkpoint(2)), []);
    assert_eq!(snapshots.completed(checkpoint(4)), [checkpoint(1)]);
    assert_eq!(snapshots.newest(), Some(&checkpoint(4)));
}

#[test]
fn the_savepoint_of_a_stop_is_held_beside_its_checkpoint_and_never_deleted() {
    let mut snapshots = fresh(1, NEVER);
    snapshots.completed(checkpoint(1));
    assert_eq!(snapshots.completed(checkpoint(2)), [checkpoint(1)]);
    snapshots.anchored(savepoint(2));
    assert_eq!(snapshots.stop_savepoint(), Some(&savepoint(2)));
    assert_eq!(snapshots.decide(), Decision::GoOn(checkpoint(2)));
    // The stop failed and the job went on.
    assert_eq!(snapshots.completed(checkpoint(3)), [checkpoint(2)]);
    assert_eq!(snapshots.stop_savepoint(), None);
    assert_eq!(snapshots.completed(checkpoint(4)), [checkpoint(3)]);
    snapshots.anchored(savepoint(4));
    snapshots.committed(4);
    let at_end = snapshots.at_end(JobStatus::Finished);
    assert_eq!(at_end.discard, [checkpoint(4)]);
}

#[test]
fn what_is_noted_as_committed_is_not_kept_for_its_output() {
    for committed in [false, true] {
        let offer = Offer {
            committed,
            ..Offer::usable(checkpoint(5))
        };
        let facts = Facts {
            offered: vec![offer],
            ..Facts::default()
        };
        let snapshots = Snapshots::new(&settings(1, NEVER), facts);
        let at_end = snapshots.at_end(JobStatus::Canceled);
        assert_eq!(at_end.uncommitted.is_none(), committed);
    }
}

#[test]
fn the_snapshot_restored_from_is_deleted_only_if_it_was_claimed() {
    for (claim, expected) in [
        (ClaimMode::NoClaim, vec![]),
        (ClaimMode::Legacy, vec![]),
        (ClaimMode::Claim, vec![savepoint(7)]),
    ] {
        let facts = restored(savepoint(7), claim);
        let mut snapshots = Snapshots::new(&settings(1, NEVER), facts);
        assert_eq!(snapshots.decide(), Decision::GoOn(savepoint(7)));
        assert_eq!(snapshots.completed(checkpoint(8)), expected, "{claim:?}");
    }
}

#[test]
fn the_first_checkpoint_after_no_claim_is_complete_in_itself() {
    let facts = restored(savepoint(7), ClaimMode::NoClaim);
    let mut snapshots = Snapshots::new(&settings(1, NEVER), facts);
    assert!(snapshots.next_is_full());
    snapshots.completed(checkpoint(8));
    assert!(!snapshots.next_is_full());
    let claimed = restored(savepoint(7), ClaimMode::Claim);
    assert!(!Snapshots::new(&settings(1, NEVER), claimed).next_is_full());
}

#[test]
fn retention_decides_at_the_end_of_a_job() {
    let kept = Vec::new;
    let deleted = || vec![checkpoint(1)];
    for (retention, cancelled, failed) in [
        (Retention::RetainOnCancellation, kept(), kept()),
        (Retention::DeleteOnCancellation, deleted(), kept()),
        (NEVER, deleted(), deleted()),
    ] {
        let mut snapshots = fresh(1, retention);
        snapshots.completed(checkpoint(1));
        snapshots.committed(1);
        assert_eq!(
            snapshots.at_end(JobStatus::Canceled).discard,
            cancelled,
            "{retention:?}"
        );
        assert_eq!(
            snapshots.at_end(JobStatus::Failed).discard,
            failed,
            "{retention:?}"
        );
        assert_eq!(snapshots.at_end(JobStatus::Finished).discard, deleted());
    }
}

#[test]
fn a_checkpoint_with_uncommitted_output_outlives_the_job() {
    let mut snapshots = fresh(2, NEVER);
    snapshots.completed(checkpoint(1));
    snapshots.committed(1);
    snapshots.completed(checkpoint(2));
    let at_end = snapshots.at_end(JobStatus::Canceled);
    assert_eq!(at_end.discard, [checkpoint(1)]);
    assert_eq!(at_end.uncommitted, Some(checkpoint(2)));
}

#[test]
fn a_claimed_snapshot_that_nothing_subsumed_is_given_back() {
    let facts = restored(savepoint(7), ClaimMode::Claim);
    let mut snapshots = Snapshots::new(&settings(1, NEVER), facts);
    snapshots.committed(7);
    assert_eq!(snapshots.at_end(JobStatus::Failed), AtEnd::default());
}
