//! The plan of a job, as `flink info` prints it.

use millstream_engine::JobGraph;
use millstream_engine::graph::NodeKind;
use serde::Serialize;

/// The plan of a job: its operators and how records get from one to the next.
#[derive(Debug, Serialize)]
pub struct JobPlan {
    nodes: Vec<PlanNode>,
}

#[derive(Debug, Serialize)]
struct PlanNode {
    id: usize,
    r#type: String,
    pact: &'static str,
    contents: String,
    parallelism: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    predecessors: Vec<Predecessor>,
}

#[derive(Debug, Serialize)]
struct Predecessor {
    id: usize,
    ship_strategy: &'static str,
    side: &'static str,
}

/// The plan of `graph`.
pub fn of(graph: &JobGraph) -> JobPlan {
    let nodes = graph.nodes.iter().enumerate().map(|(id, node)| PlanNode {
        id: id + 1,
        r#type: node.title(),
        pact: match node.kind {
            NodeKind::Source(_) => "Data Source",
            NodeKind::Operator(_) => "Operator",
            NodeKind::Sink(_) => "Data Sink",
        },
        contents: node.title(),
        parallelism: node.parallelism,
        predecessors: node
            .inputs
            .iter()
            .map(|input| Predecessor {
                id: input.from + 1,
                ship_strategy: input.ship.name(),
                // Flink says so of every input of a streaming plan.
                side: "second",
            })
            .collect(),
    });
    JobPlan {
        nodes: nodes.collect(),
    }
}
