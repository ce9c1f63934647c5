//! Which probes are taken away.

use std::fs;

use super::*;

#[test]
fn a_probe_that_was_left_behind_is_taken_away_by_the_next_look() {
    let directory = tempfile::tempdir().expect("a directory");
    let now = 1_700_000_000_000;
    let named = |put: u64| format!("{PROBE}{put}-00ff00ff00ff00ff");
    let left = named(now - LEFT_BEHIND - 1);
    let kept = [
        named(now - LEFT_BEHIND),
        named(now),
        format!("{PROBE}notes"),
        "a1b2".to_owned(),
    ];
    for name in kept.iter().chain([&left]) {
        fs::write(directory.path().join(name), "one").expect("written");
    }
    clear_left(&directory.path().join(named(now)), now);
    let is_there = |name: &String| directory.path().join(name).exists();
    assert!(!is_there(&left));
    assert!(kept.iter().all(is_there));
}
