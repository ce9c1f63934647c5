//! Splitting chunks by key.

use std::marker::PhantomData;

use millstream_core::hash::stable_hash;
use millstream_core::{MaxParallelism, Result};
use millstream_engine::graph::Partitioner;
use millstream_engine::{Chunk, Record};
use millstream_state::StateKey;

/// Sends each record to the subtask that owns the key group of its key.
pub(crate) struct KeyPartitioner<T, K, F> {
    key: F,
    types: PhantomData<fn(T) -> K>,
}

impl<T, K, F> KeyPartitioner<T, K, F> {
    pub(crate) fn new(key: F) -> Self {
        Self {
            key,
            types: PhantomData,
        }
    }
}

impl<T: Record, K: StateKey, F: Fn(&T) -> K + Send + Sync> Partitioner for KeyPartitioner<T, K, F> {
    fn split(
        &self,
        chunk: Chunk,
        parallelism: usize,
        groups: MaxParallelism,
        out: &mut Vec<Chunk>,
    ) -> Result<()> {
        if parallelism == 1 {
            out.push(chunk.with_destination(0));
            return Ok(());
        }
        let records = chunk.into_records::<T>()?;
        // Keys spread evenly as a rule; a little room above the mean saves most of the growing.
        let room = records.len() / parallelism + records.len() / 8 + 16;
        let mut parts: Vec<Vec<T>> = (0..parallelism).map(|_| Vec::with_capacity(room)).collect();
        for record in records {
            let group = groups.group_of(stable_hash(&(self.key)(&record)));
            if let Some(part) = parts.get_mut(groups.owner(group, parallelism)) {
                part.push(record);
            }
        }
        for (destination, part) in parts.into_iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            out.push(Chunk::to(part, destination));
        }
        Ok(())
    }
}
