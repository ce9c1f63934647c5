//! What the engine sees of keyed state: types erased, freeze here, write there.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::{OperatorId, Result};
use millstream_storage::{OperatorSnapshot, SnapshotTarget, StateMetadata};

use crate::collection::{Collection, CollectionTable};
use crate::groups::FrozenTable;
use crate::restore::restore;
use crate::rows::{Rows, TakesRows};
use crate::table::{FrozenState, StateTable};
use crate::timers::TimerTable;
use crate::types::{StateKey, StateValue};
use crate::write::write;

/// One keyed state of one operator subtask, whatever its types and backend. Lives on the worker thread.
pub trait KeyedState {
    /// The state's name, unique within the operator.
    fn name(&self) -> String;

    /// The state as it is now. To be called on the boundary of an epoch; takes microseconds.
    fn freeze(&mut self) -> Box<dyn WriteState>;

    /// Replaces the content by what the snapshot holds of the state's own key groups, written at whatever
    /// parallelism and in whatever format. State that the snapshot does not hold is empty afterwards.
    ///
    /// # Errors
    /// The snapshot's types or maximum parallelism are not the program's, or a file can't be read.
    fn restore(&mut self, snapshot: &OperatorSnapshot) -> Result<()>;

    /// Clears away what a finished snapshot left, in steps; see [`StateTable::maintain`]. Answers whether
    /// something is left.
    fn maintain(&mut self, budget: usize) -> bool;
}

/// A frozen state on its way to disk, on any thread.
pub trait WriteState: Send {
    /// Writes the state into each of `targets`, in its format, as the part of one subtask. An empty state makes no file. Answers
    /// for each target: where one can't be written, the others still are.
    /// The answers of all subtasks belong into [`OperatorMetadata::add_state`](millstream_storage::OperatorMetadata::add_state).
    ///
    /// # Errors
    /// The file can't be written, or a key or value can't in this format; names the state and its type.
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        subtask: usize,
    ) -> Vec<Result<StateMetadata>>;
}

impl<K: StateKey, V: StateValue> WriteState for FrozenState<K, V> {
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        subtask: usize,
    ) -> Vec<Result<StateMetadata>> {
        write(self.into_table(), targets, operator, subtask)
    }
}

impl<R: Rows> WriteState for FrozenTable<R> {
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        subtask: usize,
    ) -> Vec<Result<StateMetadata>> {
        write(*self, targets, operator, subtask)
    }
}

impl<K: StateKey, V: StateValue> KeyedState for StateTable<K, V> {
    fn name(&self) -> String {
        StateTable::name(self).to_string()
    }

    fn freeze(&mut self) -> Box<dyn WriteState> {
        Box::new(StateTable::freeze(self))
    }

    fn restore(&mut self, snapshot: &OperatorSnapshot) -> Result<()> {
        restore(self, snapshot)
    }

    fn maintain(&mut self, budget: usize) -> bool {
        StateTable::maintain(self, budget)
    }
}

impl<K: StateKey, C: Collection> KeyedState for CollectionTable<K, C> {
    fn name(&self) -> String {
        self.identity().name.clone()
    }

    fn freeze(&mut self) -> Box<dyn WriteState> {
        Box::new(CollectionTable::freeze(self))
    }

    fn restore(&mut self, snapshot: &OperatorSnapshot) -> Result<()> {
        restore(self, snapshot)
    }

    fn maintain(&mut self, budget: usize) -> bool {
        CollectionTable::maintain(self, budget)
    }
}

impl<K: StateKey> KeyedState for TimerTable<K> {
    fn name(&self) -> String {
        self.identity().name.clone()
    }

    fn freeze(&mut self) -> Box<dyn WriteState> {
        Box::new(TimerTable::freeze(self))
    }

    fn restore(&mut self, snapshot: &OperatorSnapshot) -> Result<()> {
        restore(self, snapshot)?;
        self.put_in_order();
        Ok(())
    }

    fn maintain(&mut self, budget: usize) -> bool {
        TimerTable::maintain(self, budget)
    }
}

/// A state shared between the engine and the handles of a program.
///
/// The engine calls between records, when no handle is in the middle of an access.
impl<S: KeyedState> KeyedState for Rc<RefCell<S>> {
    fn name(&self) -> String {
        self.borrow().name()
    }

    fn freeze(&mut self) -> Box<dyn WriteState> {
        self.borrow_mut().freeze()
    }

    fn restore(&mut self, snapshot: &OperatorSnapshot) -> Result<()> {
        self.borrow_mut().restore(snapshot)
    }

    fn maintain(&mut self, budget: usize) -> bool {
        self.borrow_mut().maintain(budget)
    }
}
