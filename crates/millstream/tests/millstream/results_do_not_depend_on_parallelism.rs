//! Map, flat_map, filter, union, rebalance, broadcast, reduce and sum give the same records at every parallelism.

use crate::common::{Seen, environment};

fn run(parallelism: usize) -> Vec<(u64, u64)> {
    let directory = tempfile::tempdir().expect("a directory");
    let environment = environment(directory.path());
    environment.set_parallelism(parallelism);
    let numbers = environment.generate(3, Some(1_000), |split, index| {
        u64::from(split) * 1_000 + index
    });
    let doubled = numbers
        .clone()
        .map(|n| n * 2)
        .rebalance()
        .filter(|n| n % 3 == 0);
    let twice = numbers.flat_map(|n, out| {
        out.collect(n);
        out.collect(n + 1);
    });
    let seen = Seen::new();
    let sink = seen.clone();
    doubled
        .union(twice)
        .map(|n| (n % 7, n))
        .key_by(|(key, _)| *key)
        .sum(|(_, n)| n)
        // The running sums depend on the order; how many there are and the last do not.
        .key_by(|(key, _)| *key)
        .reduce(|a, b| if a.1 > b.1 { a } else { b })
        .for_each(move |record| sink.push(record));
    environment.execute("parallel").expect("the job finishes");
    let all = seen.sorted();
    assert_eq!(
        all.len(),
        1_000 + 6_000,
        "one record out for each record in"
    );
    (0..7)
        .filter_map(|key| all.iter().filter(|record| record.0 == key).max().copied())
        .collect()
}

#[test]
fn every_parallelism_gives_the_same_sums() {
    let alone = run(1);
    assert_eq!(alone.len(), 7);
    for parallelism in 2..=4 {
        assert_eq!(run(parallelism), alone, "parallelism {parallelism}");
    }
}

#[test]
fn broadcast_reaches_every_subtask() {
    let directory = tempfile::tempdir().expect("a directory");
    let environment = environment(directory.path());
    let seen = Seen::new();
    let sink = seen.clone();
    environment
        .from_collection(vec![1_u64, 2, 3])
        .broadcast()
        .map(|n| n)
        .set_parallelism(3)
        .for_each(move |n| sink.push(n))
        .set_parallelism(3);
    environment.execute("broadcast").expect("the job finishes");
    assert_eq!(seen.sorted(), [1, 1, 1, 2, 2, 2, 3, 3, 3]);
}
