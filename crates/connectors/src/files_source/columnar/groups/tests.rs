use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{lay_out, parts};
use crate::files_source::intervals::Intervals;
use crate::files_source::stream::Start;

/// Reads a file as readers do: split by split, stopped at random rows, and started again from what was known.
fn read(seed: u64, size: u64, told: &[(u64, u64)], split: u64) -> Vec<u64> {
    let mut random = StdRng::seed_from_u64(seed);
    let groups = lay_out(size, told).expect("it fits");
    let rows: u64 = told.iter().map(|(_, rows)| rows).sum();
    let mut seen = vec![0; usize::try_from(rows).expect("few")];
    let mut done = Intervals::default();
    let mut starts: Vec<Start> = Vec::new();
    for number in 0..size.div_ceil(split) {
        let (first, to) = (number * split, (number + 1) * split);
        while let Some((from, _)) = done.gaps(first, to).first().copied() {
            starts.sort_unstable();
            let known = starts.iter().rfind(|start| start.offset <= from);
            let stops_after = random.random_range(1..40_u64);
            let mut left = stops_after;
            for part in parts(&groups, from, to, known.copied()) {
                let (group, row) = (part.group, part.from);
                let until = group.rows.min(row + left);
                (row..until).for_each(|row| seen[(group.before + row) as usize] += 1);
                left -= until - row;
                if until > row || until == group.rows {
                    let next = part.behind(until);
                    assert!(
                        next.offset >= from && next.offset <= to.max(from + 1),
                        "{next:?}"
                    );
                    done.insert(from, next.offset.min(to));
                    starts.push(next);
                }
                if left == 0 {
                    break;
                }
            }
            if left > 0 {
                done.insert(from, to);
            }
        }
    }
    seen
}

#[test]
fn every_row_is_read_once_wherever_reading_stops() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(1_000 + seed);
        let count = random.random_range(1..8);
        let told: Vec<(u64, u64)> = (0..count)
            .map(|_| (random.random_range(0..400), random.random_range(0..90)))
            .collect();
        let size = random.random_range(20..2_000);
        let split = random.random_range(1..200) * 2;
        let seen = read(seed, size, &told, split);
        assert!(
            seen.iter().all(|times| *times == 1),
            "seed {seed}: {seen:?}"
        );
    }
}

#[test]
fn more_groups_than_bytes_can_not_be() {
    assert!(lay_out(5, &[(1, 1); 3]).is_none());
    assert!(lay_out(100, &[(1, u64::MAX), (1, 1)]).is_none());
    assert_eq!(lay_out(0, &[]), Some(Vec::new()));
}
