//! The collection source: the records of a vector, in order.

use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Owner, Source, SourceContext, SourceReader};
use serde::{Deserialize, Serialize};

use crate::iterator_source::IteratorSource;

/// The position as it stands in a snapshot: that of a generator with one split, which a collection was in the first version.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Position {
    version: u32,
    split: u32,
    /// The index of the next record.
    next: u64,
}

/// A source of the records of a vector, as Flink's `fromData`. The first subtask reads all of them, so they
/// keep their order; the others have nothing to do. The position is the number of records handed out.
pub struct CollectionSource<T> {
    records: IteratorSource<T, Position>,
}

impl<T: Clone + Send + Sync + 'static> CollectionSource<T> {
    /// A source of `records`.
    pub fn new(records: Vec<T>) -> Self {
        let records: Arc<[T]> = records.into();
        Self {
            records: IteratorSource::new(move |position: Option<Position>| {
                let next = position.map_or(0, |position| position.next);
                let count = records.len() as u64;
                if next > count {
                    return Err(shorter(next, count));
                }
                let records = Arc::clone(&records);
                Ok((next..count).filter_map(move |index| {
                    let record = records.get(usize::try_from(index).ok()?)?;
                    let position = Position {
                        version: 1,
                        split: 0,
                        next: index + 1,
                    };
                    Some(Ok((record.clone(), position)))
                }))
            }),
        }
    }
}

impl<T: 'static> Source<T> for CollectionSource<T> {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<T>>> {
        self.records.open(context)
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        self.records.owner(key, parallelism)
    }
}

fn shorter(next: u64, count: u64) -> Error {
    let message =
        format!("the snapshot lies behind record {next} of a collection that has only {count}");
    Error::new(&codes::STATE_NOT_RESTORED, message)
        .next("give the source as many records as it had")
}
