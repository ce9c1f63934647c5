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
        condition: damage.map_or(Condition::Usable, |damage| {
            Condition::Damaged(damage.to_owned())
        }),
        committed: false,
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

fn unreachable(checkpoint: CheckpointId) -> Offer {
    Offer {
        condition: Condition::Unreachable("not mounted".to_owned()),
        ..offer(checkpoint, None)
    }
}

fn waits_for(facts: &Facts) -> String {
    match decide(facts) {
        Decision::Wait { why } => why,
        other => panic!("it does not wait: {other:?}"),
    }
}

#[test]
fn a_completed_snapshot_that_is_not_there_is_waited_for() {
    let facts = Facts {
        offered: vec![offer(4, None)],
        completed_up_to: Some(5),
        ..Facts::default()
    };
    assert!(waits_for(&facts).contains("snapshot 5"));
    let nothing_left = Facts {
        restored_from: Some(restored(3)),
        completed_up_to: Some(5),
        ..Facts::default()
    };
    assert!(waits_for(&nothing_left).contains("snapshot 5"));
}

#[test]
fn what_somebody_else_has_is_not_waited_for() {
    let (code, why) = refusal(&Facts {
        taken: Some("job 7 has gone on from it".to_owned()),
        ..stopped(Condition::Usable, true)
    });
    assert_eq!(
        (code, why.as_str()),
        ("MS-3011", "job 7 has gone on from it")
    );
}

#[test]
fn what_can_not_be_reached_is_waited_for_and_never_passed_over() {
    let newest = Facts {
        offered: vec![offer(4, None), unreachable(9)],
        ..Facts::default()
    };
    assert!(waits_for(&newest).contains("chk-9"));
    let given = RestoredFrom {
        offer: unreachable(0),
        claim: ClaimMode::Claim,
    };
    waits_for(&Facts {
        restored_from: Some(given),
        ..Facts::default()
    });
    let directory = Facts {
        unreachable: Some("/c is not mounted".to_owned()),
        ..Facts::default()
    };
    assert_eq!(waits_for(&directory), "/c is not mounted");
}

#[test]
fn of_two_snapshots_of_one_number_the_one_that_can_be_used_is_taken() {
    let mut savepoint = offer(9, None);
    savepoint.snapshot.savepoint = true;
    let damaged = Some("chk-9/part-1 is 3 bytes short");
    for (checkpoint, taken) in [(offer(9, None), false), (offer(9, damaged), true)] {
        let facts = Facts {
            offered: vec![savepoint.clone(), checkpoint],
            ..Facts::default()
        };
        let Decision::GoOn(snapshot) = decide(&facts) else {
            panic!("one can be used");
        };
        assert_eq!(snapshot.savepoint, taken);
    }
}

/// A job with checkpoint 8 whose process died in a stop with savepoint 9.
fn stopped(condition: Condition, written: bool) -> Facts {
    let savepoint = Offer {
        snapshot: SnapshotRef {
            savepoint: true,
            ..snapshot(9)
        },
        condition,
        committed: false,
    };
    Facts {
        offered: vec![offer(8, None)],
        unfinished_stop: Some(UnfinishedStop {
            id: TriggerId::from_bytes([1; 16]),
            savepoint,
            written,
        }),
        ..Facts::default()
    }
}

#[test]
fn an_unfinished_stop_goes_on_from_its_savepoint_noted_as_written_or_not() {
    for written in [false, true] {
        let facts = stopped(Condition::Usable, written);
        assert_eq!(course_of_stop(&facts), CourseOfStop::Resume);
        let Decision::GoOn(snapshot) = decide(&facts) else {
            panic!("it can be gone on from");
        };
        assert!(snapshot.savepoint && snapshot.checkpoint == 9);
    }
}

#[test]
fn a_stop_that_was_written_is_never_forgotten() {
    let away = || Condition::Unreachable("not mounted".to_owned());
    let facts = stopped(away(), true);
    assert_eq!(course_of_stop(&facts), CourseOfStop::Wait);
    assert!(waits_for(&facts).contains("not mounted"));
    // Nothing is committed before it is noted as written.
    let unwritten = stopped(away(), false);
    assert!(matches!(course_of_stop(&unwritten), CourseOfStop::Over(_)));
    assert_eq!(decide(&unwritten), Decision::GoOn(snapshot(8)));
    // Its checkpoint comes after it, so the savepoint was there.
    let mut both = stopped(away(), false);
    both.offered.push(offer(9, None));
    assert_eq!(course_of_stop(&both), CourseOfStop::Wait);
    waits_for(&both);
}

#[test]
fn a_damaged_savepoint_ends_the_stop_and_its_checkpoint_is_gone_on_from() {
    let damaged = || Condition::Damaged("_metadata is no JSON".to_owned());
    let mut facts = stopped(damaged(), true);
    assert!(matches!(course_of_stop(&facts), CourseOfStop::Over(_)));
    assert_eq!(refusal(&facts).0, "MS-3002");
    facts.offered.push(offer(9, None));
    assert_eq!(decide(&facts), Decision::GoOn(snapshot(9)));
}

#[test]
fn a_stop_that_the_job_has_gone_on_behind_is_over() {
    let mut facts = stopped(Condition::Usable, true);
    facts.offered.push(offer(10, None));
    assert!(matches!(course_of_stop(&facts), CourseOfStop::Over(_)));
    assert_eq!(decide(&facts), Decision::GoOn(snapshot(10)));
}
