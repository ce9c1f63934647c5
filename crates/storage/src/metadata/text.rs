//! `_metadata` as text: pretty-printed JSON whose last field is the checksum of all bytes before it.
//!
//! ```text
//! {
//!   "format": "millstream-snapshot",
//!   "version": 3,
//!   "snapshot": { … },
//!   "checkpoints": "file:/data/cp",
//!   "checksum": "1a2b3c4d"
//! }
//! ```
//! The checksum is the CRC-32 of the text before `,\n  "checksum"`, as 8 hexadecimal digits. What
//! stands behind is fixed, so a single changed byte anywhere is found.

use std::path::Path;

use millstream_core::{CheckpointId, JobId, Result};
use serde::{Deserialize, Serialize};

use super::{FilePlace, SnapshotKind, SnapshotMetadata};
use crate::fail;

const FORMAT: &str = "millstream-snapshot";
/// The newest version of the format that this code reads, and the one it writes.
const VERSION: u64 = 3;
const CHECKSUM: &str = ",\n  \"checksum\": \"";
/// The job and the number of a snapshot stand in so many first lines.
const HEAD_LINES: usize = 8;
const END: &str = "\"\n}\n";

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u64,
    snapshot: &'a SnapshotMetadata,
    /// The directory of the checkpoints of all jobs, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoints: Option<&'a str>,
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
    #[serde(default)]
    checkpoints: Option<String>,
}

impl SnapshotMetadata {
    /// The text of `_metadata`; `checkpoints`: where those of its job lie.
    ///
    /// # Errors
    /// The metadata can't be written as JSON; `path` is named.
    pub(crate) fn to_text(&self, path: &Path, checkpoints: Option<&str>) -> Result<String> {
        let document = Document {
            format: FORMAT,
            version: VERSION,
            snapshot: self,
            checkpoints,
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
    /// It is not ours, not JSON, of a newer version, its checksum does not fit, or it names files where none may lie.
    pub(crate) fn from_text(bytes: &[u8], path: &Path) -> Result<Self> {
        let (metadata, _) = Self::with_checkpoints(bytes, path)?;
        Ok(metadata)
    }

    /// The same, and where it says that the checkpoints of its job lie; `None`: it does not.
    ///
    /// # Errors
    /// Those of [`from_text`](Self::from_text).
    pub(crate) fn with_checkpoints(bytes: &[u8], path: &Path) -> Result<(Self, Option<String>)> {
        if is_foreign(bytes) {
            return Err(fail::foreign(path));
        }
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
        body.snapshot.check_places(path)?;
        Ok((body.snapshot, body.checkpoints))
    }

    fn check_places(&self, path: &Path) -> Result<()> {
        let may_share = self.kind == SnapshotKind::Checkpoint;
        let wrong = self.files().find(|file| match file.place() {
            None => true,
            Some(FilePlace::Shared(_)) => !may_share,
            Some(FilePlace::Own(_)) => false,
        });
        match wrong {
            None => Ok(()),
            Some(file) => Err(fail::corrupt(
                path,
                format!(
                    "it names `{}`, which leads out of the snapshot's directory",
                    file.path
                ),
            )),
        }
    }
}

/// What the first lines of a `_metadata` say that can't be read, each only if it is there. Nothing of it is proven.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MetadataHints {
    pub(crate) job_id: Option<JobId>,
    pub(crate) job_name: Option<String>,
    pub(crate) checkpoint_id: Option<CheckpointId>,
}

impl MetadataHints {
    /// Reads line by line, for the text may be cut off or changed anywhere.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut hints = Self::default();
        for line in bytes.split(|byte| *byte == b'\n').take(HEAD_LINES) {
            let line = String::from_utf8_lossy(line);
            let Some((key, value)) = line.trim().trim_end_matches(',').split_once(": ") else {
                continue;
            };
            match key {
                "\"job_id\"" => hints.job_id = serde_json::from_str(value).ok(),
                "\"job_name\"" => hints.job_name = serde_json::from_str(value).ok(),
                "\"checkpoint_id\"" => hints.checkpoint_id = serde_json::from_str(value).ok(),
                _ => {}
            }
        }
        hints
    }
}

/// Whether the bytes were certainly written by something else: they are there, and look nothing like the first ones of
/// ours. What a crash leaves of ours (nothing, zeros, a part) and what a few flipped bits make of it is damaged, not foreign.
fn is_foreign(bytes: &[u8]) -> bool {
    let expected = format!("{{\n  \"format\": \"{FORMAT}\",\n  \"version\": ");
    let head = bytes.iter().zip(expected.bytes());
    let (all, same) = head.fold((0, 0), |(all, same), (byte, expected)| {
        (all + 1, same + usize::from(*byte == expected))
    });
    let is_zero = bytes.iter().take(all).all(|byte| *byte == 0);
    !is_zero && same * 2 < all
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
