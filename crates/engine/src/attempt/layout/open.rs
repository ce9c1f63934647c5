//! Opens the operators of one task, with the state that a snapshot holds for them.

use std::sync::Arc;

use millstream_core::{OperatorId, Result, TaskStatus};

use crate::attempt::Shared;
use crate::connector::Waker;
use crate::graph::{NodeId, NodeKind};
use crate::messages::{AttemptEvent, TaskKey};
use crate::operator::{OperatorContext, SourceOperator};
use crate::plan::Vertex;
use crate::task::core::ChainOperator;

/// The source at the head of a task.
pub(super) struct OpenedSource {
    pub(super) uid: String,
    pub(super) id: OperatorId,
    pub(super) source: Box<dyn SourceOperator>,
}

/// The head and the chain of a task; empty where it could not be opened.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) source: Option<OpenedSource>,
    pub(super) chain: Vec<ChainOperator>,
}

/// Opens every operator of a task.
pub(super) fn open(
    shared: &Arc<Shared>,
    vertex: &Vertex,
    key: TaskKey,
    waker: &Waker,
) -> Result<Opened> {
    let mut opened = Opened::default();
    let status = |status| shared.events.send(AttemptEvent::Task { task: key, status });
    status(TaskStatus::Deploying);
    status(TaskStatus::Initializing);
    for node in &vertex.chain {
        open_node(shared, vertex, key, waker, *node, &mut opened)?;
    }
    Ok(opened)
}

fn open_node(
    shared: &Arc<Shared>,
    vertex: &Vertex,
    key: TaskKey,
    waker: &Waker,
    id: NodeId,
    opened: &mut Opened,
) -> Result<()> {
    let spec = &shared.spec;
    let (Some(node), Some(uid)) = (spec.graph.nodes.get(id), spec.plan.uids.get(id)) else {
        return Ok(());
    };
    let metrics = spec
        .metrics
        .get(key.vertex)
        .and_then(|all| all.get(key.subtask));
    let context = OperatorContext {
        job: spec.job,
        operator: OperatorId::from_uid(uid),
        uid: uid.clone(),
        subtask: key.subtask,
        parallelism: vertex.parallelism,
        max_parallelism: spec.graph.max_parallelism,
        lineage: spec.lineage.clone(),
        run: spec.run,
        next_checkpoint: spec.next_checkpoint,
        restored: match &node.kind {
            NodeKind::Source(_) => shared.restored_sources.of_reader(key.vertex),
            NodeKind::Operator(_) | NodeKind::Sink(_) => {
                let restored = spec.restored.as_ref();
                restored.map(|restored| restored.operator(uid))
            }
        },
        waker: waker.clone(),
        progress: metrics
            .map(|metrics| metrics.source.clone())
            .unwrap_or_default(),
    };
    match &node.kind {
        NodeKind::Source(factory) => {
            let source = factory.open(&context)?;
            opened.source = Some(OpenedSource {
                uid: uid.clone(),
                id: context.operator,
                source,
            });
        }
        NodeKind::Operator(factory) | NodeKind::Sink(factory) => {
            opened.chain.push(ChainOperator::new(
                uid.clone(),
                context.operator,
                factory.open(&context)?,
                factory.generates_watermarks(),
            ));
        }
    }
    match &context.restored {
        // State files of a source may be its enumerator's: they are looked at once that is open, too.
        Some(_) if matches!(node.kind, NodeKind::Source(_)) => Ok(()),
        Some(restored) => restored.check_taken(&node.title(), key.subtask == 0),
        None => Ok(()),
    }
}
