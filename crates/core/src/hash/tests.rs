use super::stable_hash;

/// The pinned values: a change here makes every snapshot written before unreadable.
#[test]
fn hashes_stay_as_snapshots_hold_them() {
    let now = [
        stable_hash(&0_u64),
        stable_hash("millstream"),
        stable_hash(&(7_u32, "a")),
        stable_hash(&[1_u8, 2, 3][..]),
        stable_hash(&-1_i64),
    ];
    assert_eq!(now, PINNED);
}

const PINNED: [u64; 5] = [
    0,
    4713786503709248265,
    2875532460565303881,
    16261309886225490026,
    15210016002011668638,
];

#[test]
fn text_hashes_alike_whatever_holds_it() {
    assert_eq!(stable_hash("word"), stable_hash(&String::from("word")));
}

#[test]
fn high_bits_depend_on_low_bits_of_the_key() {
    let groups: std::collections::BTreeSet<u64> =
        (0_u64..1_000).map(|key| stable_hash(&key) >> 57).collect();
    assert!(
        groups.len() > 120,
        "1,000 small numbers reach nearly all of 128 groups"
    );
}
