//! The runtime of requests, and who waits for what they do.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use tokio::runtime::Handle;

/// Threads that drive all requests. Bytes are encrypted and checksums are made on them.
const THREADS: usize = 2;

/// What a request may fail by.
pub trait Failure: Send + 'static {
    /// That of a request that was given up before it was answered.
    fn given_up() -> Self;
}

/// The runtime of requests that fail by `E`. Clones are of the same one; it ends with the last.
#[derive(Debug)]
pub struct Runtime<E> {
    owned: Arc<Owned>,
    fails_by: PhantomData<fn() -> E>,
}

impl<E> Clone for Runtime<E> {
    fn clone(&self) -> Self {
        Self {
            owned: Arc::clone(&self.owned),
            fails_by: PhantomData,
        }
    }
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

impl<E: Failure> Runtime<E> {
    /// Starts the threads, of this name.
    ///
    /// # Errors
    /// The machine gives none.
    pub fn start(name: &str) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name(name)
            .enable_all()
            .build()?;
        Ok(Self {
            owned: Arc::new(Owned(Some(runtime))),
            fails_by: PhantomData,
        })
    }

    /// What a client is given that starts tasks of its own.
    pub fn handle(&self) -> Option<Handle> {
        let runtime = self.owned.0.as_ref();
        runtime.map(|runtime| runtime.handle().clone())
    }

    /// Begins what `future` does. Where what is answered is dropped before it is done, what comes of it is heard by nobody.
    pub fn begin<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Waiting<T, E> {
        let (sender, answer) = bounded(1);
        if let Some(runtime) = &self.owned.0 {
            // Whoever asked may be gone.
            runtime.spawn(async move { drop(sender.send(future.await)) });
        }
        Waiting(answer)
    }

    /// Does what `future` does, and waits for it.
    ///
    /// # Errors
    /// Those of the request.
    pub fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E> {
        self.begin(future).wait()
    }
}

/// A request that is under way.
#[derive(Debug)]
pub struct Waiting<T, E>(Receiver<Result<T, E>>);

impl<T, E: Failure> Waiting<T, E> {
    /// One that is over.
    pub fn over(outcome: Result<T, E>) -> Self {
        let (sender, answer) = bounded(1);
        // There is room for it.
        drop(sender.send(outcome));
        Self(answer)
    }

    /// Waits for what comes of it.
    ///
    /// # Errors
    /// That of the request.
    pub fn wait(self) -> Result<T, E> {
        self.0.recv().map_err(|_| E::given_up())?
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        !self.0.is_empty()
    }
}
