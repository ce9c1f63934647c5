//! Schemas and SQL over record batches.
//!
//! SQL on a stream is projection, filter and functions over one table: every row is answered by
//! itself, so a query never waits for the end of a stream that has none. A [`Query`] is planned
//! once, when the job starts, with the parts of DataFusion that parse, type and simplify SQL; what
//! is left is a list of physical expressions that run once for each batch.
//!
//! - [`schema`] reads schemas written as `struct<id:BigInt,name:String>` or as JSON.
//! - [`Query`] plans a `SELECT` and evaluates it on [`RecordBatch`](arrow::array::RecordBatch)es.
//! - [`Nest`] moves flat columns into one nested column (`sink.merge.*`).
//!
//! This crate knows neither connectors nor the engine.

mod blame;
mod check;
mod constants;
mod elsewhere;
mod functions;
mod merge;
mod names;
mod parse;
mod physical;
mod place;
mod plan;
mod query;
mod rewrite;
pub mod schema;
mod trial;
mod union;
mod unnest;

pub use merge::{Nest, Nested};
pub use plan::conditions::{ColumnCondition, ColumnTest};
pub use query::{Evaluated, Query, RowFailure, guarded};
pub use trial::sample_rows;
