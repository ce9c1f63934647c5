//! Hive as a source: one promise a file.

#[path = "../hive_support/mod.rs"]
mod hive_support;

mod hive_is_read_as_its_guide_says;
