//! What a program declares is what its graph says: how the parts of a union are handed on, and which settings there are.

use crate::common::environment;
use millstream::Environment;

#[test]
fn each_part_of_a_union_is_handed_on_as_it_was_to_be() {
    let directory = tempfile::tempdir().expect("a directory");
    let environment = environment(directory.path());
    environment.set_parallelism(2);
    let source = |name: &str| environment.from_collection(vec![1, 2]).name(name);
    source("plain")
        .union(source("in turn").rebalance())
        .union(source("to all").broadcast())
        .for_each(drop);
    let graph = environment.graph("union").expect("valid");
    let sink = graph.nodes.last().expect("a sink");
    let edges: Vec<String> = sink
        .inputs
        .iter()
        .map(|input| {
            let from = graph.nodes.get(input.from).expect("a node");
            format!("{}: {}", from.name, input.ship.name())
        })
        .collect();
    assert_eq!(
        edges,
        ["plain: FORWARD", "in turn: REBALANCE", "to all: BROADCAST"]
    );
    // What is said of the union holds for all of its parts.
    let all = source("a").union(source("b").broadcast()).rebalance();
    all.for_each(drop);
    let graph = environment.graph("union").expect("valid");
    let sink = graph.nodes.last().expect("a sink");
    for input in &sink.inputs {
        assert_eq!(input.ship.name(), "REBALANCE");
    }
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_name() {
    let environment = Environment::new();
    environment
        .set("state.checkpoints.num-retained", "2")
        .set("execution.checkpointing.intervall", "1 s");
    environment.from_collection(vec![1]).for_each(drop);
    let error = environment.graph("typo").err().expect("refused");
    assert_eq!(error.code(), "MS-1001");
    assert!(
        error
            .message()
            .contains("execution.checkpointing.intervall"),
        "{error}"
    );
}
