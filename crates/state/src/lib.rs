//! Keyed state: the API that programs see, the memory backend, and its snapshots.
//!
//! - A [`StateTable`] holds one state of one operator subtask in memory: one hash table for each key group.
//!   [`StateTable::freeze`] takes a snapshot in a time that does not depend on the number of keys; what is
//!   written afterwards goes to small overlays until the snapshot is on disk.
//! - [`KeyedState`] and [`WriteState`] are what the engine sees: freeze on the worker thread, write on
//!   another, restore at any parallelism.
//! - [`ValueState`], [`ListState`] and [`MapState`] are what programs see; a [`StateRegistry`] makes them by name. The entries of
//!   a list and of a map are entries of the state, each copied and written by itself.
//! - A [`SeenTable`] holds when what was seen, and forgets it: millions of keys in little memory.
//! - [`TimerState`] holds timers of event time for each key, which an operator fires.
//!
//! This crate knows neither the engine nor a connector.

mod api;
mod collection;
mod column;
mod context;
mod fail;
mod fingerprint;
mod groups;
mod identity;
mod keyed;
mod opaque;
mod places;
mod registry;
mod restore;
mod rows;
mod seen;
mod slot;
mod table;
mod timers;
mod type_text;
mod types;
mod write;

pub use api::{ListState, MapState, TimerState, ValueState};
pub use context::KeyContext;
pub use fingerprint::Fingerprint;
pub use keyed::{KeyedState, WriteState};
pub use opaque::{OpaquePart, OpaqueState};
pub use registry::StateRegistry;
pub use seen::SeenTable;
pub use table::{FrozenState, StateTable};
pub use types::{StateKey, StateValue};
