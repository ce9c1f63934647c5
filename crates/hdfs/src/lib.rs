//! HDFS: files of a cluster that is got at over a network, as calls that wait.
//!
//! - [`HdfsUrl`]: `hdfs://host:port/path`, `hdfs://nameservice/path` and `hdfs:///path`, as users write it.
//! - [`Clusters`]: the settings of a job, and one [`Cluster`] for each name that stands in such URLs.
//! - [`Cluster`]: lists, looks, renames what replaces nothing, removes, makes directories.
//! - [`HdfsFile`]: a file that is read anywhere, with reading ahead; [`HdfsWriter`]: one that is written.
//! - [`access`]: who proves who he is, by Kerberos, and what to tell of it. [`probe`] and [`negotiate`]: whether a NameNode wants that.
//! - [`hosts`], [`mounts`]: what people are told of names that lead nowhere.
//! - [`HdfsError`]: absent, denied and unreachable are different things.
//!
//! Requests run on a small runtime of their own, which all clusters of a job share; whoever calls waits on a thread that may
//! wait. No runtime of the caller is needed or touched.
//!
//! This crate knows neither snapshots nor connectors.

mod access;
mod cluster;
mod error;
mod file;
mod hosts;
mod list;
mod mounts;
mod name_nodes;
mod negotiate;
mod probe;
mod runtime;
mod settings;
mod site;
mod url;
mod writer;

pub use cluster::{Cluster, Clusters, FileState, Status};
pub use error::{HdfsError, Trouble, is_unreachable};
pub use file::HdfsFile;
pub use list::Listing;
pub use runtime::Waiting;
pub use settings::HdfsSettings;
pub use url::HdfsUrl;
pub use writer::HdfsWriter;
