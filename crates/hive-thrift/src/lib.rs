//! What HiveServer2 and its clients say to each other: the structures of Hive's `TCLIService.thrift`, as the Thrift
//! compiler makes Rust of them.
//!
//! `src/generated/` is generated from `idl/` and never edited: `tests/what_is_generated_is_as_the_idl_says.rs` makes it
//! anew and compares, and with `UPDATE_DOCS=1` writes it. The IDL is the part of Hive's that a source needs, under the
//! licence that stands in it.

#[rustfmt::skip]
#[path = "generated/tcli_service.rs"]
mod tcli_service;

pub use tcli_service::*;
pub use thrift;
