//! Ids of new operations. The command chooses them, so that it can name an operation whose answer was lost.

use std::fs::File;
use std::io::Read;

use millstream_core::{Error, Result, TriggerId, codes};

/// A new id.
pub(crate) fn trigger_id() -> Result<TriggerId> {
    Ok(TriggerId::from_bytes(random_bytes()?))
}

/// 16 bytes that nobody else has.
pub(crate) fn random_bytes() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|cause| Error::new(&codes::INTERNAL, "no random numbers").cause(cause))?;
    Ok(bytes)
}
