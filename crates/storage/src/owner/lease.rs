//! A lease on a job's directory, for file systems without locks, and for stores.
//!
//! ```text
//! <checkpoint dir>/<job id>/_owner-lease-<number>    holds a count that is raised again and again
//! ```
//! The highest number has the directory. It is taken by making the file, which one can do only; a lease that somebody has is
//! taken over only after its count has stood still for three terms, by the clock of the one who watches. Whoever has it and
//! could not renew it for a term looks for a higher number before doing anything more.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use millstream_core::codes::Code;
use millstream_core::{Error, Result, codes};

use super::clock::Clock;
use super::process::Process;
use super::read_run;
use crate::absent::is_absent;
use crate::disk::sync_directory;
use crate::fail;
use crate::files;

const PREFIX: &str = "_owner-lease-";
/// A lease is renewed this often in a term.
const RENEWALS: u32 = 3;
/// A lease that stands still for so many terms is free.
const TERMS: u32 = 3;
/// A watcher looks this often in a term.
const LOOKS: u32 = 10;
/// Two who take a lease at once may see each other and both give way, this often.
const TRIES: u32 = 5;

/// A lease as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    number: u64,
    count: u64,
    /// Who has it is known to have ended.
    is_dead: bool,
}

impl Sight {
    fn of(number: u64, text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let (count, process) = text.split_once(' ').unwrap_or((&text, ""));
        Self {
            number,
            count: count.parse().unwrap_or_default(),
            is_dead: Process::parse(process).is_some_and(|process| process.has_ended()),
        }
    }

    /// Whether it is the one that was seen before, and nobody has renewed it since.
    pub(super) fn is_still(self, before: Option<Self>) -> bool {
        before.is_some_and(|before| (before.number, before.count) == (self.number, self.count))
    }
}

/// What a lease says: the count, and which process has it: one that has ended on this machine is not watched. No two processes say the
/// same: who makes a file in a store whose answer is lost takes one of these bytes for its own.
fn content(count: u64) -> Vec<u8> {
    match Process::own() {
        Some(process) => format!("{count} {process}").into_bytes(),
        None => format!("{count} {:016x}", *NAMELESS).into_bytes(),
    }
}

/// This process, where the system does not tell which it is.
static NAMELESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());

/// What to do about what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Make the lease of this number.
    Take(u64),
    /// Look again in a moment.
    Watch,
    /// Somebody has it, and lives.
    Refuse,
}

/// Decides on the highest lease that is seen `now`, and the one that was seen first and has stood still since, if it has.
/// `used`: no number up to here may be taken any more.
fn decide(now: Option<Sight>, first: Option<(Sight, Duration)>, used: u64, term: Duration) -> Step {
    match (now, first) {
        (None, _) => Step::Take(used.saturating_add(1)),
        (Some(now), _) if now.is_dead => Step::Take(used.max(now.number).saturating_add(1)),
        (Some(_), None) => Step::Watch,
        (Some(now), Some((first, _))) if now != first => Step::Refuse,
        (Some(_), Some((_, still))) if still < term * TERMS => Step::Watch,
        (Some(now), Some(_)) => Step::Take(used.max(now.number).saturating_add(1)),
    }
}

/// Whether nobody can have taken a lease that was renewed at `renewed`: it was sure then that nobody had, and to others it has
/// not stood still for long enough by `now`.
fn is_sure(renewed: Duration, now: Duration, term: Duration) -> bool {
    now.checked_sub(renewed).is_some_and(|since| since < term)
}

/// For how long a lease has stood still, once it was found unchanged `gap` after it was looked at last. Who was
/// suspended in between has seen nothing of that, and a holder on the same machine was suspended as well: he gets the
/// time to renew it.
fn still_for(before: Duration, gap: Duration, term: Duration) -> Duration {
    before.saturating_add(gap.min(term))
}

/// A lease that this process has. Renewed on a thread of its own until it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    number: u64,
    term: Duration,
    clock: Clock,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    count: u64,
    /// When it was last on disk that nobody had a higher number.
    renewed: Duration,
    /// Whether a renewal has taken so long that the lease may have been another's for all of that one's life meanwhile.
    is_doubted: bool,
    ended: bool,
}

