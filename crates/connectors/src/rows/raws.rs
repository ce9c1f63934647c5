//! Records as they came, kept beside the rows that they became, for who may have to set one aside later.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Enclosed;

/// Records in few pieces of memory: the value of each, then its key and its headers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raws {
    bytes: Vec<u8>,
    places: Vec<Place>,
    /// The topic and the partition, where they were messages.
    partition: Option<(Arc<str>, i32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    start: usize,
    value: Option<usize>,
    key: Option<usize>,
    headers: usize,
    timestamp: Option<i64>,
}

/// What a message is besides its value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Besides<'a> {
    pub(crate) key: Option<&'a [u8]>,
    /// As JSON.
    pub(crate) headers: &'a [u8],
    pub(crate) timestamp: Option<i64>,
}

impl Raws {
    /// For messages of a partition.
    pub(crate) fn of_partition(topic: &str, partition: i32) -> Self {
        Self {
            partition: Some((topic.into(), partition)),
            ..Self::default()
        }
    }

    /// Appends a record; `None`: a message without value.
    pub(crate) fn push(&mut self, value: Option<&[u8]>, besides: Besides<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.bytes
            .extend_from_slice(besides.key.unwrap_or_default());
        self.bytes.extend_from_slice(besides.headers);
        self.places.push(Place {
            start,
            value: value.map(<[u8]>::len),
            key: besides.key.map(<[u8]>::len),
            headers: besides.headers.len(),
            timestamp: besides.timestamp,
        });
    }

    /// Bytes that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The value of a record, and what it is besides, if it is a message; `None`: there is no such record.
    pub fn get(&self, number: usize) -> Option<(Vec<u8>, Option<Box<Enclosed>>)> {
        let place = self.places.get(number)?;
        let value_end = place.start + place.value.unwrap_or(0);
        let key_end = value_end + place.key.unwrap_or(0);
        let piece = |range: std::ops::Range<usize>| self.bytes.get(range).unwrap_or_default();
        let enclosed = self.partition.as_ref().map(|(topic, partition)| {
            let headers = piece(key_end..key_end + place.headers);
            Box::new(Enclosed {
                topic: Arc::clone(topic),
                partition: *partition,
                key: place.key.map(|_| piece(value_end..key_end).to_vec()),
                timestamp: place.timestamp,
                headers: String::from_utf8_lossy(headers).into_owned(),
                without_value: place.value.is_none(),
            })
        });
        Some((piece(place.start..value_end).to_vec(), enclosed))
    }

    /// Some of the records alone, in this order.
    pub(super) fn only(&self, rows: &[usize]) -> Self {
        let mut kept = Self {
            partition: self.partition.clone(),
            ..Self::default()
        };
        for place in rows.iter().filter_map(|row| self.places.get(*row)) {
            let length = place.value.unwrap_or(0) + place.key.unwrap_or(0) + place.headers;
            let bytes = self.bytes.get(place.start..place.start + length);
            let start = kept.bytes.len();
            kept.bytes.extend_from_slice(bytes.unwrap_or_default());
            kept.places.push(Place { start, ..*place });
        }
        kept
    }
}
