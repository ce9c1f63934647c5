//! Rows of one document meet in one writer, in the order in which their source handed them out.

use millstream::{DataStream, Fingerprint, Fingerprinted};
use millstream_connectors::rows::Rows;
use millstream_core::{EventTime, Result};
use serde::{Deserialize, Serialize};

use std::time::Duration;

use super::deduplicate::Keys;
use crate::parameters::{UniqueNull, UniqueSettings, UniqueTime};

/// The same rows, so that `writers` subtasks each have all rows of their documents; `id` are the columns that tell documents
/// apart.
pub(super) fn by_document(
    rows: DataStream<Rows>,
    id: &[String],
    writers: usize,
) -> DataStream<Rows> {
    let settings = UniqueSettings {
        keys: id.to_vec(),
        within: Duration::ZERO,
        time: UniqueTime::Record,
        null: UniqueNull::Value,
    };
    let mut known: Option<Keys> = None;
    let key = move |rows: Rows, out: &mut millstream::Collector<Keyed>| -> Result<()> {
        let keys = match known.take() {
            Some(keys) => keys,
            None => Keys::new(&settings, rows.batch.schema_ref())?,
        };
        let fingerprints = keys.fingerprints(&rows.batch)?;
        known = Some(keys);
        out.collect(Keyed { rows, fingerprints });
        Ok(())
    };
    rows.flat_map(key)
        .name("Key")
        .partition_by_fingerprint()
        .map(|keyed: Keyed| keyed.rows)
        .name("By document")
        .set_parallelism(writers)
}

/// Rows, with the fingerprint of what tells each one's document from others.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Keyed {
    rows: Rows,
    fingerprints: Vec<Option<Fingerprint>>,
}

impl Fingerprinted for Keyed {
    fn fingerprints(&self) -> &[Option<Fingerprint>] {
        &self.fingerprints
    }

    fn time(&self, _: usize) -> Option<EventTime> {
        None
    }

    fn place(&self) -> u64 {
        self.rows.origin.offset(0).unwrap_or(0)
    }

    fn only(&self, numbers: &[usize]) -> Result<Self> {
        let some = numbers.iter().filter_map(|row| self.fingerprints.get(*row));
        Ok(Self {
            rows: self.rows.only(numbers)?,
            fingerprints: some.copied().collect(),
        })
    }
}
