//! The bytes of a row group as the library reads them, whose headers of pages are looked at first: it makes room for what a
//! header says that a page comes to.

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::compact::{Compact, STRUCT};
use crate::files_source::columnar::ranged::Ranged;

/// Bytes in which a header is looked for: nearly all are shorter, some hold long statistics, and none is longer.
const HEADERS: [u64; 3] = [512, 64 << 10, 16 << 20];
/// What a page may come to in memory, however few bytes it has in the file. Those of which nothing is damaged are of a few
/// megabytes, and larger ones of single values.
const SMALL: i64 = 64 << 20;
/// What a larger page may be packed by at most. Deflate can no more.
const PACKED: i64 = 1_100;

/// The row group of a file.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    file: Ranged,
    /// Where pages begin, as the index says, in order. Without an index, their headers are read apart.
    begins: Vec<u64>,
    /// Where the bytes of pages begin whose headers were read and whose bytes were not yet: the library reads the header of a page
    /// that it only looks at, and comes back behind it.
    looked_at: Arc<Mutex<HashSet<u64>>>,
}

impl Pages {
    pub(super) fn new(file: Ranged, mut begins: Vec<u64>) -> Self {
        begins.sort_unstable();
        Self {
            file,
            begins,
            looked_at: Arc::default(),
        }
    }

    /// Whether the bytes of a page that was looked at begin here; it is no longer only looked at.
    fn was_looked_at(&self, start: u64) -> bool {
        let mut looked_at = self
            .looked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        looked_at.remove(&start)
    }

    fn look_at(&self, start: u64, header: Header) {
        // Behind a page without bytes the next header begins in the same place.
        if header.stored > 0 {
            let mut looked_at = self
                .looked_at
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            looked_at.insert(start + header.length);
        }
    }
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.file.size()
    }
}

impl ChunkReader for Pages {
    type T = Cursor<Bytes>;

    /// The library asks for headers in this way, and once more for nothing where it has read the header before.
    fn get_read(&self, start: u64) -> Result<Cursor<Bytes>, ParquetError> {
        if self.was_looked_at(start) {
            return Ok(Cursor::new(Bytes::new()));
        }
        let left = self.file.size().saturating_sub(start);
        for length in HEADERS {
            let bytes = self.file.bytes(start, left.min(length))?;
            if let Some(header) = check(&bytes)? {
                self.look_at(start, header);
                return Ok(Cursor::new(bytes));
            }
            if left <= length {
                break;
            }
        }
        Err(wrong("is cut off"))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.was_looked_at(start);
        let bytes = self.file.bytes(start, length as u64)?;
        if self.begins.binary_search(&start).is_ok() && check(&bytes)?.is_none() {
            return Err(wrong("is cut off"));
        }
        Ok(bytes)
    }
}

fn wrong(what: &str) -> ParquetError {
    ParquetError::General(format!("the header of a page {what}"))
}

/// The header of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    /// Bytes of the header itself.
    length: u64,
    /// Bytes of the page behind it.
    stored: i64,
}

/// The header that the bytes begin with, if it is whole.
fn check(bytes: &[u8]) -> Result<Option<Header>, ParquetError> {
    let (mut size, mut stored, mut values) = (0, 0, 0);
    let mut compact = Compact::new(bytes);
    let whole = compact.fields(&mut |compact, id, kind| match (id, kind) {
        (2, 4..=6) => {
            size = compact.number()?;
            Some(true)
        }
        (3, 4..=6) => {
            stored = compact.number()?;
            Some(true)
        }
        // Of a dictionary: how many values it has.
        (7, STRUCT) => {
            compact.fields(&mut |compact, id, kind| {
                let is_it = id == 1 && (4..=6).contains(&kind);
                if is_it {
                    values = compact.number()?;
                }
                Some(is_it)
            })?;
            Some(true)
        }
        _ => Some(false),
    });
    if whole.is_none() {
        return Ok(None);
    }
    let may_be = 0..=i64::from(i32::MAX);
    if [size, stored, values]
        .iter()
        .any(|told| !may_be.contains(told))
    {
        return Err(wrong("tells a number that none can be"));
    }
    if size > stored.saturating_mul(PACKED).max(SMALL) {
        return Err(wrong("says that it is far larger than its bytes can be"));
    }
    if values > size {
        return Err(wrong("of a dictionary tells more values than it has bytes"));
    }
    let length = (bytes.len() - compact.left()) as u64;
    Ok(Some(Header { length, stored }))
}

#[cfg(test)]
mod tests;
