//! Reading files of state.

use std::io;

use millstream_objects::ObjectFile;
use millstream_storage::ReadAt;

/// An object that is read as a file.
#[derive(Debug)]
pub(crate) struct Opened(pub(crate) ObjectFile);

impl ReadAt for Opened {
    fn bytes(&self) -> u64 {
        self.0.object().size
    }

    fn content(&self) -> Option<String> {
        self.0.object().etag.clone()
    }

    fn read_at(&self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        Ok(self.0.read_at(buffer, from)?)
    }
}
