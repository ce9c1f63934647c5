use super::*;

const A: u8 = 1;
const B: u8 = 2;
const C: u8 = 3;
const D: u8 = 4;

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

/// The lineages of the table: B left A at 5, C left B at 8, D left A at 5 as well, 9 stands alone.
fn lineage(of: u8) -> Lineage {
    let start = Lineage::fresh(1);
    let behind_a = start.behind(job(A), 5, 2);
    match of {
        B => behind_a,
        C => behind_a.behind(job(B), 8, 3),
        D => start.behind(job(A), 5, 4),
        _ => start,
    }
}

#[test]
fn relations() {
    use Relation::{Ancestor, Descendant, Same, Sibling, Unrelated};
    for (one, other, expected, why) in [
        ((A, 3), (A, 4), Ancestor, "an earlier number of one job"),
        (
            (A, 4),
            (A, 4),
            Same,
            "a savepoint and the checkpoint of its number",
        ),
        (
            (A, 5),
            (B, 6),
            Ancestor,
            "the snapshot that was gone on from",
        ),
        ((A, 4), (B, 6), Ancestor, "an earlier one"),
        ((A, 6), (B, 6), Sibling, "a later one: the old job went on"),
        ((A, 5), (C, 9), Ancestor, "over two jobs"),
        ((B, 8), (C, 9), Ancestor, "the one before"),
        ((B, 9), (C, 9), Sibling, "left behind"),
        ((B, 6), (D, 6), Sibling, "two jobs from one savepoint"),
        ((C, 9), (D, 6), Sibling, "the same, one of them left since"),
        ((9, 7), (A, 7), Unrelated, "nothing in common"),
        (
            (9, 7),
            (C, 7),
            Unrelated,
            "nothing in common with ancestors either",
        ),
    ] {
        let (first, second) = (lineage(one.0), lineage(other.0));
        let left = Point {
            job: job(one.0),
            number: one.1,
            lineage: &first,
        };
        let right = Point {
            job: job(other.0),
            number: other.1,
            lineage: &second,
        };
        assert_eq!(left.relation(&right), expected, "{why}");
        let back = match expected {
            Ancestor => Descendant,
            same => same,
        };
        assert_eq!(right.relation(&left), back, "{why}, the other way round");
    }
}

#[test]
fn a_generation_is_above_that_of_every_ancestor() {
    let late = Lineage::fresh(7);
    assert_eq!(late.behind(job(A), 1, 3).generation, 8);
    assert_eq!(late.behind(job(A), 1, 30).generation, 30);
    let full = Lineage::fresh(u64::MAX);
    assert_eq!(full.behind(job(A), 1, 0).generation, u64::MAX);
}

#[test]
fn where_a_job_was_left() {
    let lineage = lineage(C);
    assert_eq!(lineage.left_at(job(A)), Some(5));
    assert_eq!(lineage.left_at(job(B)), Some(8));
    assert_eq!(lineage.left_at(job(C)), None);
}

#[test]
fn a_job_is_a_fork_until_it_is_said_to_own_the_last_that_went_before() {
    let fork = Lineage::fresh(1).behind(job(A), 5, 2).owned();
    let owns = |lineage: &Lineage| {
        let ancestors = lineage.ancestors.iter();
        ancestors.map(|other| other.owned).collect::<Vec<_>>()
    };
    let next = fork.behind(job(B), 8, 3);
    assert_eq!(owns(&next), [true, false]);
    assert_eq!(owns(&next.owned()), [true, true]);
    assert_eq!(Lineage::fresh(1).owned(), Lineage::fresh(1));
}
