//! Waiting: that something can't be done now, and how often that is said in the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What became of what a place was asked for.
pub(super) enum Tried<T> {
    /// It is done.
    Done(T),
    /// It can't be done now, why, and what to do about it. It is to be asked for again; what is done of it stays done.
    Later(String),
}

/// The same is not said again before.
const PAUSE: Duration = Duration::from_secs(60);

/// What the writers of a sink have said lately, and when. Clones share it, also those of later attempts.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    lately: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Told {
    /// Says why the sink waits, unless that was said just now. Answers whether it is said.
    #[allow(
        clippy::disallowed_methods,
        reason = "how often something is said is a matter of the clock, and nothing is decided on it"
    )]
    pub(super) fn warn(&self, why: &str) -> bool {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.retain(|(_, at)| at.elapsed() < PAUSE);
        if lately.iter().any(|(said, _)| said == why) {
            return false;
        }
        lately.push((why.to_owned(), Instant::now()));
        tracing::warn!("{why}. It is tried again; nothing is dropped.");
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_by_all_writers() {
        let told = Told::default();
        let other = told.clone();
        assert!(told.warn("no directory"));
        assert!(!told.warn("no directory") && !other.warn("no directory"));
        assert!(other.warn("no room"));
        assert!(!told.warn("no directory"), "whatever was said since");
    }
}
