//! The clusters of a job, and what each can be asked.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdfs_native::client::FileStatus;
use hdfs_native::{Client, WriteOptions};
use millstream_gssapi::Keys;

use crate::access::Access;
use crate::error::{HdfsError, Trouble};
use crate::hosts::Host;
use crate::name_nodes::{NameNodes, ONE_REQUEST};
use crate::runtime::Runtime;
use crate::settings::HdfsSettings;
use crate::site::Site;
use crate::url::HdfsUrl;

/// What DataNodes are given for some MiB.
pub(crate) const ONE_TRANSFER: Duration = Duration::from_secs(120);

/// The port of a NameNode that is named without one.
const PORT: u16 = 8020;

/// What directories are made with, before the mask of the cluster.
const DIRECTORY: u32 = 0o755;

/// The clusters that a job speaks to. Clones are of the same ones.
#[derive(Clone)]
pub struct Clusters(Arc<Shared>);

struct Shared {
    settings: HdfsSettings,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    runtime: Option<Runtime>,
    clusters: HashMap<String, Cluster>,
}

impl Clusters {
    /// The clusters that these settings tell. None is asked for anything yet.
    pub fn new(settings: HdfsSettings) -> Self {
        Self(Arc::new(Shared {
            settings,
            known: Mutex::default(),
        }))
    }

    /// The cluster in which a URL lies. It is not asked for anything.
    ///
    /// # Errors
    /// The settings can't be read, or name no NameNode for it.
    pub fn open(&self, url: &HdfsUrl) -> Result<Cluster, HdfsError> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = known.clusters.get(url.authority()) {
            return Ok(cluster.clone());
        }
        let runtime = match &known.runtime {
            Some(runtime) => runtime.clone(),
            None => known.runtime.insert(Runtime::start()?).clone(),
        };
        let cluster = Cluster::new(url.authority(), &self.0.settings, runtime)?;
        known
            .clusters
            .insert(url.authority().to_owned(), cluster.clone());
        Ok(cluster)
    }
}

impl Clusters {
    /// The one way in which a place in a cluster is written down: `hdfs:///path` and `hdfs://host/path` are other names of
    /// `hdfs://host:port/path`. No cluster is asked.
    ///
    /// # Errors
    /// The settings can't be read, or name no NameNode for it.
    pub fn named(&self, url: &HdfsUrl) -> Result<HdfsUrl, HdfsError> {
        let settings = &self.0.settings;
        Ok(url.with_authority(&address(url.authority(), &settings.site()?)?))
    }

    /// Whose keys prove who asks; `None`: the settings say that clusters believe it.
    ///
    /// # Errors
    /// The settings can't be read.
    pub fn keys(&self) -> Result<Option<Keys>, HdfsError> {
        let settings = &self.0.settings;
        let is_secure = settings.site()?.is_secure();
        Ok(is_secure.then(|| settings.keys.clone()))
    }
}

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.settings.fmt(f)
    }
}

/// A file or a directory as the NameNode knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name in its directory; empty: it is the root.
    pub name: String,
    /// Bytes that can be read.
    pub size: u64,
    /// When it was made, or closed last: milliseconds since 1970.
    pub modified: u64,
    /// When it was made, or read: milliseconds since 1970.
    pub accessed: u64,
    /// Whether it is a directory.
    pub is_directory: bool,
    pub(crate) replication: u64,
    pub(crate) block: u64,
}

impl Status {
    pub(crate) fn of(found: &FileStatus) -> Self {
        let name = found.path.rsplit('/').next().unwrap_or_default();
        Self {
            name: name.to_owned(),
            size: found.length as u64,
            modified: found.modification_time,
            accessed: found.access_time,
            is_directory: found.isdir,
            replication: found.replication.unwrap_or_default().into(),
            block: found.blocksize.unwrap_or_default(),
        }
    }
}

/// What is known of who writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Nobody does.
    Whole,
    /// Somebody may be about to close it for the first time: all of it is written. Or it has the times of the file that it is a
    /// copy of.
    New,
    /// Somebody does.
    Open,
}

