//! Kafka's protocol as far as librdkafka does not show it: raw requests to brokers, over connections of our own.
//!
//! What is asked here concerns other producers' transactions, which no client library speaks of. Each request is written
//! and read in the versions that are needed; [`connection`] takes the newest that the broker has in common. Whatever a
//! broker answers is read within bounds: a count that the rest of the answer can't hold is an error, never memory.
//!
//! - [`bytes`], [`requests`], [`batch`]: what goes over the wire. Pure.
//! - [`given`], [`security`], [`scram`], [`tls`]: who connects, by the properties that librdkafka is given.
//! - [`stream`], [`connection`]: one broker. [`session`]: all of them, and who coordinates what.
//! - [`inspect`]: what may be done, looked at without doing it.
//! - [`admin`]: settings, and topics that are made.
//! - [`ask`]: questions, asked again where the answer is only *not now*.

mod admin;
mod ask;
mod batch;
mod bytes;
mod clock;
mod cluster;
mod connection;
mod errors;
mod given;
mod inspect;
mod requests;
mod scram;
mod security;
mod session;
mod stream;
mod tls;

pub(super) use admin::Wanted;
pub(super) use ask::{Ended, Marker, Readable};
pub use ask::{Listed, TopicFound};
pub(super) use clock::Patience;
pub use cluster::Cluster;
pub(super) use errors::Trouble;
pub(super) use inspect::{Inspected, Looked, Operation, Reached};
pub use session::{Session, TransactionVersion};

#[cfg(test)]
mod tests;
