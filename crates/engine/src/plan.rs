//! Vertices: chains of operators that need no exchange between them, as they run and are shown.

use millstream_core::{Configuration, Error, OperatorId, Result, codes, options};

use crate::graph::{JobGraph, NodeId, NodeKind, Ship};
use crate::operator::Port;

/// An edge between two vertices.
#[derive(Clone)]
pub struct VertexInput {
    /// The vertex it comes from.
    pub from: usize,
    /// The port of that vertex: its outputs are numbered in the order of the edges.
    pub output: usize,
    /// How records get there.
    pub ship: Ship,
    /// Which input of the first operator it is.
    pub port: Port,
}

/// A chain of operators that runs as one task for each subtask.
#[derive(Clone)]
pub struct Vertex {
    /// The id shown over REST: that of the last operator of the chain, as in Flink.
    pub id: OperatorId,
    /// The operators' names joined by ` -> `.
    pub name: String,
    /// How many subtasks there are.
    pub parallelism: usize,
    /// The operators, first to last.
    pub chain: Vec<NodeId>,
    /// Where records come from; empty for a source.
    pub inputs: Vec<VertexInput>,
    /// How many edges leave the vertex.
    pub outputs: usize,
    /// Whether the first operator is a source.
    pub is_source: bool,
    /// Whether the vertex says how far event time has come for everything behind it: it begins with a source, or one of
    /// its operators makes watermarks.
    pub announces: bool,
    /// The vertices upstream whose watermarks count here: on each way up the first that announces them.
    pub watermarks: Vec<usize>,
    /// Whether its operators are [aside](JobGraph::aside).
    pub is_aside: bool,
}

impl Vertex {
    /// `name (subtask/parallelism)` with the subtask counted from 1, as in log lines.
    pub fn task_name(&self, subtask: usize) -> String {
        format!("{} ({}/{})", self.name, subtask + 1, self.parallelism)
    }
}

/// The vertices of a job, inputs first.
#[derive(Clone)]
pub struct Plan {
    /// The vertices.
    pub vertices: Vec<Vertex>,
    /// The uid of each node of the graph.
    pub uids: Vec<String>,
}

impl Plan {
    /// Chains the operators of a graph.
    pub fn of(graph: &JobGraph) -> Self {
        let uids = graph.uids();
        let aside = graph.aside();
        let mut vertex_of: Vec<usize> = Vec::with_capacity(graph.nodes.len());
        let mut vertices: Vec<Vertex> = Vec::new();
        for (id, node) in graph.nodes.iter().enumerate() {
            let operator = uids
                .get(id)
                .map_or_else(|| OperatorId::from_uid(""), |uid| OperatorId::from_uid(uid));
            let is_aside = aside.get(id) == Some(&true);
            // What is aside has a vertex of its own: the way there is where it is left out of the numbers.
            let target = chain_target(graph, &vertex_of, &vertices, id);
            let as_aside = |vertex: &usize| {
                let vertex = vertices.get(*vertex);
                vertex.is_some_and(|vertex| vertex.is_aside == is_aside)
            };
            if let Some(vertex) = target.filter(as_aside) {
                if let Some(chain) = vertices.get_mut(vertex) {
                    chain.id = operator;
                    chain.name = format!("{} -> {}", chain.name, node.title());
                    chain.chain.push(id);
                    chain.announces |= makes_watermarks(&node.kind);
                }
                vertex_of.push(vertex);
                continue;
            }
            let number = vertices.len();
            let (inputs, watermarks) = connect(graph, &vertex_of, &mut vertices, id);
            vertices.push(Vertex {
                id: operator,
                name: node.title(),
                parallelism: node.parallelism,
                chain: vec![id],
                inputs,
                outputs: 0,
                is_source: matches!(node.kind, NodeKind::Source(_)),
                announces: makes_watermarks(&node.kind),
                watermarks,
                is_aside,
            });
            vertex_of.push(number);
        }
        Self { vertices, uids }
    }

