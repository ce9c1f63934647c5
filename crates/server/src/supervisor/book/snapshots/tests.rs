use super::*;

fn checkpoint(id: CheckpointId, state: CheckpointState) -> CheckpointReport {
    CheckpointReport {
        id,
        state,
        savepoint: None,
        last: false,
        triggered: id,
        acknowledged: None,
        ended: None,
        bytes: 0,
        longest_pause_ms: 0,
        path: Some(format!("file:/c/chk-{id}")),
        discarded: false,
        failure: None,
        numbers: None,
        tasks: Vec::new(),
    }
}

fn complete(id: CheckpointId) -> CheckpointReport {
    checkpoint(id, CheckpointState::Completed)
}

fn gone(id: CheckpointId) -> CheckpointReport {
    CheckpointReport {
        discarded: true,
        ..complete(id)
    }
}

fn savepoint(id: CheckpointId) -> CheckpointReport {
    CheckpointReport {
        savepoint: Some(Default::default()),
        ..complete(id)
    }
}

fn lying(numbers: &[CheckpointId], untold: &[CheckpointReport]) -> Lying {
    Lying {
        numbers: numbers.iter().copied().collect(),
        untold: untold.to_vec(),
        unused: 0,
    }
}

/// Of each case: what was told, what lies there, whether the job has ended, what is shown then.
#[test]
fn what_lies_there_is_shown_whatever_was_told() {
    let given_up = checkpoint(3, CheckpointState::Failed);
    let cases = [
        (
            "as told",
            vec![complete(2)],
            lying(&[2], &[]),
            false,
            vec![complete(2)],
        ),
        (
            "one more was completed and the one before deleted",
            vec![complete(2)],
            lying(&[3], &[complete(3)]),
            false,
            vec![gone(2), complete(3)],
        ),
        (
            "one more was completed",
            vec![complete(2)],
            lying(&[2, 3], &[complete(3)]),
            true,
            vec![complete(2), complete(3)],
        ),
        (
            "nothing was told",
            vec![],
            lying(&[1], &[complete(1)]),
            false,
            vec![complete(1)],
        ),
        (
            "the newest is gone, an older one is not",
            vec![complete(1), complete(2)],
            lying(&[1], &[]),
            false,
            vec![complete(1), gone(2)],
        ),
        (
            "the disk may be away",
            vec![complete(2)],
            lying(&[], &[]),
            false,
            vec![complete(2)],
        ),
        (
            "the last was deleted with its job",
            vec![complete(2)],
            lying(&[], &[]),
            true,
            vec![gone(2)],
        ),
        (
            "told deleted, and not",
            vec![gone(2)],
            lying(&[2], &[]),
            false,
            vec![complete(2)],
        ),
        (
            "told given up, and written",
            vec![complete(2), given_up.clone()],
            lying(&[2, 3], &[complete(3)]),
            false,
            vec![complete(2), complete(3)],
        ),
        (
            "one that failed is none that is missed",
            vec![complete(2), given_up.clone()],
            lying(&[2], &[]),
            false,
            vec![complete(2), given_up],
        ),
        (
            "savepoints lie elsewhere",
            vec![savepoint(2)],
            lying(&[1], &[complete(1)]),
            true,
            vec![complete(1), savepoint(2)],
        ),
    ];
    for (what, told, lying, has_ended, shown) in cases {
        let mut known = told.clone();
        let changed = reconcile(&mut known, &lying, has_ended, 10);
        assert_eq!(known, shown, "{what}");
        let differ = shown.iter().filter(|now| !told.contains(now));
        assert_eq!(changed, differ.cloned().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn what_lies_there_is_forgotten_as_what_was_told_is() {
    let mut known = vec![complete(1), checkpoint(2, CheckpointState::Failed)];
    let found = lying(&[3, 4], &[complete(3), complete(4)]);
    reconcile(&mut known, &found, false, 1);
    let failed = checkpoint(2, CheckpointState::Failed);
    assert_eq!(known, [failed, complete(4)]);
}
