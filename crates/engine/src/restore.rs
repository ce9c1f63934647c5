//! What a snapshot holds, handed to the operators that it belongs to.

use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_storage::{OperatorMetadata, Snapshot};

use crate::connector::{Committable, StateEntry};
use crate::graph::{JobGraph, NodeKind};
use crate::operator::RestoredOperator;

/// A snapshot that fits a job graph.
#[derive(Debug, Clone)]
pub struct RestoredJob {
    snapshot: Snapshot,
    allow_non_restored: bool,
}

impl RestoredJob {
    /// Checks that `snapshot` fits `graph`.
    ///
    /// # Errors
    /// The number of key groups differs, or the snapshot holds state that no operator takes and
    /// `allow_non_restored` is not given.
    pub fn check(
        snapshot: Snapshot,
        graph: &JobGraph,
        allow_non_restored: bool,
    ) -> Result<Arc<Self>> {
        let metadata = snapshot.metadata();
        if metadata.max_parallelism != graph.max_parallelism {
            let (written, wanted) = (metadata.max_parallelism.get(), graph.max_parallelism.get());
            return Err(Error::new(
                &codes::MAX_PARALLELISM,
                format!(
                    "snapshot {} has {written} key groups, job {} has {wanted}",
                    snapshot.location(),
                    graph.name
                ),
            )
            .next(format!("set pipeline.max-parallelism to {written}")));
        }
        let orphans = orphans(&snapshot, graph);
        if orphans.is_empty() {
            return Ok(Arc::new(Self {
                snapshot,
                allow_non_restored,
            }));
        }
        if !allow_non_restored {
            return Err(Error::new(
                &codes::STATE_NOT_RESTORED,
                format!(
                    "snapshot {} holds state of operators that job {} does not have: {}",
                    snapshot.location(),
                    graph.name,
                    orphans.join(", ")
                ),
            )
            .next("give operators of the same kind these uids again, or drop their state with --allowNonRestoredState"));
        }
        for orphan in &orphans {
            tracing::warn!("State of {orphan} is dropped, as --allowNonRestoredState asks for.");
        }
        Ok(Arc::new(Self {
            snapshot,
            allow_non_restored,
        }))
    }

    /// Whether state that nothing takes is dropped.
    pub(crate) fn allow_non_restored(&self) -> bool {
        self.allow_non_restored
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What it holds for the operator with this uid.
    pub(crate) fn operator(&self, uid: &str) -> RestoredOperator {
        let keyed = self.snapshot.operator(uid);
        let entries = keyed
            .as_ref()
            .map(|operator| entries(operator.metadata()))
            .unwrap_or_default();
        RestoredOperator::new(entries, keyed, self.allow_non_restored)
    }

    /// What the operator with this uid had prepared and may not have committed.
    pub(crate) fn prepared(&self, uid: &str) -> Vec<Committable> {
        if self.snapshot.is_committed() {
            return Vec::new();
        }
        let operator = self.snapshot.operator(uid);
        let prepared = operator
            .iter()
            .flat_map(|operator| &operator.metadata().prepared);
        prepared
            .map(|prepared| Committable {
                name: prepared.name.clone(),
                value: prepared.value.clone(),
            })
            .collect()
    }
}

fn entries(metadata: &OperatorMetadata) -> Vec<StateEntry> {
    let entries = metadata.entries.iter();
    entries
        .map(|entry| StateEntry {
            key: entry.key.clone(),
            value: entry.value.clone(),
        })
        .collect()
}

/// Operators of the snapshot that hold something that no operator of the graph takes: there is none of that uid, or
/// it is of another kind. Keyed state is looked at once operators have made theirs.
fn orphans(snapshot: &Snapshot, graph: &JobGraph) -> Vec<String> {
    let uids = graph.uids();
    let kind_of = |uid: &String| {
        let number = uids.iter().position(|known| known == uid)?;
        graph.nodes.get(number).map(|node| &node.kind)
    };
    let operators = snapshot.metadata().operators.iter();
    operators
        .filter(|operator| match kind_of(&operator.uid) {
            None => !operator.is_empty(),
            Some(NodeKind::Source(_)) => !operator.prepared.is_empty(),
            Some(NodeKind::Operator(_)) => {
                !operator.prepared.is_empty() || !operator.entries.is_empty()
            }
            Some(NodeKind::Sink(_)) => false,
        })
        .map(|operator| format!("{} (uid {})", operator.name, operator.uid))
        .collect()
}
