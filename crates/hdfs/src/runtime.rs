//! The runtime of requests of all clusters of a job, each within a time, by whoever asks.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::access::Access;
use crate::error::{HdfsError, Trouble};
use crate::hosts::Host;

/// A request that is under way.
pub type Waiting<T> = millstream_waiting::Waiting<T, HdfsError>;

/// The runtime. Clones are of the same one; it ends with the last.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    threads: millstream_waiting::Runtime<HdfsError>,
    /// Who makes the requests; `None`: none is made yet.
    access: Option<Arc<Access>>,
    /// The host that is to be looked up first.
    host: Option<Arc<Host>>,
}

impl Runtime {
    /// Starts the threads.
    ///
    /// # Errors
    /// The machine gives none.
    pub(crate) fn start() -> Result<Self, HdfsError> {
        let threads = millstream_waiting::Runtime::start("hdfs").map_err(|error| {
            let what = format!("no threads for requests to HDFS can be started: {error}");
            HdfsError::new(Trouble::Refused, what)
        })?;
        Ok(Self {
            threads,
            access: None,
            host: None,
        })
    }

    /// The same, for requests of a cluster. `host`: it may be none.
    pub(crate) fn for_requests_of(&self, access: Arc<Access>, host: Option<Host>) -> Self {
        Self {
            threads: self.threads.clone(),
            access: Some(access),
            host: host.map(Arc::new),
        }
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        self.threads.handle()
    }

    /// Begins what `future` does, which may take as long as `limit`. Dropped before it is done, what comes of it is heard by
    /// nobody.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        limit: Duration,
        future: impl Future<Output = Result<T, HdfsError>> + Send + 'static,
    ) -> Waiting<T> {
        let access = self.access.clone();
        if let Err(error) = access.as_ref().map_or(Ok(()), |access| access.prepare()) {
            return Waiting::over(Err(error));
        }
        let future = Box::pin(future);
        let host = self.host.clone();
        self.threads.begin(async move {
            if let Some(host) = &host {
                host.check().await?;
            }
            if let Some(access) = &access {
                access.refuse_fallback().await?;
            }
            let done = tokio::time::timeout(limit, future).await;
            let done = done.unwrap_or_else(|_| Err(HdfsError::late(limit, false)));
            match (done, access) {
                (Err(error), Some(access)) => Err(access.explain(error).await),
                (done, _) => done,
            }
        })
    }

    /// Does what `future` does, and waits for it.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        limit: Duration,
        future: impl Future<Output = Result<T, HdfsError>> + Send + 'static,
    ) -> Result<T, HdfsError> {
        self.begin(limit, future).wait()
    }
}
