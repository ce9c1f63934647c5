use millstream_core::codes;

use super::*;

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

fn lineage(generation: u64, ancestors: &[(u8, CheckpointId)]) -> Lineage {
    let mut lineage = Lineage::fresh(1);
    for (ancestor, left_at) in ancestors {
        lineage = lineage.behind(job(*ancestor), *left_at, 1);
    }
    lineage.generation = generation;
    lineage
}

/// A checkpoint of a job; its location says which.
fn point(
    of: u8,
    number: CheckpointId,
    generation: u64,
    ancestors: &[(u8, CheckpointId)],
) -> Candidate {
    Candidate {
        what: What::Checkpoint,
        location: location(&format!("{of}@{number}")),
        job: job(of),
        number: Some(number),
        run: 0,
        lineage: lineage(generation, ancestors),
        created: 100,
        is_open: false,
    }
}

fn location(name: &str) -> Location {
    Location::from_path(format!("/cp/{name}")).expect("a path")
}

fn at(candidate: Candidate, created: u64) -> Candidate {
    Candidate {
        created,
        ..candidate
    }
}

fn as_a(what: What, candidate: Candidate) -> Candidate {
    Candidate { what, ..candidate }
}

fn of_run(run: u64, candidate: Candidate) -> Candidate {
    Candidate { run, ..candidate }
}

fn named(name: &str, candidate: Candidate) -> Candidate {
    Candidate {
        location: location(name),
        ..candidate
    }
}

/// The location of the choice behind its directory, and how many warnings there are.
fn chosen(candidates: Vec<Candidate>) -> (String, usize) {
    match choose(Found {
        candidates,
        ..Found::default()
    }) {
        Choice::Newest(newest, _) => {
            let text = newest.location.to_string();
            let name = text.rsplit('/').next().unwrap_or_default();
            (name.to_owned(), newest.warnings.len())
        }
        Choice::Nothing => ("nothing".to_owned(), 0),
        Choice::Deleted { .. } => ("deleted".to_owned(), 0),
        Choice::Missing { .. } => ("missing".to_owned(), 0),
        Choice::Unreadable(_) => ("unreadable".to_owned(), 0),
    }
}

const DELETED: fn() -> What = || What::Deleted {
    status: "FINISHED".to_owned(),
};

#[test]
fn of_one_job_and_of_those_that_went_on_from_it() {
    for (candidates, expected, why) in [
        (vec![], ("nothing", 0), "nothing there"),
        (
            vec![
                point(1, 5, 1, &[]),
                point(1, 7, 1, &[]),
                point(1, 6, 1, &[]),
            ],
            ("1@7", 0),
            "the highest number",
        ),
        (
            vec![at(point(1, 7, 1, &[]), 900), at(point(1, 8, 1, &[]), 10)],
            ("1@8", 0),
            "whatever the clock says",
        ),
        (
            vec![
                at(point(1, 7, 1, &[]), 900),
                at(point(2, 8, 2, &[(1, 7)]), 10),
            ],
            ("2@8", 0),
            "a later run, though the clock of the first was fast",
        ),
        (
            vec![
                at(point(1, 7, 1, &[]), 900),
                at(point(2, 9, 2, &[(1, 7)]), 500),
                at(point(3, 12, 3, &[(1, 7), (2, 9)]), 1),
            ],
            ("3@12", 0),
            "over three runs",
        ),
        (
            vec![
                named("chk", point(1, 7, 1, &[])),
                as_a(What::Savepoint, named("sp", point(1, 7, 1, &[]))),
            ],
            ("chk", 0),
            "of one boundary the checkpoint",
        ),
        (
            vec![
                named("chk", point(1, 7, 1, &[])),
                as_a(What::Last, named("sp", point(1, 7, 1, &[]))),
            ],
            ("sp", 0),
            "unless the job ended with the savepoint",
        ),
        (
            vec![
                point(1, 7, 1, &[]),
                as_a(What::Savepoint, named("sp", point(1, 8, 1, &[]))),
            ],
            ("sp", 0),
            "a savepoint is a boundary that was committed",
        ),
        (
            vec![
                point(1, 7, 0, &[]),
                as_a(What::OnTheWay, named("sp", point(1, 8, 0, &[]))),
            ],
            ("1@7", 0),
            "but not that of version 1",
        ),
        (
            vec![
                of_run(5, point(1, 3, 1, &[])),
                of_run(4, as_a(What::Last, named("sp", point(1, 6, 1, &[])))),
            ],
            ("1@3", 0),
            "and not one that was given up, whose number comes again in a later attempt",
        ),
    ] {
        let (name, warnings) = expected;
        assert_eq!(chosen(candidates), (name.to_owned(), warnings), "{why}");
    }
}

