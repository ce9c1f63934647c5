//! Which NameNode of a cluster is asked first.
//!
//! The client of HDFS leaves one that refuses connections, hangs up or is not active. For one that says nothing, because its machine
//! has no power or its process stands still, it waits without an end, and begins each request with it. So behind a limit another
//! client takes its place, which begins with the next NameNode of the service. Which one it was that said nothing is not known here, so
//! it is looked at once whether that client is answered.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hdfs_native::{Client, ClientBuilder, HdfsError as Native};
use tokio::runtime::Handle;

use crate::access::Access;
use crate::error::HdfsError;
use crate::settings::HdfsSettings;
use crate::site::{NODES, Site};

/// What a NameNode has to do at once.
pub(crate) const ONE_REQUEST: Duration = Duration::from_secs(60);
/// What one of several NameNodes has to do at once. It is longer than the client tries NameNodes that all refuse connections.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(25);
/// What a look whether a client is answered may take.
const ONE_LOOK: Duration = Duration::from_secs(3);
/// What all looks behind one request may take: two requests and the looks behind them have to fit into [`ONE_REQUEST`].
const ALL_LOOKS: Duration = Duration::from_secs(4);

/// A NameNode that is away is tried for about 15 seconds: who asked decides what follows. For each NameNode so often.
const TRIES: u32 = 5;
/// The first pause between two tries of all NameNodes; each is twice as long as the one before.
const FIRST_PAUSE: &str = "250";

/// The NameNodes of a cluster.
pub(crate) struct NameNodes {
    making: Making,
    asked: RwLock<Asked>,
}

/// A client, and how many there were before it.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) client: Client,
    before: usize,
}

/// Why a writer has not done its work.
pub(crate) enum Undone {
    /// It was given up: nobody answers its client any more.
    Left,
    /// The client says so.
    Failed(Native),
}

impl From<Undone> for HdfsError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Left => Self::late(ONE_OF_SEVERAL, true),
            Undone::Failed(error) => error.into(),
        }
    }
}

/// What clients are made of.
struct Making {
    address: String,
    settings: Vec<(String, String)>,
    /// What the NameNodes of a service are called there; none: the address is that of one.
    names: Vec<String>,
    directory: Option<PathBuf>,
    user: Option<String>,
    handle: Option<Handle>,
    access: Arc<Access>,
}

impl NameNodes {
    /// Those at an address. None is asked yet.
    ///
    /// # Errors
    /// The settings are none of a client's.
    pub(crate) fn at(
        address: &str,
        site: &Site,
        settings: &HdfsSettings,
        handle: Option<Handle>,
        access: Arc<Access>,
    ) -> Result<Self, HdfsError> {
        // It reads the files itself, and takes every blank in them for a part of the value: what was read here wins.
        let told = site.by_the_word().into_iter();
        let making = Making {
            address: address.to_owned(),
            settings: told.chain(patience(address, site)).collect(),
            names: site.names(address),
            directory: settings.directory.clone(),
            // Who proves who he is acts for nobody else.
            user: settings.user.clone().filter(|_| !site.is_secure()),
            handle,
            access,
        };
        let client = making.client(0)?;
        let asked = RwLock::new(Asked { client, before: 0 });
        Ok(Self { making, asked })
    }

