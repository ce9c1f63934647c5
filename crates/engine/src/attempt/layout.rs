//! Lays the plan out as a timely dataflow on one worker.

mod open;
mod tasks;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use timely::dataflow::Scope;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::core::Concatenate;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::{Probe, probe};
use timely::scheduling::Activator;
use timely::worker::Worker;

use super::Shared;
use crate::chunk::Chunk;
use crate::connector::Waker;
use crate::graph::Ship;
use crate::messages::TaskKey;
use crate::operator::Port;
use crate::plan::{Vertex, VertexInput};
use crate::task::control::Control;
use crate::task::core::{ChainOperator, TaskCore};
use crate::task::operator::{AnnouncementPuller, Puller};
use crate::task::output::{OutEdge, Outputs, Ports};
use crate::task::watermark::Announcement;
use crate::task::{AnnouncementStream, ChunkStream};
use crate::time::Time;
use crate::weigher::Weigher;
use crate::weight::Gauge;
use open::Opened;

/// Builds every vertex on this worker; answers the probes, one behind each last vertex.
pub(crate) fn lay_out(
    worker: &mut Worker,
    shared: &Arc<Shared>,
    control: &Rc<RefCell<Control>>,
) -> Vec<probe::Handle<Time>> {
    let vertices = shared.spec.plan.vertices.iter().enumerate();
    let ends = vertices.filter(|(_, vertex)| vertex.outputs == 0);
    let sinks: BTreeMap<usize, probe::Handle<Time>> = ends
        .map(|(number, _)| (number, probe::Handle::new()))
        .collect();
    let (index, peers) = (worker.index(), worker.peers());
    worker.dataflow::<Time, _, _>(|scope| {
        let mut layout = Layout {
            shared,
            control,
            sinks: &sinks,
            index,
            peers,
            outputs: Vec::new(),
            announcements: BTreeMap::new(),
        };
        for number in 0..shared.spec.plan.vertices.len() {
            layout.vertex(scope, number);
        }
    });
    sinks.into_values().collect()
}

struct Layout<'a, 'scope> {
    shared: &'a Arc<Shared>,
    control: &'a Rc<RefCell<Control>>,
    /// The probes behind the last vertices, by vertex.
    sinks: &'a BTreeMap<usize, probe::Handle<Time>>,
    index: usize,
    peers: usize,
    /// By vertex, then edge.
    outputs: Vec<Vec<ChunkStream<'scope>>>,
    /// By the vertex that makes them.
    announcements: BTreeMap<usize, AnnouncementStream<'scope>>,
}

/// A vertex on its way into the dataflow.
struct Construction<'scope, 'plan> {
    builder: OperatorBuilder<'scope, Time>,
    number: usize,
    vertex: &'plan Vertex,
    activator: Activator,
    waker: Waker,
    ports: Ports,
}

impl Construction<'_, '_> {
    fn key(&self, subtask: usize) -> TaskKey {
        TaskKey {
            vertex: self.number,
            subtask,
        }
    }
}

