//! Work that has a thread only while there is something to do: a machine runs a thousand jobs of which most wait for input, and each
//! thread takes memory of its own.
//!
//! Whoever has something to do leaves it, and [wakes](Resting::wake) the work afterwards. The work puts itself back first, and looks
//! for what was left afterwards. So nothing is missed.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// A thread that has had nothing to do for this long ends until there is something.
pub(crate) const IDLE: Duration = Duration::from_secs(1);

/// What is done.
pub(crate) trait Work: Send + 'static {
    /// The name of the thread.
    const NAME: &'static str;

    /// Does what is there and what comes, until nothing has come for a [while](IDLE), which is true, or nothing will.
    fn work(&mut self) -> bool;

    /// Whether something is left to be done, or nothing will come any more.
    fn is_called_for(&self) -> bool;
}

/// Where the work lies while it has no thread.
pub(crate) struct Resting<W> {
    state: Mutex<State<W>>,
}

struct State<W> {
    work: Option<W>,
    /// A thread has been started that takes the work.
    is_taken: bool,
    /// The thread that has the work. One that has put it back belongs to nobody: its stack stays for as long as it is held.
    thread: Option<JoinHandle<()>>,
}

impl<W: Work> Resting<W> {
    /// Work that begins when it is woken.
    pub(crate) fn new(work: W) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                work: Some(work),
                is_taken: false,
                thread: None,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread if there is none.
    ///
    /// # Errors
    /// The machine gives no thread. Nothing is lost by that: it can be woken again.
    #[allow(clippy::disallowed_methods, reason = "the home of these threads")]
    pub(crate) fn wake(self: &Arc<Self>) -> io::Result<()> {
        let mut state = self.lock();
        if state.work.is_none() || state.is_taken {
            return Ok(());
        }
        let resting = Arc::clone(self);
        let thread = Builder::new().name(W::NAME.to_owned());
        state.thread = Some(thread.spawn(move || resting.run())?);
        state.is_taken = true;
        Ok(())
    }

    /// Does the work on this thread, unless another one does it.
    pub(crate) fn run(&self) {
        let Some(mut work) = self.lock().work.take() else {
            return;
        };
        while work.work() {
            let mut state = self.lock();
            if !work.is_called_for() {
                state.work = Some(work);
                state.is_taken = false;
                state.thread = None;
                return;
            }
        }
    }

    /// Waits for the end of the thread that has the work, if one does; false: it has panicked.
    pub(crate) fn join(&self) -> bool {
        let thread = self.lock().thread.take();
        thread.is_none_or(|thread| thread.join().is_ok())
    }
}
