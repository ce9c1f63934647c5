//! What the parts of a source put into a snapshot.

use millstream_state::WriteState;

use super::StateEntry;

/// What a reader or an enumerator hands over on the boundary of an epoch.
#[derive(Default)]
pub struct SourceSnapshot {
    /// Small pieces of state, written into `_metadata`.
    pub entries: Vec<StateEntry>,
    /// What may grow: state files, written in the background.
    pub states: Vec<Box<dyn WriteState>>,
}

impl From<Vec<StateEntry>> for SourceSnapshot {
    fn from(entries: Vec<StateEntry>) -> Self {
        Self {
            entries,
            states: Vec::new(),
        }
    }
}

impl std::fmt::Debug for SourceSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceSnapshot")
            .field("entries", &self.entries)
            .field("states", &self.states.len())
            .finish()
    }
}
