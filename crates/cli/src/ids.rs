//! Ids of new jobs and operations. The command chooses them, so that it can ask again, and name, what the answer to was lost.

use std::fs::File;
use std::io::Read;

use millstream_core::{Error, JobId, Result, TriggerId, codes};

/// A new id.
pub(crate) fn trigger_id() -> Result<TriggerId> {
    Ok(TriggerId::from_bytes(random_bytes()?))
}

/// An id for a new job.
pub(crate) fn job_id() -> Result<JobId> {
    Ok(JobId::from_bytes(random_bytes()?))
}

/// 16 bytes that nobody else has.
pub(crate) fn random_bytes() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|cause| {
            Error::new(&codes::INTERNAL, "no random numbers")
                .cause(cause)
                .next("check that /dev/urandom can be read")
        })?;
    Ok(bytes)
}
