//! Where a job looks for what was read behind the snapshot that it goes on from: never in what another branch has done.

mod common;

use std::path::PathBuf;

use millstream_core::{JobId, Lineage};
use millstream_storage::{Location, Owner, Ownership, SnapshotLayout, directories_behind};

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
            (job(restored), number, "mine"),
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
            vec![of(1), of(2), of(3), of(4)],
            "all that went on from behind it",
        ),
        (7, vec![of(1), of(2), of(4)], "not who left it earlier"),
        (8, vec![of(1)], "its own job"),
    ] {
        assert_eq!(found(&from(number), 1, number).all, expected, "{why}");
    }
    assert_eq!(found(&first, 9, 5).all, none, "its own snapshot");
}
