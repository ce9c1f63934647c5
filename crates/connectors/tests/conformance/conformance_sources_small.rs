//! The generator and the collection keep the promises of a source whose position is state.

use millstream_connectors::collection::CollectionSource;
use millstream_connectors::conformance::{SourceJob, SourceSuite};
use millstream_connectors::generator::GeneratorSource;
use millstream_engine::connector::StateEntry;
use serde_json::json;

#[test]
fn a_generator_goes_on_where_it_was() {
    let truth = (0..7_u32).flat_map(|split| (0..1_000_u64).map(move |index| (split, index)));
    let source = || {
        let source = GeneratorSource::new(7, |split, index| (split, index)).count(1_000);
        Box::new(source) as _
    };
    SourceSuite::new(&source, &|record| vec![record], truth.collect())
        .rounds(100)
        .run();
}

#[test]
fn a_generator_with_a_rate_goes_on_where_it_was() {
    let truth = (0..3_u32).flat_map(|split| (0..100_u64).map(move |index| (split, index)));
    let source = || {
        let source = GeneratorSource::new(3, |split, index| (split, index)).count(100);
        Box::new(source.rate(50_000.0)) as _
    };
    SourceSuite::new(&source, &|record| vec![record], truth.collect())
        .rounds(10)
        .run();
}

#[test]
fn a_collection_goes_on_where_it_was() {
    let words: Vec<String> = (0..2_000)
        .map(|number| format!("word {}", number % 77))
        .collect();
    let source = || Box::new(CollectionSource::new(words.clone())) as _;
    SourceSuite::new(&source, &|record| vec![record], words.clone()).run();
}

#[test]
fn a_collection_goes_on_from_what_the_first_version_wrote() {
    let job = SourceJob::default();
    let source = CollectionSource::new((0..10_u64).collect());
    let at = |next: u64| StateEntry {
        key: "split-0".to_owned(),
        value: json!({ "version": 1, "split": 0, "next": next }),
    };
    let mut attempt = job
        .attempt_from(&source, 2, vec![at(7)])
        .expect("a position");
    let rest = attempt.read_until(|_| false).expect("readable");
    assert_eq!(rest, [7, 8, 9]);
    let taken = attempt.snapshot(&job, false).expect("a snapshot");
    assert_eq!(taken.entries, [at(10)]);
    let error = job.attempt_from(&source, 2, vec![at(11)]).err();
    assert_eq!(error.expect("behind its end").code(), "MS-3005");
}

#[test]
fn an_empty_collection_ends_at_once() {
    let source = || Box::new(CollectionSource::<u64>::new(Vec::new())) as _;
    SourceSuite::new(&source, &|record| vec![record], Vec::new()).run();
}