impl Lease {
    /// Takes the lease of `directory`, which may take three terms. `None`: somebody has it.
    pub(super) fn take(directory: &Path, term: Duration, clock: &Clock) -> Result<Option<Self>> {
        for _ in 0..TRIES {
            // Before the leases are looked at: who has one notes higher numbers afterwards.
            let used = read_run(directory)?;
            let (number, stale) = match watch(directory, term, used, clock)? {
                (Step::Take(number), stale) => (number, stale),
                _ => return Ok(None),
            };
            if make(directory, number, stale)? {
                return Self::start(directory, number, term, clock).map(Some);
            }
        }
        Ok(None)
    }

    #[allow(clippy::disallowed_methods, reason = "the home of the lease's thread")]
    fn start(directory: &Path, number: u64, term: Duration, clock: &Clock) -> Result<Self> {
        let inner = Arc::new(Inner {
            directory: directory.to_owned(),
            number,
            term,
            clock: clock.clone(),
            state: Mutex::new(State {
                count: 0,
                renewed: clock.now(),
                is_doubted: false,
                ended: false,
            }),
            ended: Condvar::new(),
        });
        let renewing = Arc::clone(&inner);
        let thread = std::thread::Builder::new()
            .name("lease".to_owned())
            .spawn(move || renewing.renew_until_ended())
            .map_err(|cause| fail::write(directory, cause))?;
        Ok(Self {
            inner,
            thread: Some(thread),
        })
    }

    /// Checks that nobody else can have taken it.
    pub(super) fn check(&self) -> Result<()> {
        let mut state = self.inner.lock();
        if is_sure(state.renewed, self.inner.clock.now(), self.inner.term) {
            return Ok(());
        }
        self.inner.renew(&mut state)
    }

    /// Whether it can't tell any more that nobody else has had it.
    pub(super) fn is_doubted(&self) -> bool {
        self.inner.lock().is_doubted
    }

    /// It was found otherwise that nobody else has had it.
    pub(super) fn trust(&self) {
        self.inner.lock().is_doubted = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.inner.lock().ended = true;
        self.inner.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic, and nothing would follow from it.
            drop(thread.join());
        }
        // Without it the next one need not wait. What can't be removed stands still.
        drop(files::remove(&path(
            &self.inner.directory,
            self.inner.number,
        )));
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew_until_ended(&self) {
        let mut state = self.lock();
        while !state.ended {
            let pause = self.term / RENEWALS;
            let waited = self.ended.wait_timeout(state, pause);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !state.ended {
                // What fails is tried again; the time since the last renewal tells what follows.
                drop(self.renew(&mut state));
            }
        }
    }

    /// Raises the count, and looks whether somebody has taken over.
    fn renew(&self, state: &mut State) -> Result<()> {
        let begun = self.clock.now();
        let path = path(&self.directory, self.number);
        self.check_there(&path)?;
        state.count += 1;
        let renewed = files::put(&path, &content(state.count))
            .and_then(|()| sync_directory(&self.directory))
            .map_err(|cause| self.late().cause(cause));
        renewed?;
        let highest = highest(&self.directory)?;
        if highest.is_some_and(|highest| highest.number > self.number) {
            drop(files::remove(&path));
            return Err(self.taken());
        }
        // Suspended between the look and the renewal, it has made the lease again where whoever took it has ended.
        state.is_doubted |= !is_sure(begun, self.clock.now(), self.term);
        state.renewed = begun;
        Ok(())
    }

    /// Checks that the lease is there still. Whoever takes it over removes it, and may have ended by now without a trace.
    fn check_there(&self, path: &Path) -> Result<()> {
        match files::read(path) {
            Ok(_) => Ok(()),
            Err(error) if !is_absent(&error) => Err(self.late().cause(error)),
            // Where the directory is away as well, that says nothing.
            Err(_) => match files::list(&self.directory) {
                Ok(_) => Err(self.taken()),
                Err(error) => Err(self.late().cause(error)),
            },
        }
    }

