//! A waker that a test can wait for.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use millstream_engine::connector::Waker;

/// Nothing that a connector does in a test takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that must go on: it stands still for half a minute at most.
pub(super) struct Patience {
    moved: Instant,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test that waits for a connector must end"
)]
impl Patience {
    /// It goes on now.
    pub(super) fn now() -> Self {
        Self {
            moved: Instant::now(),
        }
    }

    /// # Panics
    /// It has stood still for too long.
    pub(super) fn hold(&self, what: &str) {
        assert!(
            self.moved.elapsed() < PATIENCE,
            "{what}: nothing has come for {PATIENCE:?}"
        );
    }
}

/// Counts the calls of wakers and waits for the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Bell {
    shared: Arc<(Mutex<bool>, Condvar)>,
}

impl Bell {
    /// A waker that rings.
    pub(super) fn waker(&self) -> Waker {
        let shared = self.shared.clone();
        Waker::new(move || {
            let (rung, changed) = &*shared;
            *rung.lock().unwrap() = true;
            changed.notify_all();
        })
    }

    /// Waits until it rings, or until `at_most` if the connector asked for that.
    ///
    /// # Panics
    /// The connector said that it would call its waker and has not, for half a minute.
    pub(super) fn wait(&self, what: &str, at_most: Option<Duration>) {
        let (rung, changed) = &*self.shared;
        let guard = rung.lock().unwrap();
        let patience = at_most.unwrap_or(PATIENCE);
        let (mut guard, result) = changed
            .wait_timeout_while(guard, patience, |rung| !*rung)
            .unwrap();
        *guard = false;
        assert!(
            at_most.is_some() || !result.timed_out(),
            "{what}: the waker was not called within {PATIENCE:?}"
        );
    }
}
