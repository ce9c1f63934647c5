//! From bytes to columns.

mod columns;
mod decoder;
mod fields;
mod schema;
mod text;
mod tidy;
pub(crate) mod values;

#[cfg(feature = "kafka")]
pub(crate) use columns::Column;
pub(crate) use decoder::RowsDecoder;
#[cfg(feature = "kafka")]
pub(crate) use fields::{FieldTable, fields_of};
pub(crate) use schema::{Columns, SharedColumns, names_of_head};
pub(crate) use text::to_text;
pub use tidy::Tidy;
