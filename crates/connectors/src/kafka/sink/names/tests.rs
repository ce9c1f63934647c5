use millstream_core::lineage::Kin;
use millstream_core::{Ancestor, JobId, Lineage};

use super::{Names, is_ours};

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

fn after(number: u8, owned: bool) -> Lineage {
    let mut lineage = Lineage::default();
    lineage.ancestors.push(Ancestor {
        job: job(number),
        left_at: 3,
        owned,
    });
    lineage
}

#[test]
fn only_those_of_dead_jobs_of_the_lineage_are_ours() {
    let first = Kin::new(job(1), 1, &Lineage::default(), []);
    let of_first = Names::new(first.author, "sink").id(0, 1);
    assert!(of_first.starts_with("millstream-01010101"), "{of_first}");
    assert!(of_first.ends_with("-0-1"), "{of_first}");
    assert!(is_ours(&of_first, &first, "sink"));
    assert!(!is_ours(&of_first, &first, "other"));
    let next = Kin::new(job(2), 2, &after(1, true), [job(1)]);
    let of_next = Names::new(next.author, "sink").id(0, 0);
    assert!(is_ours(&of_first, &next, "sink"));
    // Another one that went on from there and died before its first snapshot.
    let again = Kin::new(job(3), 3, &after(1, true), [job(1)]);
    assert!(is_ours(&of_next, &again, "sink"));
    let fork = Kin::new(job(4), 2, &after(1, false), [job(1)]);
    assert!(!is_ours(&of_first, &fork, "sink"));
    for id in ["", "millstream-", "millstream-x-y-z", "mine"] {
        assert!(!is_ours(id, &first, "sink"), "{id}");
    }
}
