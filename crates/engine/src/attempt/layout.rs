//! Lays the plan out as a timely dataflow on one worker.

mod open;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use timely::dataflow::Scope;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::core::Concatenate;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::{Capability, Probe, probe};
use timely::progress::frontier::MutableAntichain;
use timely::scheduling::Activator;
use timely::worker::Worker;

use super::{AttemptEvent, Shared};
use crate::chunk::Chunk;
use crate::connector::Waker;
use crate::flow::FlowControl;
use crate::graph::Ship;
use crate::operator::Port;
use crate::plan::{Vertex, VertexInput};
use crate::task::control::Control;
use crate::task::core::{ChainOperator, TaskCore};
use crate::task::operator::{AnnouncementPuller, OperatorTask, Puller};
use crate::task::output::{Capabilities, OutEdge, Outputs};
use crate::task::source::{Progress, SourceSurroundings, SourceTask};
use crate::task::watermark::{Announcement, WatermarkTracker};
use crate::task::{AnnouncementStream, ChunkStream, TaskKey};
use crate::time::{Time, at, lower_bound};
use open::{Opened, OpenedSource};

/// Builds every vertex on this worker; answers the probe that stands behind all sinks.
pub(crate) fn lay_out(
    worker: &mut Worker,
    shared: &Arc<Shared>,
    control: &Rc<RefCell<Control>>,
) -> probe::Handle<Time> {
    let sinks = probe::Handle::new();
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
    sinks
}

struct Layout<'a, 'scope> {
    shared: &'a Arc<Shared>,
    control: &'a Rc<RefCell<Control>>,
    sinks: &'a probe::Handle<Time>,
    index: usize,
    peers: usize,
    /// By vertex, then edge.
    outputs: Vec<Vec<ChunkStream<'scope>>>,
    /// By source vertex.
    announcements: BTreeMap<usize, AnnouncementStream<'scope>>,
}

