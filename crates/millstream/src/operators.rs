//! The operators behind the methods of streams: typed code at both ends of a chunk.

mod deduplicate;
mod keyed;
mod partition;
mod stateless;

pub(crate) use deduplicate::{Deduplicate, FingerprintPartitioner};
pub(crate) use keyed::{CoProcess, Process, Reduce, Sum};
pub(crate) use partition::KeyPartitioner;
pub(crate) use stateless::{Filter, FlatMap, FlatMapCounting, Map};

use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::Result;
use millstream_engine::operator::{Operator, OperatorContext, OperatorFactory};

/// An operator that is cloned for each subtask and then opened.
pub(crate) struct Cloned<P> {
    prototype: Mutex<P>,
}

impl<P: OpenOperator + Clone + Send + 'static> Cloned<P> {
    pub(crate) fn factory(prototype: P) -> Arc<dyn OperatorFactory> {
        Arc::new(Self {
            prototype: Mutex::new(prototype),
        })
    }
}

/// Something that becomes an operator of one subtask.
pub(crate) trait OpenOperator {
    /// Whether it has state that belongs to no key.
    const KEEPS_ENTRIES: bool = false;

    fn open(self, context: &OperatorContext) -> Result<Box<dyn Operator>>;
}

impl<P: OpenOperator + Clone + Send + 'static> OperatorFactory for Cloned<P> {
    fn open(&self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let prototype = self
            .prototype
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        prototype.open(context)
    }

    fn keeps_entries(&self) -> bool {
        P::KEEPS_ENTRIES
    }
}
