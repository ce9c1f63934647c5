//! What a snapshot holds, handed to the operators that it belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_storage::{EntryMetadata, OperatorMetadata, Snapshot};

use crate::connector::{Committable, RestoredSource, StateEntry};
use crate::graph::{JobGraph, NodeKind};
use crate::operator::RestoredOperator;
use crate::plan::Plan;

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

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What it holds for the operator with this uid.
    pub(crate) fn operator(&self, uid: &str) -> RestoredOperator {
        let keyed = self.snapshot.operator(uid);
        let entries = keyed
            .as_ref()
            .map(|operator| entries(&operator.metadata().entries))
            .unwrap_or_default();
        RestoredOperator::new(entries, keyed, self.allow_non_restored)
    }

    /// What the operator with this uid had prepared and may not have committed.
    ///
    /// # Errors
    /// Whether it is committed can't be told.
    pub(crate) fn prepared(&self, uid: &str) -> Result<Vec<Committable>> {
        self.prepared_by(|operator| operator.uid == uid)
    }

    /// The same of all operators.
    ///
    /// # Errors
    /// Whether it is committed can't be told.
    pub(crate) fn all_prepared(&self) -> Result<Vec<Committable>> {
        self.prepared_by(|_| true)
    }

    fn prepared_by(&self, wanted: impl Fn(&OperatorMetadata) -> bool) -> Result<Vec<Committable>> {
        if self.snapshot.is_committed()? {
            return Ok(Vec::new());
        }
        let operators = self.snapshot.metadata().operators.iter();
        let prepared = operators
            .filter(|operator| wanted(operator))
            .flat_map(|operator| &operator.prepared);
        let prepared = prepared.map(|prepared| Committable {
            name: prepared.name.clone(),
            value: prepared.value.clone(),
        });
        Ok(prepared.collect())
    }
}

/// What a snapshot holds for the sources of a job, by vertex: the same handles for readers and enumerators of an
/// attempt, so that it can be told what neither has taken.
#[derive(Debug, Default)]
pub(crate) struct RestoredSources {
    sources: BTreeMap<usize, (String, RestoredOperator)>,
}

impl RestoredSources {
    /// What `restored` holds for the sources of a plan.
    pub(crate) fn of(plan: &Plan, graph: &JobGraph, restored: Option<&RestoredJob>) -> Self {
        let vertices = plan.vertices.iter().enumerate();
        let sources =
            vertices
                .filter(|(_, vertex)| vertex.is_source)
                .filter_map(|(number, vertex)| {
                    let head = *vertex.chain.first()?;
                    let (node, uid) = (graph.nodes.get(head)?, plan.uids.get(head)?);
                    Some((number, (node.title(), restored?.operator(uid))))
                });
        Self {
            sources: sources.collect(),
        }
    }

    /// What it holds for the readers of the source that a vertex begins with.
    pub(crate) fn of_reader(&self, vertex: usize) -> Option<RestoredOperator> {
        self.sources
            .get(&vertex)
            .map(|(_, restored)| restored.clone())
    }

    /// The same as the enumerator sees it. `None`: the snapshot does not know the source.
    pub(crate) fn of_enumerator(&self, vertex: usize) -> Option<RestoredSource> {
        let (_, restored) = self.sources.get(&vertex)?;
        let operator = restored.keyed.clone()?;
        Some(RestoredSource {
            entries: entries(&operator.metadata().enumerator),
            readers: restored.entries.clone(),
            readers_parallelism: operator.metadata().parallelism,
            operator,
        })
    }

    /// Checks, once all readers and enumerators are open, that all state was taken.
    ///
    /// # Errors
    /// Some was not; the vertex, and the names.
    pub(crate) fn check_taken(&self) -> Result<(), (usize, Error)> {
        self.sources
            .iter()
            .try_for_each(|(vertex, (title, restored))| {
                let checked = restored.check_taken(title, true);
                checked.map_err(|error| (*vertex, error))
            })
    }
}

fn entries(entries: &[EntryMetadata]) -> Vec<StateEntry> {
    entries
        .iter()
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
            Some(NodeKind::Operator(factory)) => {
                !operator.prepared.is_empty()
                    || !operator.entries.is_empty() && !factory.keeps_entries()
                    || !operator.enumerator.is_empty()
            }
            Some(NodeKind::Sink(_)) => !operator.enumerator.is_empty(),
        })
        .map(|operator| format!("{} (uid {})", operator.name, operator.uid))
        .collect()
}
