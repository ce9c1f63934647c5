//! The states of one operator subtask, by name.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::{KeyGroupRange, MaxParallelism, Result};
use millstream_storage::{OperatorSnapshot, StateKind};

use crate::api::{ListState, MapEntries, MapState, ValueState};
use crate::context::KeyContext;
use crate::fail;
use crate::keyed::{KeyedState, WriteState};
use crate::table::StateTable;
use crate::types::{StateKey, StateValue};

/// Makes the states of one operator subtask, restores each as it is made, and freezes all together.
pub struct StateRegistry<K> {
    context: KeyContext<K>,
    max_parallelism: MaxParallelism,
    key_groups: KeyGroupRange,
    restored: Option<OperatorSnapshot>,
    states: Vec<Box<dyn KeyedState>>,
}

impl<K: StateKey> StateRegistry<K> {
    /// No states yet. Those made later begin with what `restored` holds of `key_groups`; empty at a fresh start.
    pub fn new(
        max_parallelism: MaxParallelism,
        key_groups: KeyGroupRange,
        restored: Option<OperatorSnapshot>,
    ) -> Self {
        Self {
            context: KeyContext::new(),
            max_parallelism,
            key_groups,
            restored,
            states: Vec::new(),
        }
    }

    /// The current key of all states. The operator sets it before it hands a record to the program.
    pub fn context(&self) -> &KeyContext<K> {
        &self.context
    }

    /// One value for each key.
    ///
    /// # Errors
    /// The name is taken, or the state can't be restored.
    pub fn value<T: StateValue>(&mut self, name: &str) -> Result<ValueState<K, T>> {
        let table = self.table(name, StateKind::Value)?;
        Ok(ValueState::new(table, self.context.clone()))
    }

    /// A list for each key.
    ///
    /// # Errors
    /// The name is taken, or the state can't be restored.
    pub fn list<T: StateValue>(&mut self, name: &str) -> Result<ListState<K, T>> {
        let table = self.table(name, StateKind::List)?;
        Ok(ListState::new(table, self.context.clone()))
    }

    /// A map for each key.
    ///
    /// # Errors
    /// The name is taken, or the state can't be restored.
    pub fn map<UK: StateKey, UV: StateValue>(&mut self, name: &str) -> Result<MapState<K, UK, UV>> {
        let table = self.table::<MapEntries<UK, UV>>(name, StateKind::Map)?;
        Ok(MapState::new(table, self.context.clone()))
    }

    /// The table itself, for operators that go through a batch with one borrow.
    ///
    /// # Errors
    /// The name is empty or taken, or the state can't be restored.
    pub fn table<V: StateValue>(
        &mut self,
        name: &str,
        kind: StateKind,
    ) -> Result<Rc<RefCell<StateTable<K, V>>>> {
        if name.is_empty() {
            return Err(fail::program(
                "a state has no name".into(),
                "give each state a name",
            ));
        }
        if self.states.iter().any(|state| state.name() == name) {
            return Err(fail::program(
                format!("the operator has two states called `{name}`"),
                "give each state of an operator a name of its own",
            ));
        }
        let mut table = StateTable::new(name, kind, self.max_parallelism, self.key_groups);
        if let Some(snapshot) = &self.restored {
            KeyedState::restore(&mut table, snapshot)?;
        }
        let table = Rc::new(RefCell::new(table));
        self.states.push(Box::new(Rc::clone(&table)));
        Ok(table)
    }

    /// All states as the engine sees them, in the order in which they were made.
    pub fn states(&mut self) -> &mut [Box<dyn KeyedState>] {
        &mut self.states
    }

    /// All states as they are now, to be written by another thread.
    pub fn freeze(&mut self) -> Vec<Box<dyn WriteState>> {
        self.states.iter_mut().map(|state| state.freeze()).collect()
    }

    /// Clears away what finished snapshots left, each state within `budget`; see [`StateTable::maintain`].
    /// Answers whether something is left.
    pub fn maintain(&mut self, budget: usize) -> bool {
        let mut is_left = false;
        for state in &mut self.states {
            is_left |= state.maintain(budget);
        }
        is_left
    }
}
