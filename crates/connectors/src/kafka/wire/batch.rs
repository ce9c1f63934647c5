//! The head of a batch of records: whose it is.

use super::bytes::{Garbled, Reader};

/// The head of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    /// Its first offset.
    pub(super) first: i64,
    /// Its last offset.
    pub(super) last: i64,
    /// Who produced it, -1 if nobody said so.
    pub(super) producer: i64,
    /// Whether it belongs to a transaction.
    pub(super) transactional: bool,
    /// Whether it holds marks of transactions and no records.
    pub(super) control: bool,
}

/// The batches in `bytes`, as far as their heads are whole. Those that compaction has not written anew are in order.
///
/// # Errors
/// They are in a form older than transactions are.
pub(super) fn batches(bytes: &[u8]) -> Result<Vec<Batch>, Garbled> {
    let mut input = Reader::new(bytes, false);
    let mut found = Vec::new();
    // Up to the length, and what the length counts of the head.
    while input.left() >= 61 {
        let (first, length) = (input.i64()?, input.i32()?);
        let (_leader, magic, _crc) = (input.i32()?, input.i8()?, input.i32()?);
        if magic != 2 {
            return Err(Garbled("a batch is in an old form"));
        }
        let (attributes, span) = (input.i16()?, input.i32()?);
        let (_oldest, _newest) = (input.i64()?, input.i64()?);
        let producer = input.i64()?;
        let (_epoch, _sequence, _count) = (input.i16()?, input.i32()?, input.i32()?);
        found.push(Batch {
            first,
            last: first.saturating_add(i64::from(span.max(0))),
            producer,
            transactional: attributes & 0x10 != 0,
            control: attributes & 0x20 != 0,
        });
        let behind = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(49));
        let behind = behind.ok_or(Garbled("a batch is shorter than its head"))?;
        if input.left() < behind {
            break;
        }
        input.take(behind)?;
    }
    Ok(found)
}
