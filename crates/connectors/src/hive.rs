//! Hive as a source, over HiveServer2.
//!
//! What a query answers is read row after row, once: the source is bounded. Its rows may be split between subtasks by
//! the values of a column. A position is a part and how many of its rows have been handed out, and what they were: behind
//! a restart they are read again, and left out if they are the same.
//!
//! - [`options`], [`url`]: what is asked for.
//! - [`statement`], [`split`], [`types`], [`values`], [`pace`], [`digest`], [`position`], [`trouble`]: decisions. Pure.
//! - [`wire`], [`session`], [`rowset`]: HiveServer2's protocol; rows straight into columns.
//! - [`describe`]: what a query answers, before it is read. [`inspection`]: whether a source would start.
//! - [`parts`]: who looks for the parts, once for all. [`fetch`]: the thread that reads. [`reader`]: the worker's side.
//! - [`worker`]: how their threads begin and end. [`plan`]: what all of them share.
//!
//! - [`metastore`]: tables whose files are read without HiveServer2.

mod describe;
mod digest;
mod fetch;
mod inspection;
mod metastore;
mod options;
mod pace;
mod parts;
mod plan;
mod position;
mod reader;
mod rowset;
mod session;
mod split;
mod statement;
mod trouble;
mod types;
mod url;
mod values;
mod wire;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use millstream_core::Result;
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Owner, Source, SourceContext, SourceReader,
};

pub use metastore::{HiveTableOptions, HiveTableSource, MetastoreUrl};
pub use options::{ExactlyOnce, HiveSourceOptions, Login, SplitBy, What};
pub use url::{Auth, HIVE, HiveUrl, Host, Tls, Transport};

use parts::PartsEnumerator;
use plan::Plan;
use position::Position;
use reader::{HiveReader, Opening};
use statement::Statement;

use crate::rows::Parsed;

/// Reads what a query of Hive answers. What types become, and what a restart means, is in `docs/guide/hive.md`.
///
/// `SourceStatus::Ready` counts good rows and bad ones together, so that bad ones are bounded, too.
#[derive(Debug, Clone)]
pub struct HiveSource {
    plan: Arc<Plan>,
}

impl HiveSource {
    /// The source that `options` describe. Asks the server once for the columns: what can't work fails here.
    ///
    /// # Errors
    /// The server is away, does not take who logs in or the query, or rows can't be split as they are to be.
    pub fn new(options: HiveSourceOptions) -> Result<Self> {
        if let Some(split) = &options.split {
            split.check()?;
        }
        let statement = Statement::of(&options.query)?;
        let columns = describe::describe(&options, &statement)?;
        Ok(Self {
            plan: Arc::new(Plan::new(options, statement, Arc::new(columns))),
        })
    }

    /// All columns, whatever the projection is.
    pub fn schema(&self) -> SchemaRef {
        self.plan.all()
    }

    /// The columns of the batches that are handed out.
    pub fn batch_schema(&self) -> SchemaRef {
        Arc::clone(&self.plan.schema)
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub fn with_projection(self, wanted: &[usize]) -> Result<Self> {
        let mut plan = self.plan.as_ref().clone();
        plan.project(wanted)?;
        Ok(Self {
            plan: Arc::new(plan),
        })
    }

    /// What is worth telling before the job starts: `None`, if a restart finds rows as they were.
    pub fn note(&self) -> Option<String> {
        inspection::unordered(&self.plan).map(|note| note.what.to_owned())
    }
}

impl Source<Parsed> for HiveSource {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let entries = context.restored.iter().flatten();
        let restored: BTreeMap<u32, Position> =
            entries.map(Position::restore).collect::<Result<_>>()?;
        let opening = Opening {
            subtask: context.subtask,
            parallelism: context.parallelism,
            restored,
            waker: context.waker,
            progress: context.progress,
        };
        Ok(Box::new(HiveReader::new(Arc::clone(&self.plan), opening)))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        let parts = PartsEnumerator::open(&self.plan, context)?;
        Ok(Some(Box::new(parts)))
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        position::owner(key, parallelism)
    }
}