/// A cluster. Clones are of the same one.
#[derive(Clone)]
pub struct Cluster(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    authority: String,
    pub(crate) nodes: NameNodes,
    pub(crate) runtime: Runtime,
    /// How files are made, or why that can't be told: who only reads need not know.
    pub(crate) new_files: Result<WriteOptions, HdfsError>,
}

impl Inner {
    /// What the NameNode knows of a file or a directory.
    pub(crate) async fn info(&self, path: &str) -> Result<FileStatus, HdfsError> {
        let look = |client: Client| {
            let path = path.to_owned();
            async move { client.get_file_info(&path).await }
        };
        self.nodes.ask(look).await
    }

    /// The bytes that all copies of a file take.
    pub(crate) async fn space(&self, path: &str) -> Result<u64, HdfsError> {
        let look = |client: Client| {
            let path = path.to_owned();
            async move { client.get_content_summary(&path).await }
        };
        Ok(self.nodes.ask(look).await?.space_consumed)
    }

    /// Has a file closed that somebody writes. Whether it is by now.
    pub(crate) async fn recover_lease(&self, path: &str) -> Result<bool, HdfsError> {
        let recover = |client: Client| {
            let path = path.to_owned();
            async move { client.recover_lease(&path).await }
        };
        self.nodes.ask(recover).await
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hdfs://{}", self.0.authority)
    }
}

impl PartialEq for Cluster {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.authority == other.0.authority
    }
}

impl Eq for Cluster {}

impl Cluster {
    fn new(authority: &str, settings: &HdfsSettings, runtime: Runtime) -> Result<Self, HdfsError> {
        let site = settings.site()?;
        let name = name(authority, &site)?;
        let address = address_of(&name, &site);
        let host = Host::of(&name, &address, &site, settings);
        let access = Arc::new(Access::new(&address, &site, settings)?);
        let handle = runtime.handle();
        let nodes = NameNodes::at(&address, &site, settings, handle, Arc::clone(&access))?;
        Ok(Self(Arc::new(Inner {
            authority: authority.to_owned(),
            nodes,
            runtime: runtime.for_requests_of(access, host),
            new_files: site.new_files(),
        })))
    }

    /// Where in the cluster a path lies in which a URL was put; `None`: in another one.
    pub fn path_of(&self, path: &Path) -> Option<String> {
        let url = HdfsUrl::of_path(path)?;
        (url.authority() == self.0.authority).then(|| url.path().to_owned())
    }

