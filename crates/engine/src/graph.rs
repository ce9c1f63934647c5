//! The graph of a job: what runs, in which parallelism, and what flows where.
//!
//! A graph is data: it is laid out on any number of workers, drawn as a plan, and compared with a
//! snapshot, without running anything.

use std::sync::Arc;

use millstream_core::{Error, MaxParallelism, OperatorId, Result, codes};

use crate::chunk::Chunk;
use crate::operator::{OperatorFactory, Port, SourceOperatorFactory};

/// The number of a node in its graph, in the order of declaration.
pub type NodeId = usize;

/// Splits a chunk by key: each record to the subtask that owns its key group.
pub trait Partitioner: Send + Sync {
    /// Appends the parts of `chunk` to `out`, each with its destination below `parallelism`.
    ///
    /// # Errors
    /// The chunk holds another record type.
    fn split(
        &self,
        chunk: Chunk,
        parallelism: usize,
        max_parallelism: MaxParallelism,
        out: &mut Vec<Chunk>,
    ) -> Result<()>;
}

/// How records get from one operator to the next. Names as in Flink's plans.
#[derive(Clone)]
pub enum Ship {
    /// To the subtask with the same number. Both sides have the same parallelism.
    Forward,
    /// To the subtask that owns the record's key group.
    Hash(Arc<dyn Partitioner>),
    /// Chunk by chunk to all subtasks in turn.
    Rebalance,
    /// Every record to every subtask.
    Broadcast,
}

impl Ship {
    /// The name in plans: `FORWARD`, `HASH`, `REBALANCE`, `BROADCAST`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Forward => "FORWARD",
            Self::Hash(_) => "HASH",
            Self::Rebalance => "REBALANCE",
            Self::Broadcast => "BROADCAST",
        }
    }
}

/// An input of a node.
#[derive(Clone)]
pub struct Input {
    /// The node it comes from.
    pub from: NodeId,
    /// How it gets there.
    pub ship: Ship,
    /// Which input of the operator it is.
    pub port: Port,
}

/// What a node does.
#[derive(Clone)]
pub enum NodeKind {
    /// Hands out records; has no inputs.
    Source(Arc<dyn SourceOperatorFactory>),
    /// Takes and hands out records.
    Operator(Arc<dyn OperatorFactory>),
    /// Takes records; nothing comes after it.
    Sink(Arc<dyn OperatorFactory>),
}

/// An operator of the graph.
#[derive(Clone)]
pub struct Node {
    /// Shown to people; sources are shown as `Source: <name>`, sinks as `Sink: <name>`.
    pub name: String,
    /// The stable name under which state is kept, if the author gave one.
    pub uid: Option<String>,
    /// How many subtasks share the work.
    pub parallelism: usize,
    /// What it does.
    pub kind: NodeKind,
    /// Where its records come from.
    pub inputs: Vec<Input>,
    /// Whether what it does is beside the point of the job, as is what only it leads to: its records are copies (dead
    /// letters, samples) that do not count in the [numbers](millstream_core::Numbers) of the job.
    pub is_aside: bool,
}

impl Node {
    /// The name with `Source: ` or `Sink: ` before it, as Flink shows it.
    pub fn title(&self) -> String {
        match self.kind {
            NodeKind::Source(_) => format!("Source: {}", self.name),
            NodeKind::Operator(_) => self.name.clone(),
            NodeKind::Sink(_) => format!("Sink: {}", self.name),
        }
    }
}

/// The graph of a job.
#[derive(Clone)]
pub struct JobGraph {
    /// The job's name.
    pub name: String,
    /// The operators; inputs come before the nodes that use them.
    pub nodes: Vec<Node>,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// Whether operators that need no exchange run as one vertex.
    pub chaining: bool,
}

impl JobGraph {
    /// Whether every source comes to an end by itself, and so the job does.
    pub fn is_bounded(&self) -> bool {
        self.nodes.iter().all(|node| match &node.kind {
            NodeKind::Source(source) => source.is_bounded(),
            NodeKind::Operator(_) | NodeKind::Sink(_) => true,
        })
    }

    /// The uid of each node: the author's, or one derived from the shape of the graph (the node's
    /// name and kind and its inputs' uids), which changes when the graph does.
    pub fn uids(&self) -> Vec<String> {
        let mut uids: Vec<String> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let uid = node.uid.clone().unwrap_or_else(|| {
                let inputs: Vec<&str> = node
                    .inputs
                    .iter()
                    .filter_map(|input| uids.get(input.from).map(String::as_str))
                    .collect();
                let shape = format!("{}({})", node.title(), inputs.join(","));
                let base = format!("auto-{}", OperatorId::from_uid(&shape));
                let twins = uids.iter().filter(|uid| uid.starts_with(&base)).count();
                if twins == 0 {
                    base
                } else {
                    format!("{base}-{twins}")
                }
            });
            uids.push(uid);
        }
        uids
    }

    /// Whether each node is [aside](Node::is_aside), by itself or because nothing else leads to it.
    pub fn aside(&self) -> Vec<bool> {
        let mut aside: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut inputs = node.inputs.iter();
            let leads_aside = |input: &Input| aside.get(input.from) == Some(&true);
            let by_inputs = !node.inputs.is_empty() && inputs.all(leads_aside);
            aside.push(node.is_aside || by_inputs);
        }
        aside
    }

    /// Checks what the engine relies on.
    ///
    /// # Errors
    /// Names the operator and what is wrong with it.
    pub fn validate(&self) -> Result<()> {
        let invalid = |message: String, next: &str| {
            Err(Error::new(&codes::GRAPH_INVALID, message).next(next.to_owned()))
        };
        if !self
            .nodes
            .iter()
            .any(|node| matches!(node.kind, NodeKind::Source(_)))
        {
            return invalid(format!("job {} has no source", self.name), "add a source");
        }
        let uids = self.uids();
        for (id, node) in self.nodes.iter().enumerate() {
            let limit = usize::from(self.max_parallelism.get());
            if node.parallelism == 0 || node.parallelism > limit {
                return invalid(
                    format!(
                        "parallelism of {} is {}, not 1 to {limit}",
                        node.title(),
                        node.parallelism
                    ),
                    "change it, or raise pipeline.max-parallelism, which a job that goes on from a snapshot can't",
                );
            }
            if uids
                .iter()
                .skip(id + 1)
                .any(|uid| Some(uid) == uids.get(id))
            {
                return invalid(
                    format!(
                        "two operators have the uid {}",
                        uids.get(id).map_or("", String::as_str)
                    ),
                    "give each operator a uid of its own",
                );
            }
            for input in &node.inputs {
                let from = self.nodes.get(input.from).filter(|_| input.from < id);
                let Some(from) = from else {
                    return invalid(
                        format!("{} has an input that comes after it", node.title()),
                        "report this",
                    );
                };
                if matches!(input.ship, Ship::Forward) && from.parallelism != node.parallelism {
                    return invalid(
                        format!(
                            "{} forwards to {} at another parallelism",
                            from.title(),
                            node.title()
                        ),
                        "rebalance between them",
                    );
                }
            }
        }
        Ok(())
    }
}