impl<'scope> Layout<'_, 'scope> {
    fn vertex(&mut self, scope: Scope<'scope, Time>, number: usize) {
        let plan = self.shared.spec.plan.clone();
        let Some(vertex) = plan.vertices.get(number) else {
            return;
        };
        let mut builder = OperatorBuilder::new(vertex.name.clone(), scope);
        let address = builder.operator_info().address;
        let waker = waker(scope, &address);
        let activator = scope.activator_for(address);
        let inputs: Vec<(Port, Puller)> = vertex
            .inputs
            .iter()
            .map(|input| self.input(&mut builder, input))
            .collect();
        let announcements =
            (!vertex.is_source).then(|| self.announcement_input(&mut builder, scope, vertex));
        let mut streams = Vec::new();
        let mut ports = Vec::new();
        for _ in 0..vertex.outputs.max(1) {
            let (output, stream) = builder.new_output::<Vec<Chunk>>();
            ports.push(OutputBuilder::from(output));
            streams.push(stream);
        }
        let construction = Construction {
            builder,
            number,
            vertex,
            activator,
            waker,
            ports: Rc::new(RefCell::new(ports)),
        };
        match announcements {
            None => self.source(construction),
            Some(announcements) => self.operator(construction, inputs, announcements),
        }
        if let Some(sink) = self.sinks.get(&number) {
            for stream in streams.drain(..) {
                stream.probe_with(sink);
            }
        }
        self.outputs.push(streams);
    }

    fn input(
        &self,
        builder: &mut OperatorBuilder<'scope, Time>,
        input: &VertexInput,
    ) -> (Port, Puller) {
        let stream = self
            .outputs
            .get(input.from)
            .and_then(|streams| streams.get(input.output));
        // The plan lists inputs before their consumers, with as many outputs as there are edges.
        let stream = stream
            .expect("the plan numbers vertices and outputs in order")
            .clone();
        let puller: Puller = if matches!(input.ship, Ship::Forward) {
            let mut handle = builder.new_input(stream, Pipeline);
            Box::new(move |take| handle.for_each(|capability, chunks| take(capability, chunks)))
        } else {
            let exchange = Exchange::new(|chunk: &Chunk| chunk.destination());
            let mut handle = builder.new_input(stream, exchange);
            Box::new(move |take| handle.for_each(|capability, chunks| take(capability, chunks)))
        };
        (input.port, puller)
    }

    fn announcement_input(
        &self,
        builder: &mut OperatorBuilder<'scope, Time>,
        scope: Scope<'scope, Time>,
        vertex: &Vertex,
    ) -> AnnouncementPuller {
        let makers = vertex
            .watermarks
            .iter()
            .filter_map(|maker| self.announcements.get(maker));
        let stream: AnnouncementStream<'scope> = scope.concatenate(makers.cloned());
        let exchange = Exchange::new(|announcement: &Announcement| u64::from(announcement.worker));
        let mut handle = builder.new_input(stream, exchange);
        Box::new(move |take| handle.for_each(|capability, announced| take(capability, announced)))
    }

    /// The subtasks of a vertex that this worker has.
    fn subtasks(&self, vertex: &Vertex) -> impl Iterator<Item = usize> + use<> {
        subtasks_of(vertex.parallelism, self.index, self.peers)
    }

    /// The outputs of a subtask.
    fn outputs(&self, construction: &Construction<'scope, '_>, subtask: usize) -> Outputs {
        Outputs {
            edges: self.edges(construction.number, subtask),
            ports: construction.ports.clone(),
            groups: self.shared.spec.graph.max_parallelism,
            routed: Vec::new(),
            gauge: Gauge::new(construction.waker.clone()),
            weigher: Weigher::default(),
        }
    }

    /// The edges that leave a subtask, in the order of its vertex's outputs.
    fn edges(&self, number: usize, subtask: usize) -> Vec<OutEdge> {
        let mut edges: Vec<(usize, OutEdge)> = Vec::new();
        for consumer in &self.shared.spec.plan.vertices {
            for input in consumer.inputs.iter().filter(|input| input.from == number) {
                edges.push((
                    input.output,
                    OutEdge {
                        ship: input.ship.clone(),
                        parallelism: consumer.parallelism,
                        subtask,
                        turn: subtask % consumer.parallelism,
                    },
                ));
            }
        }
        edges.sort_by_key(|(output, _)| *output);
        edges.into_iter().map(|(_, edge)| edge).collect()
    }

    fn core(
        &self,
        construction: &Construction<'scope, '_>,
        key: TaskKey,
        chain: Vec<ChainOperator>,
    ) -> TaskCore {
        let epoch = self.first_epoch();
        let place = self
            .control
            .borrow_mut()
            .register(construction.activator.clone(), epoch);
        let metrics = self
            .shared
            .spec
            .metrics
            .get(key.vertex)
            .and_then(|all| all.get(key.subtask));
        let mut core = TaskCore::new(
            key,
            chain,
            metrics.cloned().unwrap_or_default(),
            self.control.clone(),
            self.shared.snapshots.clone(),
            (place, epoch),
        );
        core.has_consumers(self.shared.spec.plan.consumers(key.vertex));
        core
    }

    /// The epoch that the attempt begins in: the one before its first snapshot.
    fn first_epoch(&self) -> u64 {
        self.shared.spec.next_checkpoint.saturating_sub(1)
    }

    /// Opens the operators of a subtask. A failure is left for the worker's loop, and the task stays
    /// empty.
    fn open(&self, construction: &Construction<'scope, '_>, key: TaskKey) -> Opened {
        self.control.borrow().current.set(Some(key));
        let opened = open::open(self.shared, construction.vertex, key, &construction.waker);
        self.control.borrow().current.set(None);
        opened.unwrap_or_else(|error| {
            self.control.borrow_mut().fail(key, error);
            Opened::default()
        })
    }
}

/// The subtasks that a worker has of a vertex: number n is on worker n modulo the number of workers, as
/// an exchange takes chunks to destination n.
pub(super) fn subtasks_of(
    parallelism: usize,
    worker: usize,
    workers: usize,
) -> impl Iterator<Item = usize> {
    (worker..parallelism).step_by(workers.max(1))
}

/// Wakes the operator with this address, from any thread.
fn waker(scope: Scope<'_, Time>, address: &[usize]) -> Waker {
    let activator = scope.worker().sync_activator_for(address.to_vec());
    let activator = std::sync::Mutex::new(activator);
    Waker::new(move || {
        let activator = activator.lock().unwrap_or_else(PoisonError::into_inner);
        if activator.activate().is_err() {
            tracing::trace!("a task that has ended was woken");
        }
    })
}
