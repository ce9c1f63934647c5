//! What stands for a key where the key itself is not kept.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const BYTES: usize = 16;

/// A hash of 128 bits that stands for a key: two keys with the same fingerprint are taken for one.
///
/// Its first half decides on the key group, its second half where it lies within one, so both must be as good as random.
/// In files it is 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; BYTES]);

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub const fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    fn half(&self, number: usize) -> u64 {
        let (halves, _) = self.0.as_chunks::<8>();
        halves
            .get(number)
            .map_or(0, |half| u64::from_le_bytes(*half))
    }

    /// Where it lies among those of its key group.
    #[inline]
    pub(crate) fn place(&self) -> u64 {
        self.half(1)
    }
}

impl Hash for Fingerprint {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.half(0));
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Fingerprint;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the 16 bytes of a fingerprint")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Fingerprint, E> {
        // Who asks a type for its form shows it no bytes.
        if bytes.is_empty() {
            return Ok(Fingerprint([0; BYTES]));
        }
        let bytes = <[u8; BYTES]>::try_from(bytes);
        bytes
            .map(Fingerprint)
            .map_err(|_| E::custom("a fingerprint that has not 16 bytes"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Fingerprint, A::Error> {
        let mut bytes = Vec::with_capacity(BYTES);
        while let Some(byte) = sequence.next_element::<u8>()? {
            if bytes.len() == BYTES {
                return Err(A::Error::custom("a fingerprint of more than 16 bytes"));
            }
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}
