use super::*;

fn snapshot(checkpoint: CheckpointId) -> SnapshotRef {
    SnapshotRef {
        checkpoint,
        path: format!("/c/chk-{checkpoint}"),
        savepoint: false,
    }
}

fn offer(checkpoint: CheckpointId, damage: Option<&str>) -> Offer {
    Offer {
        snapshot: snapshot(checkpoint),
        damage: damage.map(str::to_owned),
    }
}

fn restored(checkpoint: CheckpointId) -> RestoredFrom {
    RestoredFrom {
        offer: offer(checkpoint, None),
        claim: ClaimMode::NoClaim,
    }
}

fn refusal(facts: &Facts) -> (&'static str, String) {
    match decide(facts) {
        Decision::Refused { code, why } => (code, why),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_newest_completed_snapshot_wins() {
    let offered = vec![offer(4, None), offer(9, None), offer(7, None)];
    let facts = Facts {
        offered,
        restored_from: Some(restored(3)),
        ..Facts::default()
    };
    assert_eq!(decide(&facts), Decision::GoOn(snapshot(9)));
}

#[test]
fn without_own_snapshots_a_start_goes_on_from_the_one_it_was_given() {
    let facts = Facts {
        restored_from: Some(restored(3)),
        ..Facts::default()
    };
    assert_eq!(decide(&facts), Decision::GoOn(snapshot(3)));
    assert_eq!(decide(&Facts::default()), Decision::Fresh);
}

#[test]
fn a_damaged_newest_snapshot_is_refused_by_name_rather_than_passed_over() {
    let offered = vec![
        offer(4, None),
        offer(9, Some("chk-9/part-1 is 3 bytes short")),
    ];
    let (code, why) = refusal(&Facts {
        offered,
        ..Facts::default()
    });
    assert_eq!(code, "MS-3002");
    assert!(why.contains("chk-9/part-1 is 3 bytes short"), "{why}");
}

#[test]
fn a_completed_snapshot_that_is_gone_is_missed() {
    let facts = Facts {
        offered: vec![offer(4, None)],
        completed_up_to: Some(5),
        ..Facts::default()
    };
    assert_eq!(refusal(&facts).0, "MS-3001");
    let nothing_left = Facts {
        restored_from: Some(restored(3)),
        completed_up_to: Some(5),
        ..Facts::default()
    };
    assert_eq!(refusal(&nothing_left).0, "MS-3001");
}

#[test]
fn an_unfinished_stop_goes_on_from_its_savepoint() {
    let stop = UnfinishedStop {
        id: TriggerId::from_bytes([1; 16]),
        savepoint: SnapshotRef {
            checkpoint: 9,
            path: "/s".to_owned(),
            savepoint: true,
        },
    };
    let facts = Facts {
        offered: vec![offer(8, None)],
        completed_up_to: Some(9),
        unfinished_stop: Some(stop.clone()),
        ..Facts::default()
    };
    assert_eq!(decide(&facts), Decision::GoOn(stop.savepoint));
}