    fn taken(&self) -> Error {
        self.error(&codes::OWNERSHIP_TAKEN, "was taken over")
    }

    fn late(&self) -> Error {
        self.error(&codes::OWNERSHIP_LOST, "was not renewed in time")
    }

    fn error(&self, code: &'static Code, why: &str) -> Error {
        Error::new(
            code,
            format!("the lease on {} {why}", self.directory.display()),
        )
        .next("start the job again with -s latest, unless another process runs it by now")
    }
}

/// Whether a lease on the directory is renewed. Watches for three terms if there is one that is not.
pub(super) fn is_renewed(directory: &Path, term: Duration, clock: &Clock) -> Result<bool> {
    if highest(directory)?.is_none() {
        return Ok(false);
    }
    Ok(watch(directory, term, 0, clock)?.0 == Step::Refuse)
}

/// Looks until it is clear whether the directory can be taken, and over whom.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing announces that a lease is not renewed any more"
)]
fn watch(
    directory: &Path,
    term: Duration,
    used: u64,
    clock: &Clock,
) -> Result<(Step, Option<Sight>)> {
    let mut first: Option<(Sight, Duration)> = None;
    let mut looked = clock.now();
    loop {
        let now = highest(directory)?;
        let gap = clock.now().saturating_sub(looked);
        looked += gap;
        first = first.map(|(sight, still)| (sight, still_for(still, gap, term)));
        match decide(now, first, used, term) {
            Step::Watch => {
                first = first.or_else(|| now.map(|now| (now, Duration::ZERO)));
                std::thread::sleep(term / LOOKS);
            }
            step => return Ok((step, now)),
        }
    }
}

/// Makes the lease of this number, unless somebody else has one but `stale`, which goes.
fn make(directory: &Path, number: u64, stale: Option<Sight>) -> Result<bool> {
    let own = path(directory, number);
    let made = files::of(&own).and_then(|files| files.put_new(&own, &content(0)));
    match made {
        Ok(()) => sync_directory(directory)
            .and_then(|()| is_kept_from_others(&own))
            .map_err(|cause| fail::write(&own, cause))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(fail::write(&own, error)),
    }
    let stale = stale.map(|stale| stale.number);
    let others = numbers(directory)?;
    let is_new = |other: &u64| *other != number && stale.is_none_or(|stale| *other > stale);
    if others.iter().any(is_new) {
        // Who came at the same time sees this one as well; both look again.
        files::remove(&own).map_err(|cause| fail::write(&own, cause))?;
        return Ok(false);
    }
    for other in others.iter().filter(|other| **other != number) {
        let path = path(directory, *other);
        files::remove(&path).map_err(|cause| fail::write(&path, cause))?;
    }
    Ok(true)
}

/// Checks that nobody else can make a lease that was made, which is in a store: one that knows no conditions would let everybody.
fn is_kept_from_others(lease: &Path) -> io::Result<()> {
    if !files::is_in_store(lease) {
        return Ok(());
    }
    match files::of(lease)?.put_new(lease, b"somebody else") {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            files::remove(lease)?;
            let what = "the store knows no conditional puts (If-None-Match), so it can't keep one job from another";
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        }
    }
}

fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{number}"))
}

/// Removes a lease that nobody renews. What can't be removed stands still, and is watched again.
pub(super) fn remove(directory: &Path, stale: Sight) {
    drop(files::remove(&path(directory, stale.number)));
}

/// The numbers of the leases on a directory.
fn numbers(directory: &Path) -> Result<Vec<u64>> {
    let entries = match files::list(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(fail::read(directory, &error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let number = entry
            .name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    Ok(numbers)
}

/// The lease that counts.
pub(super) fn highest(directory: &Path) -> Result<Option<Sight>> {
    let Some(number) = numbers(directory)?.into_iter().max() else {
        return Ok(None);
    };
    let path = path(directory, number);
    match files::read(&path) {
        Ok(text) => Ok(Some(Sight::of(number, &text))),
        // Given up in this moment.
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(fail::read(&path, &error)),
    }
}

#[cfg(test)]
mod tests;
