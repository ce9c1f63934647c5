//! The runtime of requests: two threads for all clusters of a job, and who waits for what they do.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use tokio::runtime::Handle;

use crate::access::Access;
use crate::error::{HdfsError, Trouble};

/// Threads that drive all requests. Checksums are made on them.
const THREADS: usize = 2;

/// The runtime. Clones are of the same one; it ends with the last.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    owned: Arc<Owned>,
    /// Who makes the requests; `None`: none is made yet.
    access: Option<Arc<Access>>,
}

#[derive(Debug)]
struct Owned(Option<tokio::runtime::Runtime>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Requests that nobody waits for any more are dropped with it.
            runtime.shutdown_background();
        }
    }
}

impl Runtime {
    /// Starts the threads.
    ///
    /// # Errors
    /// The machine gives none.
    pub(crate) fn start() -> Result<Self, HdfsError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("hdfs")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            let what = format!("no threads for requests to HDFS can be started: {error}");
            HdfsError::new(Trouble::Refused, what)
        })?;
        Ok(Self {
            owned: Arc::new(Owned(Some(runtime))),
            access: None,
        })
    }

    /// The same, for requests of a cluster.
    pub(crate) fn for_requests_of(&self, access: Arc<Access>) -> Self {
        Self {
            owned: Arc::clone(&self.owned),
            access: Some(access),
        }
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        self.owned
            .0
            .as_ref()
            .map(|runtime| runtime.handle().clone())
    }

    /// Begins what `future` does, which may take as long as `limit`. Dropped before it is done, what comes of it is heard by
    /// nobody.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        limit: Duration,
        future: impl Future<Output = Result<T, HdfsError>> + Send + 'static,
    ) -> Waiting<T> {
        let (sender, answer) = bounded(1);
        let access = self.access.clone();
        if let Err(error) = access.as_ref().map_or(Ok(()), |access| access.prepare()) {
            drop(sender.send(Err(error)));
            return Waiting(answer);
        }
        if let Some(runtime) = &self.owned.0 {
            let future = Box::pin(future);
            runtime.spawn(async move {
                let done = tokio::time::timeout(limit, future).await;
                let late = || {
                    let seconds = limit.as_secs();
                    Err(HdfsError::new(
                        Trouble::Unreachable,
                        format!("there was no answer for {seconds} s"),
                    ))
                };
                let done = match (done.unwrap_or_else(|_| late()), access) {
                    (Err(error), Some(access)) => Err(access.explain(error).await),
                    (done, _) => done,
                };
                // Whoever asked may be gone.
                drop(sender.send(done));
            });
        }
        Waiting(answer)
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

/// A request that is under way.
#[derive(Debug)]
pub struct Waiting<T>(Receiver<Result<T, HdfsError>>);

impl<T> Waiting<T> {
    /// Waits for what comes of it.
    ///
    /// # Errors
    /// That of the request.
    pub fn wait(self) -> Result<T, HdfsError> {
        let gone = || HdfsError::new(Trouble::Unreachable, "the request was given up");
        self.0.recv().map_err(|_| gone())?
    }
}
