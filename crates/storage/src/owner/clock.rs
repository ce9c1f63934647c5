//! The clock of leases.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Tells how much time has passed since some point that never changes while the machine runs. It never goes back, and it goes
/// on while the machine is suspended, which `std::time::Instant` does not.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// That of the machine.
    pub(crate) fn of_machine() -> Self {
        Self(Arc::new(|| {
            let now = clock_gettime(ClockId::Boottime);
            let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
            let nanoseconds = u32::try_from(now.tv_nsec).unwrap_or_default();
            Duration::new(seconds, nanoseconds)
        }))
    }

    /// One that tells what `now` says.
    #[cfg(test)]
    pub(crate) fn from_fn(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}
