//! Records that a function writes.

use std::io;
use std::sync::Arc;

use millstream_core::{Error, Result, codes};

use super::{FileEncoder, FileFormat};

type Function<T> = dyn Fn(&T, &mut Vec<u8>) -> io::Result<()> + Send + Sync;

/// Has a function write each record: whatever needs neither a beginning nor an end of the file.
///
/// ```
/// use std::io::Write;
/// use millstream_connectors::formats::EachRecord;
///
/// let pairs = EachRecord::new("tsv", |(word, count): &(String, u64), out| {
///     writeln!(out, "{word}\t{count}")
/// });
/// # drop(pairs);
/// ```
pub struct EachRecord<T> {
    extension: &'static str,
    function: Arc<Function<T>>,
}

impl<T> EachRecord<T> {
    /// A format of files whose names end with `extension` (without the dot), and in which `write` appends each record to what
    /// is there. Its error fails the job.
    pub fn new(
        extension: &'static str,
        write: impl Fn(&T, &mut Vec<u8>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            extension,
            function: Arc::new(write),
        }
    }
}

impl<T: 'static> FileFormat<T> for EachRecord<T> {
    fn extension(&self) -> &'static str {
        self.extension
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(Encoder(Arc::clone(&self.function)))
    }
}

struct Encoder<T>(Arc<Function<T>>);

impl<T> FileEncoder<T> for Encoder<T> {
    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        (self.0)(record, out).map_err(|error| {
            Error::new(&codes::PROGRAM_FAILED, "a record can't be written")
                .cause(error)
                .next("mend the function that writes it")
        })
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}
