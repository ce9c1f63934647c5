//! Text as Hive's LazySimpleSerDe reads it: a record is a line, fields follow each other in the order of the columns, and
//! what is no value of its column's type is null.

mod decimals;
mod decoder;
mod look;
mod source;
mod times;
mod values;

pub(super) use look::Look;
pub(super) use source::{LazyTextSource, Options};
pub(super) use values::Values;
