//! Signals: SIGTERM suspends the job, or ends the process where the job has no tasks; a second SIGTERM or SIGINT cancels
//! it. After a stop that failed the next SIGTERM is a first one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use millstream_core::{Error, Result, TriggerId, codes};
use millstream_engine::job::JobControl;
use millstream_protocol::{Request, SavepointFormat};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Handle;

use super::report::{Down, Newest, Watch};
use crate::clock::random_number;

/// So long a job that is to be stopped may take until all its tasks run. No savepoint can be taken before, and supervisors have
/// little patience.
const UNTIL_TASKS_RUN: Duration = Duration::from_secs(5);

/// What is done about a signal.
type Act = Arc<dyn Fn(i32) + Send + Sync>;

/// The one who listens. Signals are of the whole process, and one that was delivered already must reach whoever listens next: so there
/// is one thread for them as long as the process lives, and what it does changes.
static LISTENS: Mutex<Option<Listens>> = Mutex::new(None);

struct Listens {
    handle: Handle,
    act: Act,
}

fn listens() -> MutexGuard<'static, Option<Listens>> {
    LISTENS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: std::io::Error) -> Error {
    Error::new(&codes::INTERNAL, "signals can't be listened for").cause(error)
}

/// Has `act` done about SIGTERM from now on, and about `more` signals.
#[allow(clippy::disallowed_methods, reason = "the home of this thread")]
fn listen(more: &[i32], act: Act) -> Result<()> {
    let mut place = listens();
    if let Some(listens) = &mut *place {
        listens.act = act;
        let added = more.iter().map(|signal| listens.handle.add_signal(*signal));
        return added.collect::<std::io::Result<()>>().map_err(failed);
    }
    let all = more.iter().chain(&[SIGTERM]);
    let mut signals = signal_hook::iterator::Signals::new(all).map_err(failed)?;
    let handle = signals.handle();
    let run = move || {
        for signal in &mut signals {
            let act = listens().as_ref().map(|listens| Arc::clone(&listens.act));
            if let Some(act) = act {
                act(signal);
            }
        }
    };
    Builder::new()
        .name("signals".to_owned())
        .spawn(run)
        .map_err(failed)?;
    *place = Some(Listens { handle, act });
    Ok(())
}

/// Has SIGTERM end the process from now on until a job listens, with the same words as a job that is down: what there is to go on
/// from, and what was waited for.
///
/// # Errors
/// The system does not let it listen.
pub(super) fn listen_before(name: &str, down: Down, newest: Option<Newest>) -> Result<()> {
    let name = name.to_owned();
    listen(&[], Arc::new(move |_| down.leave(&name, newest.as_ref())))
}

/// Listens for signals while a job runs.
pub(super) struct Signals(());

impl Signals {
    /// Starts to listen.
    pub(super) fn start(job: JobControl, watch: Watch, name: &str) -> Result<Self> {
        // A limit on the size of files fails the write, and does not end the process without a word.
        signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(failed)?;
        let name = name.to_owned();
        let act = move |signal| {
            let request = next_request(signal, &watch, &name);
            if job.request(request).is_err() {
                tracing::debug!("a signal comes when the job has ended");
            }
        };
        listen(&[SIGINT], Arc::new(act))?;
        Ok(Self(()))
    }

    /// Stops to listen: signals end the process again.
    pub(super) fn stop(self) {
        let end = |signal| {
            if let Err(error) = signal_hook::low_level::emulate_default_handler(signal) {
                tracing::debug!("a signal does not end the process: {error}");
            }
        };
        if let Some(listens) = &mut *listens() {
            listens.act = Arc::new(end);
        }
    }
}

fn next_request(signal: i32, watch: &Watch, name: &str) -> Request {
    let id = TriggerId::from_bytes(
        (u128::from(random_number()) << 64 | u128::from(random_number())).to_be_bytes(),
    );
    if signal == SIGTERM
        && let Some(down) = watch.down()
    {
        watch.leave(name, &down);
    }
    if signal == SIGTERM && watch.begin_stop() {
        tracing::info!(
            "Suspending job \"{name}\" with a CANONICAL savepoint. A second signal cancels it."
        );
        if watch.stop_waits_for_tasks() {
            leave_unless_tasks_run(watch, name);
        }
        return Request::Stop {
            id,
            drain: false,
            directory: None,
            format: SavepointFormat::Canonical,
        };
    }
    tracing::info!("Cancelling job \"{name}\".");
    Request::Cancel { id }
}

/// Ends the process of a job that is to be stopped, where its tasks do not all run in time: they may read their state for long.
#[allow(
    clippy::disallowed_methods,
    reason = "the home of this thread, which waits for time alone"
)]
fn leave_unless_tasks_run(watch: &Watch, name: &str) {
    let (watch, name) = (watch.clone(), name.to_owned());
    let wait = move || {
        std::thread::sleep(UNTIL_TASKS_RUN);
        if watch.stop_waits_for_tasks() {
            let waited_for = "not all of its tasks run yet".to_owned();
            watch.leave(&name, &Down::not_begun(Some(waited_for)));
        }
    };
    if let Err(error) = Builder::new().name("stop".to_owned()).spawn(wait) {
        tracing::warn!("It is not watched how long tasks take to start: {error}");
    }
}
