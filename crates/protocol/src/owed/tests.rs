use std::collections::BTreeSet;

use super::*;

/// What happens to a job, in order; output is named by a letter each.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Begins,
    BeginsFrom,
    Restored(CheckpointId, &'static str),
    InPlace(CheckpointId, &'static str),
    Asked(CheckpointId, &'static str),
    Committed(CheckpointId),
    Deleted(CheckpointId),
}

/// What is kept in the end, in order; `None`: all.
fn kept(happens: &[Happens]) -> Option<String> {
    let mut owed = Owed::default();
    let outputs = |names: &str| names.chars().collect();
    for happens in happens {
        match *happens {
            Happens::Begins => owed.begins(false),
            Happens::BeginsFrom => owed.begins(true),
            Happens::Restored(number, names) => owed.restored(number, outputs(names)),
            Happens::InPlace(number, names) => owed.in_place(number, outputs(names)),
            Happens::Asked(number, names) => owed.asked(number, outputs(names)),
            Happens::Committed(number) => owed.committed(number),
            Happens::Deleted(number) => owed.deleted(number),
        }
    }
    let kept: Option<BTreeSet<char>> = owed.kept().map(|kept| kept.into_iter().collect());
    kept.map(|kept| kept.into_iter().collect())
}

#[test]
fn what_a_snapshot_holds_and_is_not_known_to_be_committed_is_kept() {
    use Happens::*;
    let cases: &[(&str, &[Happens], Option<&str>)] = &[
        ("ended before it began", &[], None),
        ("nothing was written", &[Begins], Some("")),
        (
            "committed",
            &[Begins, InPlace(1, "ab"), Asked(1, "ab"), Committed(1)],
            Some(""),
        ),
        (
            "in place, the attempt failed before the commit",
            &[Begins, InPlace(1, "ab")],
            Some("ab"),
        ),
        (
            "asked for, and lost, unknown or out of reach",
            &[Begins, InPlace(1, "ab"), Asked(1, "ab")],
            Some("ab"),
        ),
        (
            "asked for at the end of a job without snapshots",
            &[Begins, Asked(1, "ab")],
            Some("ab"),
        ),
        (
            "the next one holds what was not committed of the one before",
            &[Begins, InPlace(1, "a"), InPlace(2, "abc")],
            Some("abc"),
        ),
        (
            "given up, written and deleted",
            &[
                Begins,
                InPlace(1, "a"),
                Committed(1),
                InPlace(2, "b"),
                Deleted(2),
            ],
            Some(""),
        ),
        (
            "given up, written, and it could not be deleted",
            &[Begins, InPlace(1, "a"), Committed(1), InPlace(2, "b")],
            Some("b"),
        ),
        ("restored, and not looked into", &[BeginsFrom], None),
        (
            "an attempt could not look into what it was to go on from",
            &[Begins, InPlace(1, "a"), BeginsFrom],
            None,
        ),
        (
            "restored, and a sink is away",
            &[BeginsFrom, Restored(7, "xy")],
            Some("xy"),
        ),
        (
            "restored and committed",
            &[BeginsFrom, Restored(7, "xy"), Committed(7)],
            Some(""),
        ),
        (
            "an attempt commits what the one before could not",
            &[
                Begins,
                InPlace(1, "a"),
                Asked(1, "a"),
                BeginsFrom,
                Restored(1, "a"),
                Committed(1),
            ],
            Some(""),
        ),
        (
            "what an attempt prepared for no snapshot goes with it",
            &[BeginsFrom, Restored(7, "xy"), Committed(7), Begins],
            Some(""),
        ),
        (
            "the one before could not be deleted, and this one was",
            &[Begins, InPlace(1, "a"), InPlace(2, "ab"), Deleted(2)],
            Some("a"),
        ),
        (
            "an older snapshot is deleted",
            &[
                Begins,
                InPlace(1, "a"),
                Committed(1),
                InPlace(2, "b"),
                Deleted(1),
            ],
            Some("b"),
        ),
    ];
    for (what, happens, expected) in cases {
        assert_eq!(kept(happens).as_deref(), *expected, "{what}");
    }
}
