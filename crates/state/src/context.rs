//! The key that an operator is working on.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::Result;
use millstream_core::hash::stable_hash;

use crate::fail;
use crate::types::StateKey;

/// The key of the record (or timer) that an operator subtask is working on. Every state of the operator is read
/// and written under it. Clones share the key.
pub struct KeyContext<K> {
    current: Rc<RefCell<Option<CurrentKey<K>>>>,
}

struct CurrentKey<K> {
    key: K,
    hash: u64,
}

impl<K> Clone for KeyContext<K> {
    fn clone(&self) -> Self {
        Self {
            current: Rc::clone(&self.current),
        }
    }
}

impl<K> Default for KeyContext<K> {
    fn default() -> Self {
        Self {
            current: Rc::default(),
        }
    }
}

impl<K: StateKey> KeyContext<K> {
    /// No key yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on to `key`.
    pub fn set(&self, key: K) {
        let hash = stable_hash(&key);
        self.set_hashed(key, hash);
    }

    /// Goes on to `key`, whose [stable hash](stable_hash) is known already.
    #[inline]
    pub fn set_hashed(&self, key: K, hash: u64) {
        self.current.replace(Some(CurrentKey { key, hash }));
    }

    /// No record is being worked on any more.
    pub fn clear(&self) {
        self.current.replace(None);
    }

    /// The current key.
    pub fn key(&self) -> Option<K> {
        self.current
            .borrow()
            .as_ref()
            .map(|current| current.key.clone())
    }

    /// Calls `read` with the current key and its hash.
    ///
    /// # Errors
    /// There is none: state is used where no record is being processed.
    pub(crate) fn with<R>(&self, state: &str, read: impl FnOnce(&K, u64) -> R) -> Result<R> {
        match &*self.current.borrow() {
            Some(current) => Ok(read(&current.key, current.hash)),
            None => Err(fail::program(
                format!("state `{state}` is used where there is no key"),
                "use keyed state only while a record or timer is being processed",
            )),
        }
    }
}
