//! The state that programs see: handles that read and write under the current key.
//!
//! Every access answers a `Result`: state may lie on a disk one day, and using it where there is no key is an error
//! that names the state.

mod list;
mod map;
mod value;

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::Result;

pub use list::ListState;
pub use map::{MapEntries, MapState};
pub use value::ValueState;

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

    fn in_use(&self) -> millstream_core::Error {
        fail::program(
            format!(
                "state `{}` is used inside a function that is changing it",
                self.name
            ),
            "read what you need before, and change the state afterwards",
        )
    }
}
