//! Object stores: what lies under keys in buckets, got at over a network, as calls that wait.
//!
//! - [`ObjectUrl`]: `s3://bucket/key`, as users write it.
//! - [`Stores`]: the settings of a job, and one [`Store`] for each bucket it speaks to.
//! - [`Store`]: lists, reads, copies, deletes, and uploads in parts that become an object at once when they are
//!   [completed](Store::complete).
//! - [`ObjectFile`]: an object that is read like a file, with reading ahead.
//! - [`StoreError`]: absent, changed, denied and unreachable are different things.
//!
//! Requests run on a small runtime of their own, which all stores of a job share; whoever calls waits on a thread that may wait.
//! No runtime of the caller is needed or touched.
//!
//! This crate knows neither snapshots nor connectors.

mod error;
mod file;
mod pages;
mod parts;
mod retry;
mod settings;
mod small;
mod store;
mod unfinished;
mod url;

pub use error::{StoreError, Trouble, is_unreachable};
pub use file::ObjectFile;
pub use pages::{Entry, Pages};
pub use settings::S3Settings;
pub use store::{Object, Store, Stores, Waiting};
pub use unfinished::Unfinished;
pub use url::ObjectUrl;
