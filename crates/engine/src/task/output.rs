//! The edges that leave a task: routing chunks to subtasks, and handing them to timely.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::{MaxParallelism, Result};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::{Capability, InputCapability};

use crate::chunk::Chunk;
use crate::graph::Ship;
use crate::time::Time;
use crate::weigher::Weigher;
use crate::weight::Gauge;

/// The right to send at one time, on each output.
#[derive(Clone)]
pub(crate) struct Capabilities(Vec<Capability<Time>>);

impl Capabilities {
    /// Those that an operator is built with.
    pub(crate) fn initial(capabilities: Vec<Capability<Time>>) -> Self {
        Self(capabilities)
    }

    /// Those that came with a message, kept for as long as they live.
    pub(crate) fn retain(capability: &InputCapability<Time>, outputs: usize) -> Self {
        Self(
            (0..outputs)
                .map(|output| capability.retain(output))
                .collect(),
        )
    }

    /// Moves on to `time`, which never lies before.
    pub(crate) fn downgrade(&mut self, time: Time) {
        for capability in &mut self.0 {
            if *capability.time() < time {
                capability.downgrade(&time);
            }
        }
    }

    /// The time that all of them have.
    pub(crate) fn time(&self) -> Option<Time> {
        self.0.first().map(|capability| *capability.time())
    }

    /// The capability of the output with this number.
    pub(crate) fn output(&self, number: usize) -> Option<&Capability<Time>> {
        self.0.get(number)
    }
}

/// An edge to another vertex.
pub(crate) struct OutEdge {
    /// How records get there.
    pub(crate) ship: Ship,
    /// The parallelism of the other side.
    pub(crate) parallelism: usize,
    /// This subtask's number, the destination of forwarded chunks.
    pub(crate) subtask: usize,
    /// The next destination in turn.
    pub(crate) turn: usize,
}

impl OutEdge {
    /// Appends `chunk` to `out`, split and addressed.
    fn route(&mut self, chunk: Chunk, groups: MaxParallelism, out: &mut Vec<Chunk>) -> Result<()> {
        match &self.ship {
            Ship::Forward => out.push(chunk.with_destination(self.subtask)),
            Ship::Hash(partitioner) => partitioner.split(chunk, self.parallelism, groups, out)?,
            Ship::Rebalance => {
                out.push(chunk.with_destination(self.turn));
                self.turn = (self.turn + 1) % self.parallelism;
            }
            Ship::Broadcast => {
                for destination in 1..self.parallelism {
                    out.push(chunk.clone().with_destination(destination));
                }
                out.push(chunk.with_destination(0));
            }
        }
        Ok(())
    }
}

/// Timely's side of an output.
pub(crate) type ChunkOutput = OutputBuilder<Time, CapacityContainerBuilder<Vec<Chunk>>>;

/// All outputs of a vertex on one worker, which its subtasks there share.
pub(crate) type Ports = Rc<RefCell<Vec<ChunkOutput>>>;

/// All outputs of a task. A task without edges has one output, on which the probe sits.
pub(crate) struct Outputs {
    pub(crate) edges: Vec<OutEdge>,
    pub(crate) ports: Ports,
    pub(crate) groups: MaxParallelism,
    pub(crate) routed: Vec<Chunk>,
    /// What has been sent and not been processed.
    pub(crate) gauge: Gauge,
    /// How large what is sent is.
    pub(crate) weigher: Weigher,
}

impl Outputs {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.ports.borrow().len()
    }

    /// Whether so much is in flight that the task is to wait. It is woken when it may go on.
    pub(crate) fn is_full(&self) -> bool {
        self.gauge.is_full()
    }

    /// Whether everything that was sent has been processed by those behind.
    pub(crate) fn is_empty(&self) -> bool {
        self.gauge.is_empty()
    }

    /// Sends every chunk of `chunks` along every edge, at the time of `capabilities`. Answers how many
    /// records were sent on the first edge.
    pub(crate) fn send(
        &mut self,
        capabilities: &Capabilities,
        chunks: &mut Vec<Chunk>,
    ) -> Result<u64> {
        let records = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let last = self.edges.len();
        let mut ports = self.ports.borrow_mut();
        for (number, (edge, output)) in self.edges.iter_mut().zip(ports.iter_mut()).enumerate() {
            let Some(capability) = capabilities.output(number) else {
                continue;
            };
            if number + 1 == last {
                for chunk in chunks.drain(..) {
                    edge.route(chunk, self.groups, &mut self.routed)?;
                }
            } else {
                for chunk in chunks.iter() {
                    edge.route(chunk.clone(), self.groups, &mut self.routed)?;
                }
            }
            for chunk in &mut self.routed {
                let weight = self.gauge.add(self.weigher.weigh(chunk));
                chunk.weighed(weight);
            }
            output
                .activate()
                .session(capability)
                .give_iterator(self.routed.drain(..));
        }
        chunks.clear();
        Ok(records)
    }
}
