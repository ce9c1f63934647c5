//! The thread that looks for files, so that a slow directory never holds up a worker.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use millstream_core::Result;
use millstream_engine::connector::Waker;

use super::fetch::no_thread;
use super::listing::{Listing, list_again};

/// The listing of a source that looks once. The readers of one attempt of a job must agree on the files, so
/// the first that has listed decides for all.
pub(crate) type OneListing = OnceLock<Arc<Listing>>;

/// When the directory is looked at.
#[derive(Debug, Clone)]
pub(crate) enum Schedule {
    /// Once in each attempt. What its readers share lives as long as any of them.
    Once(Arc<Mutex<Weak<OneListing>>>),
    /// Again and again, with this pause.
    Every(Duration),
}

/// The worker's end of the thread. Dropping it ends the thread.
pub(crate) struct Discovery {
    listings: Receiver<Result<Arc<Listing>>>,
    /// Never sent to: that it is gone tells the thread to end.
    _stop: Sender<()>,
    /// Keeps what the readers of this attempt share, and only they: a thread that outlives its attempt
    /// must not hand an old listing on to the next.
    _shared: Option<Arc<OneListing>>,
}

impl Discovery {
    /// Starts the thread, named `name`.
    pub(crate) fn start(
        name: String,
        path: PathBuf,
        schedule: &Schedule,
        waker: Waker,
    ) -> Result<Self> {
        let (sender, listings) = bounded(1);
        let (stop, stopped) = bounded(0);
        let (shared, interval) = match schedule {
            Schedule::Once(slot) => (Some(share(slot)), None),
            Schedule::Every(interval) => (None, Some(*interval)),
        };
        let weak = shared.as_ref().map(Arc::downgrade);
        let work = move || {
            let look = || match &weak {
                Some(shared) => list_once(&path, shared),
                None => list_again(&path).map(Arc::new),
            };
            discover(look, interval, &sender, &stopped, &waker);
        };
        Builder::new().name(name).spawn(work).map_err(no_thread)?;
        Ok(Self {
            listings,
            _stop: stop,
            _shared: shared,
        })
    }

    /// The newest listing, if there is one that has not been taken.
    pub(crate) fn take(&self) -> Result<Option<Arc<Listing>>> {
        self.listings.try_recv().ok().transpose()
    }
}

fn discover(
    look: impl Fn() -> Result<Arc<Listing>>,
    interval: Option<Duration>,
    listings: &Sender<Result<Arc<Listing>>>,
    stopped: &Receiver<()>,
    waker: &Waker,
) {
    loop {
        if listings.send(look()).is_err() {
            return;
        }
        waker.wake();
        let Some(interval) = interval else { return };
        if stopped.recv_timeout(interval) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// What the readers of this attempt share: of the first one, if it is still there.
fn share(slot: &Mutex<Weak<OneListing>>) -> Arc<OneListing> {
    // A poisoned lock means that another reader panicked; what it guards is whole all the same.
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.upgrade().unwrap_or_else(|| {
        let shared = Arc::new(OneListing::new());
        *slot = Arc::downgrade(&shared);
        shared
    })
}

fn list_once(path: &Path, shared: &Weak<OneListing>) -> Result<Arc<Listing>> {
    if let Some(listing) = shared.upgrade().and_then(|shared| shared.get().cloned()) {
        return Ok(listing);
    }
    let mine = Arc::new(list_again(path)?);
    // Nobody listens any more if there is nothing to share.
    let first = shared
        .upgrade()
        .map(|shared| Arc::clone(shared.get_or_init(|| Arc::clone(&mine))));
    Ok(first.unwrap_or(mine))
}
