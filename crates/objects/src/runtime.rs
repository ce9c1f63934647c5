//! The runtime of requests: two threads for all stores of a job, and who waits for what they do.

use std::future::Future;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};

use crate::error::{StoreError, Trouble};

/// Threads that drive all requests. Bytes are encrypted and hashed on them.
const THREADS: usize = 2;

/// The runtime. Clones are of the same one; it ends with the last.
#[derive(Debug, Clone)]
pub(crate) struct Runtime(Arc<Owned>);

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
    pub(crate) fn start() -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("objects")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            let what = format!("no threads for requests to the store can be started: {error}");
            StoreError::new(Trouble::Refused, what)
        })?;
        Ok(Self(Arc::new(Owned(Some(runtime)))))
    }

    /// Begins what `future` does. Dropped before it is done, what comes of it is heard by nobody.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Waiting<T> {
        let (sender, answer) = bounded(1);
        if let Some(runtime) = &self.0.0 {
            // Whoever asked may be gone.
            runtime.spawn(async move { drop(sender.send(future.await)) });
        }
        Waiting(answer)
    }

    /// Does what `future` does, and waits for it.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.begin(future).wait()
    }
}

/// A request that is under way.
#[derive(Debug)]
pub struct Waiting<T>(Receiver<Result<T, StoreError>>);

impl<T> Waiting<T> {
    /// Waits for what comes of it.
    ///
    /// # Errors
    /// That of the request.
    pub fn wait(self) -> Result<T, StoreError> {
        let gone = || StoreError::new(Trouble::Unreachable, "the request was given up");
        self.0.recv().map_err(|_| gone())?
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        !self.0.is_empty()
    }
}
