//! Where a job looks for what was read behind the snapshot that it goes on from: never in what another branch has done.

use std::path::PathBuf;

use millstream_core::{JobId, Lineage};
use millstream_storage::{
    From, Location, Owner, Ownership, Reached, SnapshotLayout, directories_behind,
};

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

#[test]
fn of_the_one_before_and_of_those_that_died_there() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = Location::from_path(temp.path()).expect("a path");
    let first = Lineage::fresh(1);
    let from = |number| first.behind(job(1), number, 2);
    let held: Vec<Ownership> = [
        (1, first.clone()),
        (2, from(7).owned()),
        (3, from(6).owned()),
        (4, from(7)),
        (5, Lineage::fresh(3)),
        (6, from(7)),
    ]
    .map(|(of, lineage)| {
        let owner = Owner {
            // The last one is a fork that is another job to its user.
            job_name: if of == 6 { "other" } else { "mine" }.to_owned(),
            lineage,
            what: "a process".to_owned(),
            since: 0,
            is_alone: false,
        };
        Ownership::acquire(&checkpoints, job(of), owner).expect("free")
    })
    .into();
    drop(held);
    let found = |lineage: &Lineage, restored, number| {
        let found = directories_behind(
            &checkpoints,
            job(9),
            lineage,
            From {
                restored: job(restored),
                number,
                own_name: "mine",
                elsewhere: &[],
            },
        );
        found.expect("readable")
    };
    let behind = |lineage: &Lineage, restored| found(lineage, restored, 7).before;
    let of = |number| SnapshotLayout::new(checkpoints.clone(), job(number)).job_directory();
    assert_eq!(
        behind(&from(7).owned(), 1),
        [of(1), of(2)],
        "the second one went on from there and had no snapshot of its own"
    );
    let none: Vec<PathBuf> = Vec::new();
    assert_eq!(behind(&from(7), 1), none, "a fork");
    assert_eq!(behind(&from(7).owned(), 9), none, "its own snapshot");
    assert_eq!(behind(&first, 9), none, "the first of its name");
    for (number, expected, why) in [
        (
            5,
            vec![of(1), of(2), of(3), of(4), of(6)],
            "all that went on from behind it, whatever they are called",
        ),
        (
            7,
            vec![of(1), of(2), of(4), of(6)],
            "not who left it earlier",
        ),
        (8, vec![of(1)], "its own job"),
    ] {
        assert_eq!(found(&from(number), 1, number).all, expected, "{why}");
    }
    assert_eq!(found(&first, 9, 5).all, none, "its own snapshot");
}

#[test]
fn who_comes_from_the_same_place_is_a_rival_while_it_runs_or_may_go_on() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = Location::from_path(temp.path()).expect("a path");
    let first = Lineage::fresh(1);
    let hold = |of, name: &str, lineage: &Lineage| {
        let owner = Owner {
            job_name: name.to_owned(),
            lineage: lineage.clone(),
            what: "a process".to_owned(),
            since: 0,
            is_alone: false,
        };
        Ownership::acquire(&checkpoints, job(of), owner).expect("free")
    };
    let rivals = |number, own_name| {
        let from = From {
            restored: job(1),
            number,
            own_name,
            elsewhere: &[],
        };
        let lineage = first.behind(job(1), number, 9);
        let found = directories_behind(&checkpoints, job(9), &lineage, from).expect("readable");
        let told = found.rivals.into_iter();
        let told = told.map(|rival| (rival.directory, rival.runs));
        told.collect::<Vec<_>>()
    };
    let of = |number| SnapshotLayout::new(checkpoints.clone(), job(number)).job_directory();
    let parent = hold(1, "mine", &first);
    let reached = Reached {
        job_id: job(1),
        job_name: "mine".to_owned(),
        lineage: first.clone(),
        number: 8,
    };
    parent.note_reached(&reached).expect("written");
    let stranger = hold(2, "stranger", &first);
    assert_eq!(rivals(7, "mine"), [(of(1), true)], "the parent runs");
    drop((parent, stranger));
    assert_eq!(rivals(7, "mine"), [], "its place is taken");
    assert_eq!(
        rivals(7, "other"),
        [(of(1), false)],
        "it has a later snapshot"
    );
    assert_eq!(rivals(8, "other"), [], "it goes on from there, and is told");
    let sibling = hold(3, "third", &first.behind(job(1), 5, 2));
    assert_eq!(rivals(8, "other"), [(of(3), true)], "another fork");
    let own = Reached {
        job_id: job(3),
        ..reached
    };
    sibling.note_reached(&own).expect("written");
    drop(sibling);
    assert_eq!(rivals(8, "other"), [(of(3), false)], "which may go on");
    assert_eq!(rivals(8, "third"), [], "and is this one");
}

#[test]
fn also_where_the_snapshot_comes_from() {
    let temp = tempfile::tempdir().expect("a directory");
    let below = |name: &str| Location::from_path(temp.path().join(name)).expect("a path");
    let (own, other) = (below("own"), below("other"));
    let first = Lineage::fresh(1);
    let owner = Owner {
        job_name: "mine".to_owned(),
        lineage: first.clone(),
        what: "a process".to_owned(),
        since: 0,
        is_alone: false,
    };
    let parent = Ownership::acquire(&other, job(1), owner).expect("free");
    let found = |lineage: &Lineage, elsewhere: &[Location]| {
        let from = From {
            restored: job(1),
            number: 7,
            own_name: "mine",
            elsewhere,
        };
        directories_behind(&own, job(9), lineage, from).expect("its own can be read")
    };
    let of =
        |checkpoints: &Location| SnapshotLayout::new(checkpoints.clone(), job(1)).job_directory();
    let lineage = first.behind(job(1), 7, 2);
    let none: Vec<PathBuf> = Vec::new();
    let alone = found(&lineage, &[]);
    assert_eq!((alone.all, alone.rivals), (none.clone(), Vec::new()));

    let both = found(&lineage, std::slice::from_ref(&other));
    assert_eq!((both.all, both.before), (vec![of(&other)], none.clone()));
    let rivals = both.rivals.iter();
    let rivals: Vec<_> = rivals.map(|rival| (&rival.directory, rival.runs)).collect();
    assert_eq!(rivals, [(&of(&other), true)]);
    drop(parent);

    let latest = found(&lineage.owned(), std::slice::from_ref(&other));
    assert_eq!(latest.before, [of(&own)], "whose place it takes");
    assert_eq!((latest.all, latest.unknown.len()), (vec![of(&other)], 0));

    std::fs::write(temp.path().join("file"), "").expect("written");
    let unknown = found(&first.behind(job(1), 7, 2), &[below("file"), other.clone()]);
    assert_eq!(unknown.all, [of(&other)], "in spite of the first");
    assert_eq!(unknown.unknown.len(), 1);
    assert!(unknown.unknown.concat().contains("file"));
}
