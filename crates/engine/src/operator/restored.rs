//! What a snapshot holds for one operator.

use millstream_core::{Error, Result, codes};
use millstream_storage::OperatorSnapshot;

use crate::connector::StateEntry;

/// What a snapshot holds for one operator, over all subtasks of the job that wrote it.
#[derive(Debug, Clone)]
pub struct RestoredOperator {
    /// State that belongs to no key, of all subtasks.
    pub entries: Vec<StateEntry>,
    /// Keyed state; `None`: the snapshot does not know the operator.
    pub keyed: Option<OperatorSnapshot>,
    allow_non_restored: bool,
}

impl RestoredOperator {
    /// The parts of an operator. `allow_non_restored`: state that it does not take is dropped.
    pub(crate) fn new(
        entries: Vec<StateEntry>,
        keyed: Option<OperatorSnapshot>,
        allow_non_restored: bool,
    ) -> Self {
        Self {
            entries,
            keyed,
            allow_non_restored,
        }
    }

    /// Checks, once the operator that people know as `title` has been opened, that it has taken all keyed state
    /// there is for it.
    pub(crate) fn check_taken(&self, title: &str, is_first: bool) -> Result<()> {
        let left = self.keyed.as_ref().map(OperatorSnapshot::not_taken);
        let left = left.unwrap_or_default();
        if left.is_empty() {
            return Ok(());
        }
        let message = format!(
            "operator {title} does not make the states {}",
            left.join(", ")
        );
        if self.allow_non_restored {
            if is_first {
                tracing::warn!("{message}; they are dropped, as --allowNonRestoredState asks for");
            }
            return Ok(());
        }
        Err(Error::new(
            &codes::STATE_NOT_RESTORED,
            format!("{message}, which the snapshot holds"),
        )
        .next("make them under their old names, or drop them with --allowNonRestoredState"))
    }
}
