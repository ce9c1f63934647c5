//! Waiting: pauses that Ctrl-C ends, and how long to go on.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use millstream_core::{Error, Result, codes};
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use signal_hook::iterator::Signals;

/// The pauses grow from here, so that what is quick is told quickly, …
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// … to here, so that what is slow costs the server nothing.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Pauses that Ctrl-C ends. From its making on the first Ctrl-C does not end the process any more; the second does.
pub(crate) struct Waiting {
    interrupts: Receiver<()>,
}

impl Waiting {
    /// Begins to listen for Ctrl-C.
    ///
    /// # Errors
    /// Signals can't be listened for.
    pub(crate) fn for_interrupts() -> Result<Self> {
        let failed = |cause: std::io::Error| {
            Error::new(&codes::INTERNAL, "signals can't be listened for")
                .cause(cause)
                .next("raise the limit of processes and open files, see `ulimit -a`")
        };
        let again = Arc::new(AtomicBool::new(false));
        // In this order: the flag that the first sets is looked at by the second.
        flag::register_conditional_default(SIGINT, Arc::clone(&again)).map_err(failed)?;
        flag::register(SIGINT, again).map_err(failed)?;
        let mut signals = Signals::new([SIGINT]).map_err(failed)?;
        let (send, interrupts) = sync_channel(1);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for _ in &mut signals {
                    // One that is known already is enough.
                    if let Err(TrySendError::Disconnected(())) = send.try_send(()) {
                        return;
                    }
                }
            })
            .map_err(failed)?;
        Ok(Self { interrupts })
    }

    /// Waits; `true`: Ctrl-C ended it.
    pub(crate) fn pause(&mut self, duration: Duration) -> bool {
        match self.interrupts.recv_timeout(duration) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            // The thread that listens is gone: nothing can end the wait, and it must not become a busy one.
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}

/// How long something is waited for, with growing pauses.
pub(crate) struct Patience {
    begin: Instant,
    limit: Duration,
    pause: Duration,
}

impl Patience {
    /// Patience from now on.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            begin: now(),
            limit,
            pause: FIRST_PAUSE,
        }
    }

    /// Whether the limit has passed.
    pub(crate) fn is_over(&self) -> bool {
        now().duration_since(self.begin) >= self.limit
    }

    /// How long to pause next: at most what is left.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let left = self.limit.saturating_sub(now().duration_since(self.begin));
        let pause = self.pause.min(left);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        pause
    }
}

/// What is due again and again.
pub(crate) struct Rhythm {
    last: Instant,
    every: Duration,
}

impl Rhythm {
    /// Due for the first time `every` from now.
    pub(crate) fn new(every: Duration) -> Self {
        Self { last: now(), every }
    }

    /// Whether it is due. Then it is not for as long.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = now().duration_since(self.last) >= self.every;
        if is_due {
            self.last = now();
        }
        is_due
    }
}

#[allow(clippy::disallowed_methods, reason = "the clock of the command")]
fn now() -> Instant {
    Instant::now()
}
