//! The plan of a job, as vertices.

use std::collections::BTreeMap;

use millstream_core::{OperatorId, TaskStatus};
use millstream_engine::{JobGraph, Plan};
use millstream_protocol::link::{EdgeReport, SubtaskReport, TaskNumbers, VertexReport};
use serde::Serialize;

use crate::plan::{self, JobPlan};

/// The plan of a job, before it runs.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    /// The job's name.
    pub name: String,
    /// The number of key groups.
    pub max_parallelism: u32,
    /// The chains of operators, inputs first.
    pub vertices: Vec<VertexReport>,
    /// The operators one by one, as `flink info` prints them.
    pub operators: JobPlan,
}

/// The plan of `graph`.
pub fn plan_report(graph: &JobGraph) -> PlanReport {
    PlanReport {
        name: graph.name.clone(),
        max_parallelism: u32::from(graph.max_parallelism.get()),
        vertices: vertices(graph, &Plan::of(graph), 0),
        operators: plan::of(graph),
    }
}

/// The vertices of `plan`, none of whose tasks has begun at `now`.
pub(super) fn vertices(graph: &JobGraph, plan: &Plan, now: u64) -> Vec<VertexReport> {
    let id_of = |vertex: usize| {
        plan.vertices
            .get(vertex)
            .map_or_else(|| OperatorId::from_uid(""), |vertex| vertex.id)
    };
    let subtask = SubtaskReport {
        id: None,
        status: TaskStatus::Created,
        switched: BTreeMap::from([(TaskStatus::Created, now)]),
        numbers: TaskNumbers::default(),
        splits: Vec::new(),
        gauges: Vec::new(),
    };
    let vertices = plan.vertices.iter().map(|vertex| VertexReport {
        id: vertex.id,
        name: vertex.name.clone(),
        operators: vertex
            .chain
            .iter()
            .filter_map(|node| Some(graph.nodes.get(*node)?.title()))
            .collect(),
        is_source: vertex.is_source,
        inputs: vertex
            .inputs
            .iter()
            .map(|input| EdgeReport {
                from: id_of(input.from),
                ship_strategy: input.ship.name().to_owned(),
            })
            .collect(),
        subtasks: vec![subtask.clone(); vertex.parallelism],
    });
    vertices.collect()
}
