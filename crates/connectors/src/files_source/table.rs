//! From bytes to columns.

mod columns;
mod decoder;
mod fields;
mod schema;
mod text;
mod values;

pub(crate) use decoder::RowsDecoder;
pub(crate) use schema::{Columns, SharedColumns, names_of_head};
pub(crate) use text::to_text;
