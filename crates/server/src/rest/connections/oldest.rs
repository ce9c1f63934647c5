//! Connections that wait for their clients and cost memory while they do: for an answer to be read, for the rest of a
//! request. There may be only so many of a kind at once: where there are more, the one that has waited for the longest is
//! given up. Whoever means well makes the server wait for moments, and is not it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// The connections that wait for their clients to do the same thing.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    waiting: Arc<Mutex<Waiting>>,
    most: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    /// The one that has waited for the longest comes first.
    wakers: BTreeMap<u64, Waker>,
}

impl Waits {
    /// `most` may wait at once.
    pub(super) fn new(most: usize) -> Self {
        Self {
            waiting: Arc::default(),
            most,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more begins to wait. Where that is one too many, another is woken to find that it is given up.
    pub(super) fn begin(&self, waker: &Waker) -> Wait {
        let mut waiting = self.lock();
        let number = waiting.next;
        waiting.next += 1;
        waiting.wakers.insert(number, waker.clone());
        let given_up = if waiting.wakers.len() > self.most {
            waiting.wakers.pop_first()
        } else {
            None
        };
        drop(waiting);
        if let Some((_, waker)) = given_up {
            waker.wake();
        }
        Wait {
            number,
            all: self.clone(),
        }
    }
}

/// One that waits, until it is dropped.
pub(super) struct Wait {
    number: u64,
    all: Waits,
}

impl Wait {
    /// Whether it may wait on; then `waker` is woken when it may no longer.
    pub(super) fn goes_on(&self, waker: &Waker) -> bool {
        let mut waiting = self.all.lock();
        let own = waiting.wakers.get_mut(&self.number);
        own.map(|own| own.clone_from(waker)).is_some()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.all.lock().wakers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::Waits;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_one_that_has_waited_for_the_longest_is_given_up() {
        let (woken, silent) = (Arc::new(Woken::default()), Waker::noop());
        let waits = Waits::new(2);
        let read = waits.begin(silent);
        drop(read);
        let first = waits.begin(&Waker::from(Arc::clone(&woken)));
        let second = waits.begin(silent);
        assert!(first.goes_on(&Waker::from(Arc::clone(&woken))));
        let third = waits.begin(silent);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "it is told");
        assert!(!first.goes_on(silent));
        assert!(second.goes_on(silent) && third.goes_on(silent));
        drop(first);
        drop(second);
        let fourth = waits.begin(silent);
        assert!(third.goes_on(silent) && fourth.goes_on(silent));
        drop((third, fourth));
        assert_eq!(waits.lock().wakers.len(), 0, "nothing is kept");
    }
}
