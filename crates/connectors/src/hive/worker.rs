//! Threads that ask a server. What they have begun there ends with them.

use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use millstream_core::{Error, Result, codes};

use super::plan::Plan;
use super::session::Reach;

/// How long the end of a thread waits for its statement to be cancelled at the server.
const CANCELLING: Duration = Duration::from_secs(6);

/// A thread that asks a server. Dropped: it is told to end, and waited for.
pub(super) struct Worker {
    /// Dropped: the thread is to end.
    stop: Option<Sender<()>>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
    plan: Arc<Plan>,
    reach: Reach,
}

impl Worker {
    /// Starts a thread that does `work`, which is given what is closed when nobody wants any more, and where its session notes what it
    /// has begun.
    ///
    /// # Errors
    /// There can't be one.
    pub(super) fn start(
        name: String,
        plan: &Arc<Plan>,
        work: impl FnOnce(Receiver<()>, Reach) + Send + 'static,
    ) -> Result<Self> {
        let (stop, stopped) = bounded(0);
        let (at_end, ended) = bounded(0);
        let reach = Reach::default();
        let own = reach.clone();
        let started = Builder::new().name(name).spawn(move || {
            work(stopped, own);
            drop(at_end);
        });
        started.map_err(|cause| {
            Error::new(&codes::SOURCE_READ, "no thread can be started for Hive").cause(cause)
        })?;
        Ok(Self {
            stop: Some(stop),
            ended,
            plan: Arc::clone(plan),
            reach,
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The process may end behind this, and the server is to work for nobody.
        let _ended = self.ended.recv_timeout(CANCELLING);
        // Also a thread that has ended leaves there what it had begun, where its connection broke.
        let options = &self.plan.options;
        self.reach.end(&options.url, &options.login, CANCELLING);
    }
}
