//! Ending threads: waits that are cut short, and who waits for their end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Tells the threads of a writer that nobody waits for them any more.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// From now on.
    pub(super) fn set(&self) {
        let (stopped, changed) = &*self.0;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Waits for so long, or until it is told; whether it is.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let (stopped, changed) = &*self.0;
        let stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        let (stopped, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *stopped
    }

    /// Whether it is.
    pub(super) fn is_set(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many threads of a sink may still have a request on its way, of all attempts in this process: what a new attempt writes
/// must not meet what an old one has sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Living(Arc<(Mutex<usize>, Condvar)>);

impl Living {
    /// One more, until what is answered is dropped.
    pub(super) fn enter(&self) -> Life {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Life(self.clone())
    }

    /// Waits until there are none, or for so long; whether there are none.
    pub(super) fn wait_for_none(&self, time: Duration) -> bool {
        let (living, changed) = &*self.0;
        let living = living.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(living, time, |living| *living > 0);
        let (living, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *living == 0
    }
}

/// A thread that may have a request on its way.
#[derive(Debug)]
pub(super) struct Life(Living);

impl Drop for Life {
    fn drop(&mut self) {
        let (living, changed) = &*self.0.0;
        *living.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Living, Stop};

    #[test]
    fn waits_end_early_where_they_are_told_to() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::ZERO));
        stop.set();
        assert!(stop.wait(Duration::from_secs(3_600)) && stop.is_set());
        let living = Living::default();
        let life = living.enter();
        assert!(!living.wait_for_none(Duration::ZERO));
        drop(life);
        assert!(living.wait_for_none(Duration::from_secs(3_600)));
    }
}
