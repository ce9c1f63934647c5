//! Ids as Flink's users know them: 32 hexadecimal digits, and a checkpoint's number.

use std::fmt;
use std::str::FromStr;

use crate::codes;
use crate::error::Error;
use crate::hash::stable_hash;

/// The number of a checkpoint or savepoint: counts up over the whole life of a job, also across
/// restores. It is the epoch that begins with the snapshot.
pub type CheckpointId = u64;

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let number = u128::from_str_radix(text, 16).ok()?;
    // `from_str_radix` takes a sign, an id does not.
    (!text.starts_with('+')).then(|| number.to_be_bytes())
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these bytes. Where they come from (randomness, a hash) is the caller's matter.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                parse_hex(text).map(Self).ok_or_else(|| {
                    Error::new(
                        &codes::USAGE,
                        format!(concat!("Cannot parse ", $label, " from \"{}\""), text),
                    )
                    .next("The expected format is [0-9a-fA-F]{32}, e.g. fd72014d4c864993a2e5a9287b4a9c5d")
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_id!(
    /// The id of a job: one for each submission; a restored job gets a new one.
    JobId,
    "JobID"
);
hex_id!(
    /// The id of one execution attempt of one subtask.
    AttemptId,
    "attempt id"
);
hex_id!(
    /// The id of an operator or of a vertex, derived from its stable uid.
    OperatorId,
    "vertex id"
);
hex_id!(
    /// The id of an asynchronous operation (savepoint, stop, disposal).
    TriggerId,
    "trigger id"
);

impl OperatorId {
    /// The id that belongs to a uid: the same in every run and version.
    pub fn from_uid(uid: &str) -> Self {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&stable_hash(uid).to_be_bytes());
        low.copy_from_slice(&stable_hash(&(1_u8, uid)).to_be_bytes());
        Self(bytes)
    }
}

impl JobId {
    /// The first six digits, as they stand in the name of a savepoint directory.
    pub fn short(&self) -> String {
        self.to_string().chars().take(6).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::JobId;

    #[test]
    fn an_id_prints_as_it_is_read() {
        let text = "f8cccb14cd33babade335fd60aefa9e4";
        let id: JobId = text.parse().expect("32 hexadecimal digits are an id");
        assert_eq!(id.to_string(), text);
        assert_eq!(id.short(), "f8cccb");
    }

    #[test]
    fn a_wrong_id_is_refused_with_flinks_words() {
        let error = "zzz".parse::<JobId>().expect_err("zzz is no id");
        assert_eq!(error.message(), "Cannot parse JobID from \"zzz\"");
        assert!("+8cccb14cd33babade335fd60aefa9e4".parse::<JobId>().is_err());
    }
}
