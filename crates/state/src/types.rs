//! What a type must be able to do to be state.

use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type whose values can be state. Implemented for every type that fits.
///
/// `Send + Sync`: snapshots are written by another thread while the program goes on. `Clone`: a value that is
/// changed while a snapshot still needs it is copied first.
pub trait StateValue: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static> StateValue for T {}

/// A type whose values can be keys. Implemented for every type that fits.
///
/// Equal keys must hash alike, in every process: the hash decides which subtask owns a key, also
/// after a restore.
pub trait StateKey: StateValue + Hash + Eq {}

impl<T: StateValue + Hash + Eq> StateKey for T {}