#[test]
fn forks_and_strangers() {
    for (candidates, expected, why) in [
        (
            vec![point(1, 10, 1, &[]), point(2, 8, 2, &[(1, 5)])],
            ("2@8", 1),
            "a fork: the later generation, which is said",
        ),
        (
            vec![
                at(point(2, 8, 2, &[(1, 5)]), 1),
                at(point(3, 9, 3, &[(1, 5)]), 0),
            ],
            ("3@9", 1),
            "two forks of one savepoint that is gone",
        ),
        (
            vec![at(point(1, 90, 1, &[]), 999), at(point(2, 3, 2, &[]), 1)],
            ("2@3", 0),
            "a fresh start later",
        ),
        (
            vec![at(point(1, 9, 4, &[]), 10), at(point(2, 3, 4, &[]), 20)],
            ("2@3", 1),
            "at one generation the time of day, which is said",
        ),
        (
            vec![at(point(1, 9, 0, &[]), 10), at(point(2, 3, 0, &[]), 20)],
            ("2@3", 1),
            "as between jobs of version 1",
        ),
        (
            vec![
                at(point(1, 9, 0, &[]), 10),
                at(point(2, 12, 1, &[(1, 9)]), 5),
            ],
            ("2@12", 0),
            "version 1, then version 2",
        ),
    ] {
        let (name, warnings) = expected;
        assert_eq!(chosen(candidates), (name.to_owned(), warnings), "{why}");
    }
}

#[test]
fn forks_that_began_at_once_are_told_apart_by_the_time_of_day_alone() {
    let forks = vec![
        at(point(2, 8, 2, &[(1, 5)]), 1),
        at(point(3, 9, 2, &[(1, 5)]), 2),
    ];
    let found = Found {
        candidates: forks,
        ..Found::default()
    };
    let Choice::Newest(newest, siblings) = choose(found) else {
        panic!("there are two");
    };
    assert!(newest.location.to_string().ends_with("3@9"));
    assert_eq!(siblings, [job(2)]);
    let warnings = newest.warnings.join("\n");
    assert!(warnings.contains("by the time of day alone"), "{warnings}");
}

#[test]
fn notes_of_ends() {
    let deleted = |number, generation| {
        let mut end = as_a(DELETED(), point(1, 0, generation, &[]));
        end.number = number;
        end
    };
    let savepoint = |number| as_a(What::Last, point(2, number, 2, &[(1, 7)]));
    for (candidates, expected, why) in [
        (vec![deleted(Some(7), 1)], "deleted", "its last one is gone"),
        (
            vec![point(1, 7, 1, &[]), deleted(Some(7), 1)],
            "deleted",
            "what the deletion left of the last one",
        ),
        (
            vec![deleted(Some(7), 1), point(2, 8, 2, &[(1, 7)])],
            "2@8",
            "somebody has gone on from it before",
        ),
        (
            vec![deleted(Some(9), 1), point(2, 8, 2, &[(1, 7)])],
            "2@8",
            "a fork of a later generation",
        ),
        (
            vec![deleted(Some(9), 3), point(2, 8, 2, &[])],
            "deleted",
            "a later run has ended",
        ),
        (
            vec![deleted(None, 0), point(2, 8, 1, &[(1, 7)])],
            "2@8",
            "a note of version 1, and somebody who went on",
        ),
        (
            vec![point(1, 7, 0, &[]), deleted(None, 0)],
            "deleted",
            "a note of version 1",
        ),
        (vec![point(1, 7, 1, &[]), savepoint(9)], "2@9", "stopped"),
    ] {
        assert_eq!(chosen(candidates).0, expected, "{why}");
    }
}

