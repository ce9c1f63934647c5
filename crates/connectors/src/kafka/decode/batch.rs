//! Messages of one partition on their way from the thread that fetches them.

use std::ops::{Range, RangeInclusive};

use millstream_core::EventTime;

use super::super::partition::Partition;
use super::super::times::Spanned;

/// Timestamps in milliseconds that are dates.
const KEPT: RangeInclusive<i64> =
    EventTime::FIRST_KEPT.as_millis()..=EventTime::LAST_KEPT.as_millis();

/// Some messages of one partition, in the order of their offsets, in few pieces of memory.
#[derive(Debug)]
pub(in crate::kafka) struct Batch {
    pub(in crate::kafka) partition: Partition,
    bytes: Vec<u8>,
    messages: Vec<Place>,
}

/// Where a message lies in the bytes: its value, then its key, then its headers.
#[derive(Debug)]
struct Place {
    offset: i64,
    timestamp: Option<i64>,
    start: usize,
    value: Option<usize>,
    key: Option<usize>,
    headers: usize,
    /// Whether some of its headers could not be had.
    lacks_headers: bool,
    /// As it lies on the wire, about.
    size: usize,
}

/// A message, as it comes from a broker.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::kafka) struct MessageParts<'a> {
    pub(in crate::kafka) offset: i64,
    pub(in crate::kafka) timestamp: Option<i64>,
    pub(in crate::kafka) value: Option<&'a [u8]>,
    pub(in crate::kafka) key: Option<&'a [u8]>,
}

/// A message of a batch.
#[derive(Debug)]
pub(in crate::kafka) struct Message<'a> {
    pub(in crate::kafka) offset: i64,
    /// In milliseconds since 1970.
    pub(in crate::kafka) timestamp: Option<i64>,
    /// `None`: there is none, which is another thing than an empty one.
    pub(in crate::kafka) value: Option<&'a [u8]>,
    pub(in crate::kafka) key: Option<&'a [u8]>,
    /// As JSON.
    pub(in crate::kafka) headers: &'a [u8],
    /// Whether some of its headers could not be had.
    pub(in crate::kafka) lacks_headers: bool,
}

impl Batch {
    pub(in crate::kafka) fn new(partition: Partition) -> Self {
        Self {
            partition,
            bytes: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Appends a message; `headers` appends what its headers are.
    pub(in crate::kafka) fn push(
        &mut self,
        parts: MessageParts<'_>,
        headers: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = self.bytes.len();
        self.bytes
            .extend_from_slice(parts.value.unwrap_or_default());
        self.bytes.extend_from_slice(parts.key.unwrap_or_default());
        let before = self.bytes.len();
        headers(&mut self.bytes);
        self.messages.push(Place {
            offset: parts.offset,
            timestamp: parts.timestamp,
            start,
            value: parts.value.map(<[u8]>::len),
            key: parts.key.map(<[u8]>::len),
            headers: self.bytes.len() - before,
            lacks_headers: false,
            size: before - start,
        });
    }

    /// Not all headers of the message that was appended last could be had.
    pub(in crate::kafka) fn lacks_headers(&mut self) {
        if let Some(last) = self.messages.last_mut() {
            last.lacks_headers = true;
        }
    }

    /// How many messages there are.
    pub(in crate::kafka) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The bytes that are held.
    pub(in crate::kafka) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Message number `number`.
    pub(in crate::kafka) fn message(&self, number: usize) -> Option<Message<'_>> {
        let place = self.messages.get(number)?;
        let value_end = place.start + place.value.unwrap_or(0);
        let key_end = value_end + place.key.unwrap_or(0);
        let piece = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
        Some(Message {
            offset: place.offset,
            timestamp: place.timestamp,
            value: place.value.map(|_| piece(place.start..value_end)),
            key: place.key.map(|_| piece(value_end..key_end)),
            headers: piece(key_end..key_end + place.headers),
            lacks_headers: place.lacks_headers,
        })
    }

    /// The offset of message number `number`.
    pub(in crate::kafka) fn offset(&self, number: usize) -> Option<i64> {
        self.messages.get(number).map(|place| place.offset)
    }

    /// The timestamp of message number `number`, if it has one.
    pub(in crate::kafka) fn timestamp(&self, number: usize) -> Option<i64> {
        self.messages.get(number)?.timestamp
    }

    /// The timestamps of some messages that say how far time has come.
    pub(in crate::kafka) fn spanned(&self, messages: Range<usize>, present: i64) -> Spanned {
        let mut spanned = Spanned::default();
        let messages = self.messages.get(messages).unwrap_or_default().iter();
        for time in messages.filter_map(|place| place.timestamp) {
            if !KEPT.contains(&time) {
                spanned.beyond += 1;
            } else if time <= present {
                spanned.latest = spanned.latest.max(Some(time));
            }
        }
        spanned
    }

    /// Bytes of keys and values of some messages.
    pub(in crate::kafka) fn size(&self, messages: Range<usize>) -> usize {
        let messages = self.messages.get(messages).unwrap_or_default();
        messages.iter().map(|place| place.size).sum()
    }

    /// Where those of the messages end that are at most `records` and `bytes`, and at least one.
    pub(in crate::kafka) fn together(
        &self,
        messages: Range<usize>,
        records: usize,
        bytes: usize,
    ) -> usize {
        let mut left = bytes;
        let start = messages.start;
        let places = self.messages.get(messages).unwrap_or_default();
        let fitting = places.iter().take(records.max(1)).take_while(|place| {
            let fits = place.size <= left;
            left = left.saturating_sub(place.size);
            fits
        });
        start + fitting.count().max(usize::from(!places.is_empty()))
    }
}
