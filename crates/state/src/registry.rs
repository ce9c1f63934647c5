//! The states of one operator subtask, by name.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::{KeyGroupRange, MaxParallelism, Result};
use millstream_storage::{OperatorSnapshot, StateKind};

use crate::api::{ListState, MapState, TimerState, ValueState};
use crate::collection::{Collection, CollectionTable, ListOf, MapOf, Naming};
use crate::context::KeyContext;
use crate::fail;
use crate::identity::Layout;
use crate::keyed::{KeyedState, WriteState};
use crate::table::StateTable;
use crate::timers::TimerTable;
use crate::type_text::type_text;
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
        let collections =
            self.collections::<ListOf<T>>(name, StateKind::List, Layout::ListIndex)?;
        Ok(ListState::new(name, collections, self.context.clone()))
    }

    /// A map for each key.
    ///
    /// # Errors
    /// The name is taken, or the state can't be restored.
    pub fn map<UK: StateKey, UV: StateValue>(&mut self, name: &str) -> Result<MapState<K, UK, UV>> {
        let collections =
            self.collections::<MapOf<UK, UV>>(name, StateKind::Map, Layout::MapKey)?;
        Ok(MapState::new(name, collections, self.context.clone()))
    }

    /// Timers of event time for each key. The operator fires them.
    ///
    /// # Errors
    /// The name is taken, or the timers can't be restored.
    pub fn timers(&mut self, name: &str) -> Result<TimerState<K>> {
        self.check_name(name)?;
        let table = TimerTable::new(name, self.max_parallelism, self.key_groups);
        let table = self.add(table)?;
        Ok(TimerState::new(name, table, self.context.clone()))
    }

    fn collections<C: Collection>(
        &mut self,
        name: &str,
        kind: StateKind,
        layout: Layout,
    ) -> Result<Rc<RefCell<CollectionTable<K, C>>>> {
        self.check_name(name)?;
        let naming = Naming {
            name: name.to_owned(),
            kind,
            layout,
            key_type: type_text::<K>(),
            value_type: type_text::<C::Whole>(),
        };
        self.add(CollectionTable::new(
            naming,
            self.max_parallelism,
            self.key_groups,
        ))
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
        self.check_name(name)?;
        self.add(StateTable::new(
            name,
            kind,
            self.max_parallelism,
            self.key_groups,
        ))
    }

    fn check_name(&self, name: &str) -> Result<()> {
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
        Ok(())
    }

    /// Restores a new state, and keeps it for snapshots.
    fn add<S: KeyedState + 'static>(&mut self, mut state: S) -> Result<Rc<RefCell<S>>> {
        if let Some(snapshot) = &self.restored {
            state.restore(snapshot)?;
        }
        let state = Rc::new(RefCell::new(state));
        self.states.push(Box::new(Rc::clone(&state)));
        Ok(state)
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
