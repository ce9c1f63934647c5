//! What HiveServer2, Hive's metastore and their clients say to each other: the structures of Hive's `TCLIService.thrift`
//! and, in [`hive_metastore`], structures and calls of its `hive_metastore.thrift`, as the Thrift compiler makes Rust of them.
//!
//! `src/generated/` is generated from `idl/` and never edited: `tests/what_is_generated_is_as_the_idl_says.rs` makes it
//! anew and compares, and with `UPDATE_DOCS=1` writes it. The IDL is the part of Hive's that a source needs, under the
//! licence that stands in it.

#[rustfmt::skip]
#[path = "generated/tcli_service.rs"]
mod tcli_service;

/// The metastore: tables, partitions, and the calls that tell of them.
#[allow(clippy::all, reason = "it is generated")]
#[rustfmt::skip]
#[path = "generated/hive_metastore.rs"]
pub mod hive_metastore;

pub use tcli_service::*;
pub use thrift;
