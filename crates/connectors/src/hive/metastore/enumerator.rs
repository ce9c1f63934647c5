//! Announces the files of a table, until it is known that the job has to fail.

use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    Enumerated, Enumerator, Remaining, SnapshotRequest, SourceSnapshot,
};

use super::tree::Tree;

/// The enumerator of the files of a table. A look at directories only ever waits for what is wrong with them to pass, so this one
/// tells what does not pass.
pub(super) struct TableEnumerator {
    files: Box<dyn Enumerator>,
    tree: Arc<Tree>,
}

impl TableEnumerator {
    pub(super) fn new(files: Box<dyn Enumerator>, tree: Arc<Tree>) -> Self {
        Self { files, tree }
    }
}

impl Enumerator for TableEnumerator {
    fn poll(&mut self) -> Result<Enumerated> {
        match self.tree.take_failure() {
            Some(error) => Err(error),
            None => self.files.poll(),
        }
    }

    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<SourceSnapshot> {
        self.files.snapshot(request)
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        self.files.checkpoint_ended(checkpoint, completed)
    }

    fn remaining(&mut self) -> Remaining {
        self.files.remaining()
    }
}
