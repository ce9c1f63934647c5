//! `_metadata` as text: pretty-printed JSON whose last field is the checksum of all bytes before it.
//!
//! ```text
//! {
//!   "format": "millstream-snapshot",
//!   "version": 1,
//!   "snapshot": { … },
//!   "checksum": "1a2b3c4d"
//! }
//! ```
//! The checksum is the CRC-32 of the text before `,\n  "checksum"`, as 8 hexadecimal digits. What
//! stands behind is fixed, so a single changed byte anywhere is found.

use std::path::Path;

use millstream_core::Result;
use serde::{Deserialize, Serialize};

use super::SnapshotMetadata;
use crate::fail;

const FORMAT: &str = "millstream-snapshot";
/// The newest version of the format that this code reads, and the one it writes.
const VERSION: u64 = 1;
const CHECKSUM: &str = ",\n  \"checksum\": \"";
const END: &str = "\"\n}\n";

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u64,
    snapshot: &'a SnapshotMetadata,
}

/// The part that every version has and will have.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
struct Body {
    snapshot: SnapshotMetadata,
}

#[derive(Deserialize)]
struct Named {
    snapshot: JobName,
}

#[derive(Deserialize)]
struct JobName {
    job_name: String,
}

impl SnapshotMetadata {
    /// The text of `_metadata`.
    ///
    /// # Errors
    /// The metadata can't be written as JSON; `path` is named.
    pub(crate) fn to_text(&self, path: &Path) -> Result<String> {
        let document = Document {
            format: FORMAT,
            version: VERSION,
            snapshot: self,
        };
        let mut text =
            serde_json::to_string_pretty(&document).map_err(|cause| fail::write(path, cause))?;
        text.truncate(text.trim_end_matches('}').trim_end_matches('\n').len());
        let crc = crc32fast::hash(text.as_bytes());
        text.push_str(&format!("{CHECKSUM}{crc:08x}{END}"));
        Ok(text)
    }

    /// Reads the text of the `_metadata` at `path`.
    ///
    /// # Errors
    /// It is not JSON, not a snapshot's, of a newer version, or its checksum does not fit.
    pub(crate) fn from_text(bytes: &[u8], path: &Path) -> Result<Self> {
        let head: Head = serde_json::from_slice(bytes)
            .map_err(|cause| fail::corrupt(path, format!("it is not readable JSON, {cause}")))?;
        if head.format != FORMAT {
            return Err(fail::corrupt(
                path,
                format!("it is of format `{}`", head.format),
            ));
        }
        if head.version > VERSION {
            return Err(fail::newer(path, head.version, VERSION));
        }
        if !checksum_fits(bytes) {
            return Err(fail::corrupt(
                path,
                "its checksum does not fit; it was changed after it was written",
            ));
        }
        let body: Body = serde_json::from_slice(bytes)
            .map_err(|cause| fail::corrupt(path, format!("it lacks what it must hold, {cause}")))?;
        Ok(body.snapshot)
    }

    /// The name of the job in a text that [`SnapshotMetadata::from_text`] may refuse.
    pub(crate) fn job_name_in(bytes: &[u8]) -> Option<String> {
        serde_json::from_slice::<Named>(bytes)
            .ok()
            .map(|named| named.snapshot.job_name)
    }
}

fn checksum_fits(bytes: &[u8]) -> bool {
    let digits = 8;
    let Some(start) = bytes.len().checked_sub(CHECKSUM.len() + digits + END.len()) else {
        return false;
    };
    let (body, tail) = bytes.split_at(start);
    tail == format!("{CHECKSUM}{:08x}{END}", crc32fast::hash(body)).as_bytes()
}

/// A `u32` as 8 hexadecimal digits.
pub(super) mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(in crate::metadata) fn serialize<S: Serializer>(
        number: &u32,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:08x}"))
    }

    pub(in crate::metadata) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}
