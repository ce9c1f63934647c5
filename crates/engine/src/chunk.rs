//! Chunks: batches of records whose type the dataflow does not know.
//!
//! The dataflow moves [`Chunk`]s; only the operators at both ends know what is inside. So timely and
//! the adaptors are compiled once, not once for each record type, and a plan can be laid out from
//! data. The price is one box and one type check for each batch of some thousand records.

use std::any::Any;
use std::fmt;

use millstream_core::{Error, Result, codes};
use postcard::ser_flavors::Size;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::weight::Weight;

/// What can travel between operators: anything that can be cloned (for two consumers), sent (to another
/// worker) and serialized (to another process).
pub trait Record: Clone + Send + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Send + Serialize + DeserializeOwned + 'static> Record for T {}

trait Batch: Any + Send {
    fn len(&self) -> usize;
    fn clone_box(&self) -> Box<dyn Batch>;
    fn encode(&self) -> Result<Vec<u8>, postcard::Error>;
    fn measure_one(&self) -> Option<usize>;
    fn split_off(&mut self, at: usize) -> Box<dyn Batch>;
    fn type_name(&self) -> &'static str;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Record> Batch for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn clone_box(&self) -> Box<dyn Batch> {
        Box::new(self.clone())
    }

    fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    fn measure_one(&self) -> Option<usize> {
        let record = self.get(self.len() / 2)?;
        let content = postcard::serialize_with_flavor(record, Size::default()).ok()?;
        Some(size_of::<T>() + content)
    }

    fn split_off(&mut self, at: usize) -> Box<dyn Batch> {
        Box::new(Vec::split_off(self, at.min(self.len())))
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<T>()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

enum Content {
    Records(Box<dyn Batch>),
    /// As it came from another process; decoded by the operator that knows the type.
    Encoded {
        bytes: Vec<u8>,
        len: usize,
    },
}

/// A batch of records of one type, on its way to a subtask.
pub struct Chunk {
    content: Content,
    destination: u32,
    /// Bytes that are known from elsewhere; 0: not known.
    bytes: u64,
    /// Counted as in flight for as long as the chunk lives.
    weight: Option<Weight>,
}

impl Chunk {
    /// A chunk of `records` that stays on its worker.
    pub fn new<T: Record>(records: Vec<T>) -> Self {
        Self::to(records, 0)
    }

    /// A chunk of `records` for the subtask with number `destination`.
    pub fn to<T: Record>(records: Vec<T>, destination: usize) -> Self {
        Self {
            content: Content::Records(Box::new(records)),
            destination: destination as u32,
            bytes: 0,
            weight: None,
        }
    }

    /// The same chunk, known to have this many bytes: for records whose size is known or costly to guess, such as
    /// record batches.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes as u64;
        self
    }

    /// The bytes that are known.
    pub(crate) fn known_bytes(&self) -> Option<u64> {
        (self.bytes > 0).then_some(self.bytes)
    }

    /// About how many bytes one of the records has, measured; `None`: there is none, or it can't be measured.
    pub(crate) fn measure_one(&self) -> Option<usize> {
        match &self.content {
            Content::Records(batch) => batch.measure_one(),
            Content::Encoded { bytes, len } => bytes.len().checked_div(*len),
        }
    }

    /// Counts the chunk as in flight for as long as it lives.
    pub(crate) fn weighed(&mut self, weight: Weight) {
        self.weight = Some(weight);
    }

    /// What is counted, to be kept for as long as the records are at work.
    pub(crate) fn take_weight(&mut self) -> Option<Weight> {
        self.weight.take()
    }

    /// Cuts the records behind the first `at` off. `None`: there are no more, or they come from another process and
    /// their type isn't known here.
    pub(crate) fn split_off(&mut self, at: usize) -> Option<Self> {
        let len = self.len();
        if at >= len {
            return None;
        }
        let Content::Records(batch) = &mut self.content else {
            return None;
        };
        let rest = batch.split_off(at);
        let share = (self.bytes as u128 * (len - at) as u128 / len as u128) as u64;
        self.bytes -= share;
        Some(Self {
            content: Content::Records(rest),
            destination: self.destination,
            bytes: share,
            weight: None,
        })
    }

    /// The same chunk for another subtask.
    #[must_use]
    pub fn with_destination(mut self, destination: usize) -> Self {
        self.destination = destination as u32;
        self
    }

    /// The subtask that the chunk goes to, where its edge asks for one.
    pub fn destination(&self) -> u64 {
        u64::from(self.destination)
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Records(batch) => batch.len(),
            Content::Encoded { len, .. } => *len,
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records.
    ///
    /// # Errors
    /// They are of another type: the graph connects operators that do not fit.
    pub fn into_records<T: Record>(self) -> Result<Vec<T>> {
        match self.content {
            Content::Records(batch) => {
                let found = batch.type_name();
                batch
                    .into_any()
                    .downcast::<Vec<T>>()
                    .map(|records| *records)
                    .map_err(|_| {
                        Error::new(
                            &codes::INTERNAL,
                            format!(
                                "an operator that takes {} was given {found}",
                                std::any::type_name::<T>()
                            ),
                        )
                    })
            }
            Content::Encoded { bytes, .. } => postcard::from_bytes(&bytes).map_err(|error| {
                Error::new(
                    &codes::INTERNAL,
                    "records of another process can't be decoded",
                )
                .cause(error)
            }),
        }
    }
}

impl Clone for Chunk {
    fn clone(&self) -> Self {
        let content = match &self.content {
            Content::Records(batch) => Content::Records(batch.clone_box()),
            Content::Encoded { bytes, len } => Content::Encoded {
                bytes: bytes.clone(),
                len: *len,
            },
        };
        Self {
            content,
            destination: self.destination,
            bytes: self.bytes,
            weight: None,
        }
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunk({} records)", self.len())
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    bytes: Vec<u8>,
    len: usize,
    destination: u32,
}

impl Serialize for Chunk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = match &self.content {
            Content::Records(batch) => batch.encode().map_err(serde::ser::Error::custom)?,
            Content::Encoded { bytes, .. } => bytes.clone(),
        };
        Wire {
            bytes,
            len: self.len(),
            destination: self.destination,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Ok(Self {
            content: Content::Encoded {
                bytes: wire.bytes,
                len: wire.len,
            },
            destination: wire.destination,
            bytes: 0,
            weight: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Chunk;

    #[test]
    fn records_come_out_as_they_went_in() {
        let chunk = Chunk::to(vec!["a".to_owned(), "b".to_owned()], 3);
        assert_eq!((chunk.len(), chunk.destination()), (2, 3));
        assert_eq!(
            chunk.into_records::<String>().expect("same type"),
            ["a", "b"]
        );
    }

    #[test]
    fn a_chunk_is_cut_in_two() {
        let mut chunk = Chunk::to(vec![1_u64, 2, 3, 4], 2).with_bytes(100);
        let rest = chunk.split_off(1).expect("three more");
        assert_eq!((rest.destination(), rest.known_bytes()), (2, Some(75)));
        assert_eq!(chunk.known_bytes(), Some(25));
        assert_eq!(chunk.split_off(1).map(|rest| rest.len()), None);
        assert_eq!(chunk.into_records::<u64>().expect("numbers"), [1]);
        assert_eq!(rest.into_records::<u64>().expect("numbers"), [2, 3, 4]);
    }

    #[test]
    fn a_chunk_crosses_a_process_boundary() {
        let chunk = Chunk::to(vec![(1_u64, "one".to_owned())], 1);
        let bytes = postcard::to_stdvec(&chunk).expect("records serialize");
        let copy: Chunk = postcard::from_bytes(&bytes).expect("and deserialize");
        assert_eq!((copy.len(), copy.destination()), (1, 1));
        let records = copy.into_records::<(u64, String)>().expect("same type");
        assert_eq!(records, [(1, "one".to_owned())]);
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let error = Chunk::new(vec![1_u64])
            .into_records::<String>()
            .expect_err("numbers");
        assert!(error.message().contains("u64"), "{error}");
    }
}
