//! Rows whose messages have the same key meet in one writer, in the order in which their source handed them out.

use millstream::{Collector, DataStream, Fingerprint};
use millstream_connectors::kafka::KafkaSink;
use millstream_connectors::rows::Rows;
use millstream_core::Result;

use crate::pipeline::keyed::Keyed;

/// The same rows, handed to `writers` subtasks by the keys that `sink` gives their messages.
///
/// One writer has all rows anyway, and as many writers as there are subtasks before them go on with what each of those has: an exchange would
/// cost something and order nothing. Otherwise there is an exchange in any case, which would hand batches to writers in turn.
pub(super) fn by_key(
    rows: DataStream<Rows>,
    sink: &KafkaSink,
    (parallelism, writers): (usize, usize),
) -> DataStream<Rows> {
    if writers == 1 || writers == parallelism {
        return rows;
    }
    let sink = sink.clone();
    let key = move |rows: Rows, out: &mut Collector<Keyed>| -> Result<()> {
        let fingerprints = fingerprints(&sink, &rows)?;
        out.collect(Keyed { rows, fingerprints });
        Ok(())
    };
    rows.flat_map(key)
        .name("Key")
        .partition_by_fingerprint()
        .map(|keyed: Keyed| keyed.rows)
        .name("By key")
        .set_parallelism(writers)
}

/// The fingerprint of the key of each row's message; `None`: it has none. Nothing at all where no row has one: they stay together.
fn fingerprints(sink: &KafkaSink, rows: &Rows) -> Result<Vec<Option<Fingerprint>>> {
    let mut all = Vec::with_capacity(rows.len());
    let mut any = false;
    sink.each_key(&rows.batch, |key| {
        any |= key.is_some();
        all.push(key.map(fingerprint));
    })?;
    if !any {
        all.clear();
    }
    Ok(all)
}

fn fingerprint(key: &[u8]) -> Fingerprint {
    let hash = blake3::hash(key);
    let (halves, _) = hash.as_bytes().as_chunks::<16>();
    Fingerprint::from_bytes(halves.first().copied().unwrap_or_default())
}