    /// The client of the moment.
    pub(crate) fn asked(&self) -> Asked {
        let asked = self.asked.read().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// What is answered to a question that may be put twice: where a NameNode says nothing, the next one is asked at once.
    pub(crate) async fn ask<T, F>(&self, question: impl Fn(Client) -> F) -> Result<T, HdfsError>
    where
        F: Future<Output = Result<T, Native>>,
    {
        let asked = self.asked();
        match self.within(&asked, question(asked.client.clone())).await {
            Err(error) if error.is_left() => {
                let asked = self.asked();
                self.within(&asked, question(asked.client.clone())).await
            }
            answer => answer,
        }
    }

    /// What is answered to what is done once. Where a NameNode says nothing, it may have been done.
    pub(crate) async fn ask_once<T, F>(
        &self,
        request: impl FnOnce(Client) -> F,
    ) -> Result<T, HdfsError>
    where
        F: Future<Output = Result<T, Native>>,
    {
        let asked = self.asked();
        let request = request(asked.client.clone());
        self.within(&asked, request).await
    }

    /// What is answered to a request of the client that was asked.
    pub(crate) async fn within<T>(
        &self,
        asked: &Asked,
        request: impl Future<Output = Result<T, Native>>,
    ) -> Result<T, HdfsError> {
        let limit = self.limit();
        if let Ok(answer) = tokio::time::timeout(limit, Box::pin(request)).await {
            return Ok(answer?);
        }
        Err(match self.leave_silent(asked).await {
            Ok(is_left) => HdfsError::late(limit, is_left),
            Err(why) => HdfsError::late_alone(limit, &why),
        })
    }

    /// What comes of what a writer of the client that was asked does, which may take long. It is given up where nobody answers that
    /// client any more: it would wait for the silent NameNode without an end.
    pub(crate) async fn unless_left<T>(
        &self,
        asked: &Asked,
        work: impl Future<Output = Result<T, Native>>,
    ) -> Result<T, Undone> {
        let mut work = Box::pin(work);
        if self.making.names.len() < 2 {
            return work.await.map_err(Undone::Failed);
        }
        loop {
            if let Ok(done) = tokio::time::timeout(self.limit(), &mut work).await {
                return done.map_err(Undone::Failed);
            }
            let look = is_answered(&asked.client, self.one_look());
            // Both go on: what the look needs of the client, the work may hold.
            let has_answer = tokio::select! {
                done = &mut work => return done.map_err(Undone::Failed),
                has_answer = look => has_answer,
            };
            if !has_answer && matches!(self.leave_silent(asked).await, Ok(true)) {
                return Err(Undone::Left);
            }
        }
    }

    /// What one request may take.
    fn limit(&self) -> Duration {
        match self.making.names.len() {
            0 | 1 => ONE_REQUEST,
            _ => ONE_OF_SEVERAL,
        }
    }

    /// What a look may take of which there is one for each other NameNode.
    fn one_look(&self) -> Duration {
        let others = self.making.names.len().saturating_sub(1).max(1);
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        ONE_LOOK.min(ALL_LOOKS / others)
    }

    /// Puts another client in the place of one that got no answer, and again while that one gets none: it may begin with the silent
    /// NameNode, or come to it behind one that is not active yet. Whether there is another one now.
    ///
    /// # Errors
    /// No other one can be made.
    async fn leave_silent(&self, silent: &Asked) -> Result<bool, HdfsError> {
        if !self.leave(silent)? {
            return Ok(false);
        }
        for _ in 1..self.making.names.len() {
            let asked = self.asked();
            if is_answered(&asked.client, self.one_look()).await {
                break;
            }
            self.leave(&asked)?;
        }
        Ok(true)
    }

    /// Puts another client in the place of one that got no answer, if somebody else has not done so. Whether there is another one now.
    ///
    /// One that has made a file stays in memory, with its connection: the task by which it renews leases holds it, and ends with
    /// the runtime alone. That is one for each time that a NameNode falls silent.
    ///
    /// # Errors
    /// No other one can be made.
    fn leave(&self, silent: &Asked) -> Result<bool, HdfsError> {
        if self.making.names.len() < 2 {
            return Ok(false);
        }
        let before = silent.before + 1;
        if self.asked().before != silent.before {
            return Ok(true);
        }
        // It reads the settings: nobody who asks is to wait for that.
        let client = self.making.client(before)?;
        let mut asked = self.asked.write().unwrap_or_else(PoisonError::into_inner);
        if asked.before == silent.before {
            *asked = Asked { client, before };
        }
        Ok(true)
    }
}

/// Whether a client gets an answer within a time, whatever that is: an error is one, too.
async fn is_answered(client: &Client, limit: Duration) -> bool {
    let look = Box::pin(client.get_file_info("/"));
    tokio::time::timeout(limit, look).await.is_ok()
}

impl Making {
    /// A client that has so many before it.
    fn client(&self, before: usize) -> Result<Client, HdfsError> {
        let order = order(&self.address, &self.names, before);
        let settings = self.settings.iter().cloned().chain(order);
        let mut builder = ClientBuilder::new()
            .with_url(format!("hdfs://{}", self.address))
            .with_config(settings);
        if let Some(directory) = &self.directory {
            builder = builder.with_config_dir(directory.display().to_string());
        }
        if let Some(user) = &self.user {
            builder = builder.with_user(user);
        }
        if let Some(handle) = &self.handle {
            builder = builder.with_io_runtime(handle.clone());
        }
        Ok(self.access.tell(builder).build()?)
    }
}

/// What has a client begin with another NameNode than the `before` clients before it. The first one has the order of the settings,
/// which may leave it to chance.
fn order(address: &str, names: &[String], before: usize) -> Vec<(String, String)> {
    if before == 0 || names.len() < 2 {
        return Vec::new();
    }
    let mut names = names.to_vec();
    let first = before % names.len();
    names.rotate_left(first);
    vec![
        (format!("{NODES}{address}"), names.join(",")),
        (
            format!("dfs.client.failover.random.order.{address}"),
            "false".to_owned(),
        ),
    ]
}

/// How long clients try, where the settings do not say so themselves.
fn patience(address: &str, site: &Site) -> Vec<(String, String)> {
    let nodes = u32::try_from(site.count(address)).unwrap_or(1);
    let tries = TRIES.saturating_mul(nodes);
    let settings = [
        ("dfs.client.failover.max.attempts", tries.to_string()),
        (
            "dfs.client.failover.sleep.base.millis",
            FIRST_PAUSE.to_owned(),
        ),
    ];
    let unsaid = settings
        .into_iter()
        .filter(|(name, _)| site.get(name).is_none());
    unsaid
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests;