    /// How many copies of a record that leaves `vertex` are taken by consumers whose records count.
    pub(crate) fn consumers(&self, vertex: usize) -> u64 {
        let counting = self.vertices.iter().filter(|consumer| !consumer.is_aside);
        let copies = counting.flat_map(|consumer| {
            let inputs = consumer
                .inputs
                .iter()
                .filter(move |input| input.from == vertex);
            inputs.map(|input| match input.ship {
                Ship::Broadcast => consumer.parallelism as u64,
                Ship::Forward | Ship::Hash(_) | Ship::Rebalance => 1,
            })
        });
        copies.sum()
    }

    /// How many tasks run: the subtasks of all vertices.
    pub(crate) fn tasks(&self) -> usize {
        self.vertices.iter().map(|vertex| vertex.parallelism).sum()
    }

    /// The last vertices of all ways that lead down from `vertex`, itself if nothing comes behind it.
    pub(crate) fn ends_behind(&self, vertex: usize) -> Vec<usize> {
        let mut reached = vec![false; self.vertices.len()];
        let mut ends = Vec::new();
        for (number, candidate) in self.vertices.iter().enumerate() {
            let is_behind = |input: &VertexInput| reached.get(input.from) == Some(&true);
            let is_reached = number == vertex || candidate.inputs.iter().any(is_behind);
            if let Some(place) = reached.get_mut(number) {
                *place = is_reached;
            }
            if is_reached && candidate.outputs == 0 {
                ends.push(number);
            }
        }
        ends
    }

    /// How many worker threads share the tasks: as many as there are processors or as the configuration
    /// says, and no more than the widest vertex has subtasks.
    pub(crate) fn workers(&self, configuration: &Configuration) -> Result<usize> {
        let threads = match configuration.get(&options::WORKER_THREADS)? {
            Some(0) => {
                let message = format!("{} is 0: nothing would run", options::WORKER_THREADS.name);
                return Err(Error::new(&codes::OPTION_VALUE, message).next("set it to at least 1"));
            }
            Some(threads) => threads as usize,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let vertices = self.vertices.iter();
        let widest = vertices.map(|vertex| vertex.parallelism).max();
        Ok(widest.unwrap_or(1).min(threads))
    }
}

/// The inputs of a new vertex, with an output counted on each vertex they come from.
fn connect(
    graph: &JobGraph,
    vertex_of: &[usize],
    vertices: &mut [Vertex],
    id: NodeId,
) -> (Vec<VertexInput>, Vec<usize>) {
    let mut inputs = Vec::new();
    let mut watermarks = Vec::new();
    let Some(node) = graph.nodes.get(id) else {
        return (inputs, watermarks);
    };
    for input in &node.inputs {
        let Some(from) = vertex_of.get(input.from).copied() else {
            continue;
        };
        let Some(upstream) = vertices.get_mut(from) else {
            continue;
        };
        inputs.push(VertexInput {
            from,
            output: upstream.outputs,
            ship: input.ship.clone(),
            port: input.port,
        });
        upstream.outputs += 1;
        if upstream.announces {
            watermarks.push(from);
        } else {
            watermarks.extend(upstream.watermarks.iter().copied());
        }
    }
    watermarks.sort_unstable();
    watermarks.dedup();
    (inputs, watermarks)
}

/// Whether an operator says how far event time has come behind it.
fn makes_watermarks(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Source(_) => true,
        NodeKind::Operator(factory) | NodeKind::Sink(factory) => factory.generates_watermarks(),
    }
}

/// The vertex whose last operator `id` can be chained to: its only input, forwarded, whose only
/// consumer it is.
fn chain_target(
    graph: &JobGraph,
    vertex_of: &[usize],
    vertices: &[Vertex],
    id: NodeId,
) -> Option<usize> {
    let node = graph.nodes.get(id)?;
    let [input] = node.inputs.as_slice() else {
        return None;
    };
    let upstream = graph.nodes.get(input.from)?;
    let consumers = graph
        .nodes
        .iter()
        .flat_map(|node| &node.inputs)
        .filter(|other| other.from == input.from)
        .count();
    let vertex = *vertex_of.get(input.from)?;
    let is_end = vertices.get(vertex)?.chain.last() == Some(&input.from);
    let fits = graph.chaining
        && matches!(input.ship, Ship::Forward)
        && input.port == Port::First
        && upstream.parallelism == node.parallelism
        && consumers == 1
        && is_end;
    fits.then_some(vertex)
}
