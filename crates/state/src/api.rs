//! The state that programs see: handles that read and write under the current key.
//!
//! Every access answers a `Result`: state may lie on a disk one day, and using it where there is no key is an error
//! that names the state.

mod list;
mod map;
mod timer;
mod value;

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::{Error, Result};

pub use list::ListState;
pub use map::MapState;
pub use timer::TimerState;
pub use value::ValueState;

use crate::collection::{Collection, CollectionTable, Spot, View};
use crate::context::KeyContext;
use crate::fail;
use crate::table::StateTable;
use crate::types::{StateKey, StateValue};

/// What all handles are made of: the table, and the key to look under.
struct Keyed<K, V> {
    table: Rc<RefCell<StateTable<K, V>>>,
    context: KeyContext<K>,
    name: Rc<str>,
}

impl<K, V> Clone for Keyed<K, V> {
    fn clone(&self) -> Self {
        Self {
            table: Rc::clone(&self.table),
            context: self.context.clone(),
            name: Rc::clone(&self.name),
        }
    }
}

impl<K: StateKey, V: StateValue> Keyed<K, V> {
    fn new(table: Rc<RefCell<StateTable<K, V>>>, context: KeyContext<K>) -> Self {
        let name = table.borrow().name().into();
        Self {
            table,
            context,
            name,
        }
    }

    /// Calls `read` with the value of the current key.
    fn read<R>(&self, read: impl FnOnce(Option<&V>) -> R) -> Result<R> {
        self.context.with(&self.name, |key, hash| {
            let table = self.table.try_borrow().map_err(|_| self.in_use())?;
            Ok(read(table.get_hashed(hash, key)))
        })?
    }

    /// Calls `change` with the value of the current key, `default` if there is none.
    fn change<R>(
        &self,
        default: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> Result<R> {
        self.context.with(&self.name, |key, hash| {
            let mut table = self.table.try_borrow_mut().map_err(|_| self.in_use())?;
            Ok(table.update_hashed(hash, key, K::clone, default, change))
        })?
    }

    fn set(&self, value: V) -> Result<()> {
        self.context.with(&self.name, |key, hash| {
            let mut table = self.table.try_borrow_mut().map_err(|_| self.in_use())?;
            table.insert_hashed(hash, key.clone(), value);
            Ok(())
        })?
    }

    fn remove(&self) -> Result<Option<V>> {
        self.context.with(&self.name, |key, hash| {
            let mut table = self.table.try_borrow_mut().map_err(|_| self.in_use())?;
            Ok(table.remove_hashed(hash, key, K::clone))
        })?
    }

    fn in_use(&self) -> Error {
        in_use(&self.name)
    }
}

/// What handles of states are made of whose keys have many entries.
struct Entries<K, C: Collection> {
    table: Rc<RefCell<CollectionTable<K, C>>>,
    context: KeyContext<K>,
    name: Rc<str>,
}

impl<K, C: Collection> Clone for Entries<K, C> {
    fn clone(&self) -> Self {
        Self {
            table: Rc::clone(&self.table),
            context: self.context.clone(),
            name: Rc::clone(&self.name),
        }
    }
}

impl<K: StateKey, C: Collection> Entries<K, C> {
    fn new(name: &str, table: Rc<RefCell<CollectionTable<K, C>>>, context: KeyContext<K>) -> Self {
        Self {
            table,
            context,
            name: name.into(),
        }
    }

    /// Calls `read` with the collection of the current key.
    #[inline]
    fn read<R>(&self, read: impl FnOnce(View<'_, C>) -> R) -> Result<R> {
        self.context.with(&self.name, |key, hash| {
            let table = self.table.try_borrow().map_err(|_| in_use(&self.name))?;
            Ok(read(table.view(hash, key)))
        })?
    }

    /// Calls `change` where the collection of the current key can be changed.
    #[inline]
    fn change<R>(&self, change: impl FnOnce(Spot<'_, C>) -> R) -> Result<R> {
        self.context.with(&self.name, |key, hash| {
            let mut table = self
                .table
                .try_borrow_mut()
                .map_err(|_| in_use(&self.name))?;
            Ok(table.change(hash, key, change))
        })?
    }

    fn clear(&self) -> Result<()> {
        self.context.with(&self.name, |key, hash| {
            let mut table = self
                .table
                .try_borrow_mut()
                .map_err(|_| in_use(&self.name))?;
            table.remove(hash, key);
            Ok(())
        })?
    }
}

fn in_use(name: &str) -> Error {
    fail::program(
        format!("state `{name}` is used inside a function that is changing it"),
        "read what you need before, and change the state afterwards",
    )
}
