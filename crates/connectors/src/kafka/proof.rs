//! What became of a transaction whose process has died: the decision, and asking Kafka for what it needs.
//!
//! A transaction is flushed, a snapshot keeps who its producer is, and its process dies before or after the commit. Whoever
//! goes on from the snapshot must commit it if it is open, and must know whether it was committed if it is not. The order
//! of the questions matters: ending it first could commit the records of the next transaction, which may have the same
//! producer and epoch. [`decide`] says which question is next, from the answers so far; [`settle`] asks.
//!
//! [`settle()`] comes before any transactional id of the lineage is initialised, [`fence`] behind it.

mod decide;
mod end;
mod settle;

pub use end::{Ended, end};
pub use settle::{fence, settle};