/// A vertex on its way into the dataflow.
struct Construction<'scope, 'plan> {
    builder: OperatorBuilder<'scope, Time>,
    number: usize,
    vertex: &'plan Vertex,
    activator: Activator,
    waker: Waker,
    outputs: Outputs,
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
        let mut outputs = Vec::new();
        for _ in 0..vertex.outputs.max(1) {
            let (output, stream) = builder.new_output::<Vec<Chunk>>();
            outputs.push(OutputBuilder::from(output));
            streams.push(stream);
        }
        let groups = self.shared.spec.graph.max_parallelism;
        let outputs = Outputs {
            edges: self.edges(number),
            outputs,
            groups,
            routed: Vec::new(),
        };
        let construction = Construction {
            builder,
            number,
            vertex,
            activator,
            waker,
            outputs,
        };
        match announcements {
            None => self.source(construction),
            Some(announcements) => self.operator(construction, inputs, announcements),
        }
        if vertex.outputs == 0 {
            for stream in streams.drain(..) {
                stream.probe_with(self.sinks);
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
        let sources = vertex
            .sources
            .iter()
            .filter_map(|source| self.announcements.get(source));
        let stream: AnnouncementStream<'scope> = scope.concatenate(sources.cloned());
        let exchange = Exchange::new(|announcement: &Announcement| u64::from(announcement.worker));
        let mut handle = builder.new_input(stream, exchange);
        Box::new(move |take| handle.for_each(|capability, announced| take(capability, announced)))
    }

    /// The edges that leave a vertex, in the order of its outputs.
    fn edges(&self, number: usize) -> Vec<OutEdge> {
        let mut edges: Vec<(usize, OutEdge)> = Vec::new();
        for consumer in &self.shared.spec.plan.vertices {
            for input in consumer.inputs.iter().filter(|input| input.from == number) {
                edges.push((
                    input.output,
                    OutEdge {
                        ship: input.ship.clone(),
                        parallelism: consumer.parallelism,
                        subtask: self.index,
                        turn: self.index % consumer.parallelism,
                    },
                ));
            }
        }
        edges.sort_by_key(|(output, _)| *output);
        edges.into_iter().map(|(_, edge)| edge).collect()
    }

    fn core(&self, construction: &Construction<'scope, '_>, chain: Vec<ChainOperator>) -> TaskCore {
        let key = self.key(construction);
        let epoch = self.first_epoch();
        let place = self
            .control
            .borrow_mut()
            .register(construction.activator.clone(), epoch);
        if self.index >= construction.vertex.parallelism {
            // A worker without a subtask of this vertex holds no boundary up.
            self.control.borrow_mut().passed(place, u64::MAX);
        }
        let metrics = self
            .shared
            .spec
            .metrics
            .get(key.vertex)
            .and_then(|all| all.get(key.subtask));
        TaskCore::new(
            key,
            chain,
            metrics.cloned().unwrap_or_default(),
            self.control.clone(),
            self.shared.snapshots.clone(),
            (place, epoch),
        )
    }

    /// The epoch that the attempt begins in: the one before its first snapshot.
    fn first_epoch(&self) -> u64 {
        self.shared.spec.next_checkpoint.saturating_sub(1)
    }

    /// Opens the operators of this worker's subtask, if it has one. A failure is left for the
    /// worker's loop, and the task stays empty.
    fn open(&self, construction: &Construction<'scope, '_>, key: TaskKey) -> Opened {
        let vertex = construction.vertex;
        if self.index >= vertex.parallelism {
            return Opened::default();
        }
        self.control.borrow().current.set(Some(key));
        let opened = open::open(self.shared, vertex, key, &construction.waker);
        self.control.borrow().current.set(None);
        opened.unwrap_or_else(|error| {
            self.control.borrow_mut().fail(key, error);
            Opened::default()
        })
    }

    fn source(&mut self, mut construction: Construction<'scope, '_>) {
        let (output, announcements) = construction.builder.new_output::<Vec<Announcement>>();
        self.announcements
            .insert(construction.number, announcements);
        let key = self.key(&construction);
        let Opened { source, chain } = self.open(&construction, key);
        let core = self.core(&construction, chain);
        let Construction {
            builder,
            activator,
            outputs,
            ..
        } = construction;
        let time = at(self.first_epoch(), 0);
        let surroundings = self.source_surroundings(key, activator);
        builder.build(move |capabilities: Vec<Capability<Time>>| {
            let mut task = source.map(|OpenedSource { uid, id, source }| {
                let mut capabilities = Capabilities::initial(capabilities);
                capabilities.downgrade(time);
                SourceTask {
                    core,
                    source,
                    source_uid: uid,
                    source_id: id,
                    outputs,
                    announcements: OutputBuilder::from(output),
                    capabilities: Some(capabilities),
                    time,
                    flow: FlowControl::new(),
                    surroundings,
                    state: Progress::new(),
                }
            });
            move |_frontiers: &[MutableAntichain<Time>]| {
                if let Some(task) = &mut task {
                    task.activate();
                }
            }
        });
    }

    fn source_surroundings(&self, task: TaskKey, activator: Activator) -> SourceSurroundings {
        let events = self.shared.events.clone();
        SourceSurroundings {
            control: self.control.clone(),
            clock: self.shared.clock.clone(),
            sources: self.shared.clone(),
            sinks: self.sinks.clone(),
            activator,
            peers: self.peers,
            ended: Box::new(move || events.send(AttemptEvent::SourceEnded { task })),
        }
    }

    fn operator(
        &mut self,
        construction: Construction<'scope, '_>,
        inputs: Vec<(Port, Puller)>,
        announcements: AnnouncementPuller,
    ) {
        let key = self.key(&construction);
        let Opened { chain, .. } = self.open(&construction, key);
        let vertices = &self.shared.spec.plan.vertices;
        let sources = construction.vertex.sources.iter();
        let sources =
            sources.filter_map(|source| Some((*source, vertices.get(*source)?.parallelism)));
        let watermarks = WatermarkTracker::new(sources);
        let is_mine = self.index < construction.vertex.parallelism;
        let core = self.core(&construction, chain);
        let Construction {
            builder,
            activator,
            outputs,
            ..
        } = construction;
        builder.build(move |capabilities: Vec<Capability<Time>>| {
            drop(capabilities);
            let mut task = OperatorTask {
                core,
                inputs,
                announcements,
                watermarks,
                outputs,
                stash: BTreeMap::new(),
                held: None,
                activator,
            };
            move |frontiers: &[MutableAntichain<Time>]| {
                if is_mine {
                    task.activate(frontiers.iter().filter_map(lower_bound).min());
                } else {
                    task.pass_by();
                }
            }
        });
    }

    fn key(&self, construction: &Construction<'scope, '_>) -> TaskKey {
        TaskKey {
            vertex: construction.number,
            subtask: self.index,
        }
    }
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
