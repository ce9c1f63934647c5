//! The subtasks of a vertex, made into one timely operator.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::progress::frontier::MutableAntichain;

use super::open::{Opened, OpenedSource};
use super::{Construction, Layout};
use crate::flow::FlowControl;
use crate::messages::{AttemptEvent, TaskKey};
use crate::operator::Port;
use crate::plan::Vertex;
use crate::task::announce::{AnnouncementOutput, Announcer};
use crate::task::operator::{AnnouncementPuller, OperatorTask, OperatorVertex, Puller, Watermaker};
use crate::task::output::Capabilities;
use crate::task::source::{Progress, SourceSurroundings, SourceTask};
use crate::task::watermark::{Announcement, WatermarkTracker};
use crate::time::{Time, at, lower_bound};

impl<'scope> Layout<'_, 'scope> {
    pub(super) fn source(&mut self, mut construction: Construction<'scope, '_>) {
        let output = self.announcement_output(&mut construction);
        self.shared.sources.add(construction.waker.clone());
        let alarm = Rc::new(Cell::new(None));
        let time = at(self.first_epoch(), self.shared.spec.first_tick);
        let mut tasks = Vec::new();
        for subtask in self.subtasks(construction.vertex) {
            let key = construction.key(subtask);
            let Opened { source, chain } = self.open(&construction, key);
            let core = self.core(&construction, key, chain);
            if source.is_some() {
                core.reads();
            }
            tasks.extend(source.map(|OpenedSource { uid, id, source }| SourceTask {
                core,
                source,
                source_uid: uid,
                source_id: id,
                outputs: self.outputs(&construction, subtask),
                announcer: Announcer::new(output.clone(), key, self.peers),
                capabilities: None,
                time,
                flow: FlowControl::new(),
                surroundings: self.source_surroundings(key, &construction, alarm.clone()),
                state: Progress::new(),
            }));
        }
        let builder = construction.builder;
        builder.build(move |capabilities: Vec<Capability<Time>>| {
            let mut capabilities = Capabilities::initial(capabilities);
            capabilities.downgrade(time);
            for task in &mut tasks {
                task.capabilities = Some(capabilities.clone());
            }
            move |_frontiers: &[MutableAntichain<Time>]| {
                tasks.iter_mut().for_each(SourceTask::activate);
            }
        });
    }

    /// Where the subtasks of a vertex that makes watermarks announce them: its last output.
    fn announcement_output(
        &mut self,
        construction: &mut Construction<'scope, '_>,
    ) -> AnnouncementOutput {
        let (output, announcements) = construction.builder.new_output::<Vec<Announcement>>();
        self.announcements
            .insert(construction.number, announcements);
        Rc::new(RefCell::new(OutputBuilder::from(output)))
    }

    fn source_surroundings(
        &self,
        task: TaskKey,
        construction: &Construction<'scope, '_>,
        alarm: Rc<Cell<Option<Instant>>>,
    ) -> SourceSurroundings {
        let events = self.shared.events.clone();
        let reached = self.shared.spec.plan.ends_behind(construction.number);
        let sinks = reached.iter().filter_map(|sink| self.sinks.get(sink));
        SourceSurroundings {
            control: self.control.clone(),
            clock: self.shared.clock.clone(),
            deliveries: self.shared.deliveries.clone(),
            sources: self.shared.sources.clone(),
            sinks: sinks.cloned().collect(),
            activator: construction.activator.clone(),
            rate: self.shared.spec.rate.clone(),
            turn: self.shared.spec.rate.join(),
            alarm,
            ended: Box::new(move || events.send(AttemptEvent::SourceEnded { task })),
        }
    }

    pub(super) fn operator(
        &mut self,
        mut construction: Construction<'scope, '_>,
        inputs: Vec<(Port, Puller)>,
        announcements: AnnouncementPuller,
    ) {
        let output = construction
            .vertex
            .announces
            .then(|| self.announcement_output(&mut construction));
        let first = at(self.first_epoch(), 0);
        let mut tasks = Vec::new();
        for subtask in self.subtasks(construction.vertex) {
            let key = construction.key(subtask);
            let Opened { chain, .. } = self.open(&construction, key);
            let watermaker = output.clone().map(|output| Watermaker {
                announcer: Announcer::new(output, key, self.peers),
                capabilities: None,
                latest: first,
                clock: self.shared.clock.clone(),
                sources: self.shared.sources.clone(),
            });
            tasks.push(OperatorTask {
                core: self.core(&construction, key, chain),
                watermarks: self.watermarks(construction.vertex),
                outputs: self.outputs(&construction, subtask),
                stash: BTreeMap::new(),
                held: None,
                firing: None,
                owed: None,
                watermaker,
                activator: construction.activator.clone(),
            });
        }
        let mut vertex = OperatorVertex {
            inputs,
            announcements,
            tasks,
            peers: self.peers,
        };
        let builder = construction.builder;
        builder.build(move |capabilities: Vec<Capability<Time>>| {
            let mut capabilities = Capabilities::initial(capabilities);
            capabilities.downgrade(first);
            for watermaker in vertex.watermakers() {
                watermaker.capabilities = Some(capabilities.clone());
            }
            drop(capabilities);
            move |frontiers: &[MutableAntichain<Time>]| {
                vertex.activate(frontiers.iter().filter_map(lower_bound).min());
            }
        });
    }

    /// The watermarks of all subtasks upstream that make them.
    fn watermarks(&self, vertex: &Vertex) -> WatermarkTracker<Capabilities> {
        let vertices = &self.shared.spec.plan.vertices;
        let makers = vertex.watermarks.iter();
        WatermarkTracker::new(
            makers.filter_map(|maker| Some((*maker, vertices.get(*maker)?.parallelism))),
        )
    }
}
