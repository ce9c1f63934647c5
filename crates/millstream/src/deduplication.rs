//! Leaving out what was there before.

use std::time::Duration;

use millstream_core::{EventTime, Result};
use millstream_engine::Record;
use millstream_state::Fingerprint;

/// How records that were there before are told and left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deduplication {
    /// Two rows with the same fingerprint are the same if less than this time lies between them.
    pub within: Duration,
    /// Whose time that is.
    pub time: TimeOf,
}

/// What the time of a row is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOf {
    /// The row itself says it, and watermarks say what may be forgotten: what is left out is a function of what is read, however
    /// often and how fast it is. A row that says none has the time at which it comes.
    Record,
    /// The clock, when the row comes.
    Clock,
}

/// A record that is several rows, each with the fingerprint of what makes it the same as another.
pub trait Fingerprinted: Record {
    /// The fingerprint of each row; `None`: the row is the same as no other. Empty where the record has no rows, and goes on
    /// whatever was there before.
    fn fingerprints(&self) -> &[Option<Fingerprint>];

    /// The time of row number `row`, if it says one.
    fn time(&self, row: usize) -> Option<EventTime>;

    /// A number that differs between records as a rule. It decides which subtask takes what has no fingerprint.
    fn place(&self) -> u64;

    /// Some of the rows alone. The numbers go up.
    ///
    /// # Errors
    /// The record can't be taken apart.
    fn only(&self, rows: &[usize]) -> Result<Self>;
}
