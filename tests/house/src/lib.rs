//! What the tests of the house share: the files of the repository, its packages, and a reader of Rust
//! source that knows comments and literals from code.
//!
//! The rules themselves are the tests beside this library, one promise a file.

pub mod documents;
pub mod files;
pub mod modules;
pub mod packages;
pub mod rust_source;
