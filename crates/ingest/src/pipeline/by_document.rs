//! Rows of one document meet in one writer, in the order in which their source handed them out.

use millstream::DataStream;
use millstream_connectors::rows::Rows;
use millstream_core::Result;

use std::time::Duration;

use super::deduplicate::Keys;
use super::keyed::Keyed;
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
