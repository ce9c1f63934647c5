//! The collection source: the records of a vector, in order.

use std::sync::Arc;

use millstream_core::Result;
use millstream_engine::connector::{Owner, Source, SourceContext, SourceReader};

use crate::generator::GeneratorSource;

/// A source of the records of a vector, as Flink's `fromData`. The first subtask reads all of them, so they
/// keep their order; the others have nothing to do. The position is the number of records handed out.
pub struct CollectionSource<T> {
    generator: GeneratorSource<T>,
}

impl<T: Clone + Send + Sync + 'static> CollectionSource<T> {
    /// A source of `records`.
    pub fn new(records: Vec<T>) -> Self {
        let count = records.len() as u64;
        let records: Arc<[T]> = records.into();
        let generator = GeneratorSource::new(1, move |_, index| {
            let record = usize::try_from(index)
                .ok()
                .and_then(|index| records.get(index));
            record
                .cloned()
                .expect("a generator stops at its count, the number of records")
        });
        Self {
            generator: generator.count(count),
        }
    }
}

impl<T: 'static> Source<T> for CollectionSource<T> {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<T>>> {
        self.generator.open(context)
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        self.generator.owner(key, parallelism)
    }
}