#[test]
fn notes_of_what_was_reached() {
    let reached = |of, number, generation, ancestors: &[(u8, CheckpointId)]| {
        as_a(What::Reached, point(of, number, generation, ancestors))
    };
    let first = || point(1, 7, 1, &[]);
    let second = || point(2, 9, 2, &[(1, 7)]);
    for (candidates, expected, why) in [
        (vec![first(), reached(1, 7, 1, &[])], "1@7", "it is there"),
        (
            vec![first(), reached(1, 6, 1, &[])],
            "1@7",
            "the note of a moment before the power failed",
        ),
        (
            vec![first(), reached(1, 8, 1, &[])],
            "missing",
            "it was moved away",
        ),
        (vec![reached(1, 8, 1, &[])], "missing", "they all were"),
        (
            vec![second(), reached(1, 8, 1, &[])],
            "2@9",
            "a fork of a later generation, as its user asked for",
        ),
        (
            vec![first(), reached(2, 9, 2, &[(1, 7)])],
            "missing",
            "that of the run which went on",
        ),
        (
            vec![reached(1, 7, 1, &[]), second()],
            "2@9",
            "somebody has gone on from it and taken it over",
        ),
        (
            vec![reached(1, 90, 1, &[]), point(2, 3, 2, &[])],
            "2@3",
            "a fresh start later",
        ),
        (
            vec![
                first(),
                reached(1, 9, 1, &[]),
                as_a(DELETED(), point(1, 9, 1, &[])),
            ],
            "deleted",
            "its job has ended",
        ),
    ] {
        assert_eq!(chosen(candidates).0, expected, "{why}");
    }
}

#[test]
fn what_cannot_be_read() {
    let unreadable = |of: Option<u8>, number| Unreadable {
        job: of.map(job),
        number,
        error: Error::new(&codes::SNAPSHOT_CORRUPT, "damaged"),
    };
    let first = || point(1, 7, 1, &[]);
    let second = || point(2, 9, 2, &[(1, 7)]);
    for (candidates, unreadable, expected, why) in [
        (
            vec![],
            unreadable(Some(1), Some(1)),
            "unreadable",
            "all there is",
        ),
        (
            vec![first()],
            unreadable(Some(1), Some(6)),
            "1@7",
            "an older one of the job",
        ),
        (
            vec![first()],
            unreadable(Some(1), Some(8)),
            "unreadable",
            "a newer one of the job",
        ),
        (
            vec![first()],
            unreadable(Some(1), Some(7)),
            "unreadable",
            "its savepoint at the end",
        ),
        (
            vec![second()],
            unreadable(Some(1), Some(7)),
            "2@9",
            "what was gone on from",
        ),
        (
            vec![second()],
            unreadable(Some(1), Some(8)),
            "unreadable",
            "perhaps a branch",
        ),
        (
            vec![second()],
            unreadable(Some(3), Some(1)),
            "unreadable",
            "another job, perhaps later",
        ),
        (
            vec![first()],
            unreadable(None, None),
            "unreadable",
            "nothing is known of it",
        ),
    ] {
        let choice = choose(Found {
            candidates,
            unreadable: vec![unreadable],
            jobs: Vec::new(),
        });
        let name = match choice {
            Choice::Newest(newest, _) => newest.location.to_string(),
            Choice::Unreadable(_) => "unreadable".to_owned(),
            other => format!("{other:?}"),
        };
        assert!(name.ends_with(expected), "{why}: {name}");
    }
}

#[test]
fn branches_are_looked_at_before_one_is_taken() {
    let siblings = |candidates, jobs: &[(u8, Lineage)]| {
        let choice = choose(Found {
            candidates,
            unreadable: Vec::new(),
            jobs: jobs
                .iter()
                .map(|(of, lineage)| (job(*of), lineage.clone()))
                .collect(),
        });
        match choice {
            Choice::Newest(_, siblings) => siblings,
            other => panic!("{other:?}"),
        }
    };
    let first = || point(1, 10, 1, &[]);
    let fork = || point(2, 8, 2, &[(1, 5)]);
    assert_eq!(
        siblings(vec![first(), fork()], &[]),
        [job(1)],
        "the branch that was left"
    );
    assert_eq!(
        siblings(vec![first()], &[(2, lineage(2, &[(1, 5)]))]),
        [job(2)],
        "a fork without a snapshot"
    );
    assert_eq!(
        siblings(vec![first()], &[(2, lineage(2, &[(1, 10)]))]),
        [job(2)],
        "one that goes on from the newest itself, by its path"
    );
    assert_eq!(
        siblings(vec![first()], &[(1, lineage(1, &[])), (3, lineage(2, &[]))]),
        [],
        "itself, and one that has nothing to do with it"
    );
    assert_eq!(
        siblings(vec![point(2, 12, 2, &[(1, 10)])], &[(1, lineage(1, &[]))]),
        [],
        "the ancestor, which is held as well"
    );
}