    /// Looks at a file or a directory; `None`: it is not there.
    ///
    /// # Errors
    /// That can't be told.
    pub fn look(&self, path: &str) -> Result<Option<Status>, HdfsError> {
        let (inner, path) = (Arc::clone(&self.0), path.to_owned());
        let found = self
            .0
            .runtime
            .wait(ONE_REQUEST, async move { inner.info(&path).await });
        match found {
            Ok(found) => Ok(Some(Status::of(&found))),
            Err(error) if error.trouble() == Trouble::Absent => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether somebody is writing a file that was found as `status`, so that its length is not its last one.
    ///
    /// The NameNode tells nobody. But a block that is being written counts as a whole one in the space that the file takes. And the
    /// time of a file's modification is that of its making until it is closed.
    ///
    /// # Errors
    /// That can't be told.
    pub fn state_of(&self, path: &str, status: &Status) -> Result<FileState, HdfsError> {
        let (inner, path) = (Arc::clone(&self.0), path.to_owned());
        let space = self
            .0
            .runtime
            .wait(ONE_REQUEST, async move { inner.space(&path).await });
        match space {
            Ok(space) if has_open_block(status, space) => Ok(FileState::Open),
            Err(error) if !matches!(error.trouble(), Trouble::Denied | Trouble::Absent) => {
                Err(error)
            }
            _ if status.accessed == status.modified => Ok(FileState::New),
            _ => Ok(FileState::Whole),
        }
    }

    /// Renames a file unless there is one of the new name ([`Trouble::Exists`]).
    ///
    /// # Errors
    /// It can't be renamed; where the cluster is [unreachable](Trouble::Unreachable), it may have been.
    pub fn rename_new(&self, from: &str, to: &str) -> Result<(), HdfsError> {
        let (inner, from, to) = (Arc::clone(&self.0), from.to_owned(), to.to_owned());
        self.0.runtime.wait(ONE_REQUEST, async move {
            let nodes = &inner.nodes;
            nodes
                .ask_once(|client| async move { client.rename(&from, &to, false).await })
                .await
        })
    }

    /// Renames a file, in the place of one that has the new name.
    ///
    /// # Errors
    /// It can't be renamed; where the cluster is [unreachable](Trouble::Unreachable), it may have been.
    pub fn rename_over(&self, from: &str, to: &str) -> Result<(), HdfsError> {
        let (inner, from, to) = (Arc::clone(&self.0), from.to_owned(), to.to_owned());
        self.0.runtime.wait(ONE_REQUEST, async move {
            let nodes = &inner.nodes;
            nodes
                .ask_once(|client| async move { client.rename(&from, &to, true).await })
                .await
        })
    }

    /// Removes a file, whether somebody writes it or not, or a directory in which nothing lies ([`Trouble::Exists`]: something
    /// does). Whether it was there.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn remove(&self, path: &str) -> Result<bool, HdfsError> {
        let (inner, path) = (Arc::clone(&self.0), path.to_owned());
        self.0.runtime.wait(ONE_REQUEST, async move {
            let nodes = &inner.nodes;
            nodes
                .ask_once(|client| async move { client.delete(&path, false).await })
                .await
        })
    }

    /// Makes a directory, and what is missing above it.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make_directory(&self, path: &str) -> Result<(), HdfsError> {
        self.mkdirs(path, true)
    }

    /// Makes a directory in one that is there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make_subdirectory(&self, path: &str) -> Result<(), HdfsError> {
        self.mkdirs(path, false)
    }

    fn mkdirs(&self, path: &str, with_parents: bool) -> Result<(), HdfsError> {
        let (inner, path) = (Arc::clone(&self.0), path.to_owned());
        self.0.runtime.wait(ONE_REQUEST, async move {
            let make = |client: Client| {
                let path = path.clone();
                async move { client.mkdirs(&path, DIRECTORY, with_parents).await }
            };
            inner.nodes.ask(make).await
        })
    }
}

/// Whether the last block of a file counts as a whole one and is none.
fn has_open_block(status: &Status, space: u64) -> bool {
    let (copies, block) = (status.replication, status.block);
    if copies == 0 || block == 0 || !space.is_multiple_of(copies * block) {
        return false;
    }
    let taken = space / copies;
    // What lies before that block, and no more than that block behind it: what codes add is none.
    taken > status.size && taken - block <= status.size
}

/// What a client is given as the host of a cluster of this name.
fn address(authority: &str, site: &Site) -> Result<String, HdfsError> {
    Ok(address_of(&name(authority, site)?, site))
}

/// The NameNode or the name service that is meant, as it is written.
fn name(authority: &str, site: &Site) -> Result<String, HdfsError> {
    if !authority.is_empty() {
        return Ok(authority.to_owned());
    }
    if let Some(url) = site.default_cluster() {
        return Ok(url.authority().to_owned());
    }
    let default = site.get("fs.defaultFS").unwrap_or_default();
    let what = match default {
        "" => "the path names no NameNode, and no core-site.xml says which one is meant (fs.defaultFS)".to_owned(),
        other => format!(
            "the path names no NameNode, and fs.defaultFS in core-site.xml is {other}, which is no cluster of HDFS"
        ),
    };
    Err(HdfsError::of_settings(Trouble::Refused, what))
}

fn address_of(name: &str, site: &Site) -> String {
    let has_port = name
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port || site.is_service(name) {
        return name.to_owned();
    }
    format!("{}:{PORT}", name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