/// What is noted to be committed of a job.
fn reached_up_to(of: u8, number: CheckpointId) -> Candidate {
    as_a(What::Reached, named("missing", point(of, number, 1, &[])))
}

fn open(number: CheckpointId) -> Candidate {
    let savepoint = as_a(What::Savepoint, named("sp", point(1, number, 1, &[])));
    Candidate {
        is_open: true,
        ..savepoint
    }
}

#[test]
fn a_savepoint_that_may_have_been_given_up_is_not_the_newest() {
    let noted = |number| Candidate {
        is_open: false,
        ..open(number)
    };
    for (candidates, expected, why) in [
        (
            vec![point(1, 7, 1, &[]), reached_up_to(1, 7), open(8)],
            "1@7",
            "beyond what is committed",
        ),
        (
            vec![point(1, 7, 1, &[]), open(8)],
            "1@7",
            "beyond the last checkpoint, of a version that noted nothing",
        ),
        (
            vec![point(1, 7, 1, &[]), reached_up_to(1, 8), open(8)],
            "sp",
            "its commit had begun",
        ),
        (
            vec![point(1, 7, 1, &[]), reached_up_to(1, 7), noted(8)],
            "sp",
            "its output is committed",
        ),
        (
            vec![as_a(What::Last, open(8)), point(1, 7, 1, &[])],
            "1@7",
            "of a stop that failed",
        ),
        (
            vec![as_a(What::Last, open(8)), point(1, 8, 1, &[])],
            "sp",
            "of a stop that was not finished",
        ),
        (
            vec![
                as_a(What::Last, open(8)),
                as_a(What::Last, noted(8)),
                point(1, 7, 1, &[]),
            ],
            "sp",
            "the job is noted to have ended with it",
        ),
        (vec![open(8)], "sp", "there is nothing else"),
        (
            vec![open(8), of_run(2, point(1, 8, 1, &[]))],
            "1@8",
            "a later attempt has taken its number",
        ),
        (
            vec![point(2, 8, 2, &[(1, 7)]), point(1, 7, 1, &[]), open(9)],
            "2@8",
            "another job has gone on from before it",
        ),
    ] {
        assert_eq!(chosen(candidates), (expected.to_owned(), 0), "{why}");
    }
}

#[test]
fn what_was_committed_behind_a_snapshot_is_the_last_of_its_line() {
    let reached = |number| as_a(What::Reached, point(3, number, 3, &[(1, 7), (2, 8)]));
    let line = || {
        vec![
            point(1, 5, 1, &[]),
            point(1, 7, 1, &[]),
            point(2, 8, 2, &[(1, 7)]),
        ]
    };
    let with = |more: Vec<Candidate>| [line(), more].concat();
    for (from, candidates, expected, why) in [
        (
            point(1, 5, 1, &[]),
            vec![point(1, 5, 1, &[])],
            None,
            "the newest",
        ),
        (
            point(1, 5, 1, &[]),
            line(),
            Some("2@8"),
            "over the job that went on",
        ),
        (
            point(1, 7, 1, &[]),
            line(),
            Some("2@8"),
            "from where that began",
        ),
        (
            point(2, 8, 2, &[(1, 7)]),
            line(),
            None,
            "the newest of the line",
        ),
        (
            point(1, 5, 1, &[]),
            with(vec![point(4, 9, 4, &[])]),
            Some("2@8"),
            "not what has nothing to do with it",
        ),
        (
            point(2, 8, 2, &[(1, 7)]),
            with(vec![point(4, 6, 4, &[(1, 5)])]),
            None,
            "nor another branch",
        ),
        (
            point(1, 5, 1, &[]),
            with(vec![reached(9)]),
            Some("snapshot 9 of job"),
            "a run that is not there",
        ),
        (
            point(1, 7, 1, &[]),
            with(vec![as_a(DELETED(), point(2, 9, 2, &[(1, 7)]))]),
            Some("(FINISHED)"),
            "an end that left nothing",
        ),
    ] {
        let from = Point {
            job: from.job,
            number: from.number.expect("a number"),
            lineage: &from.lineage,
        };
        let found = Found {
            candidates,
            ..Found::default()
        };
        let last = last_behind(found, &from);
        let is_it = match (&last, expected) {
            (None, None) => true,
            (Some(last), Some(expected)) => last.contains(expected),
            _ => false,
        };
        assert!(is_it, "{why}: {last:?}, not {expected:?}");
    }
}
