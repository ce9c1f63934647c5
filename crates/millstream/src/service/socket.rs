//! The socket of a job process: tells reports, takes requests. Any number of servers may be connected, one after the
//! other in practice.
//!
//! One thread does all of it, and what is done each second beside: a machine runs a thousand jobs, and each thread takes
//! memory of its own.

mod connection;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use millstream_core::options::LiveSettings;
use millstream_core::{Configuration, Error, Result, codes};
use millstream_log::Parts;
use millstream_protocol::link::{SOCKET_FILE, ToJob};
use mio::net::UnixListener;
use mio::{Events, Interest, Poll, Token, Waker};

use super::directory::JobDirectory;
use super::requests::Requests;
use super::rotation;
use super::state::SharedState;
use crate::clock::now;
use connection::{Connection, Gone};

/// How often numbers are read, and output that has grown long is put aside.
const EACH: Duration = Duration::from_secs(1);
/// A process of which nothing has changed for so long reports all the same, so that it is known to be well.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Bytes of the stack of a thread that does nothing.
const SMALL_STACK: usize = 64 << 10;

const LISTENER: Token = Token(0);
const BELL: Token = Token(1);
/// Connections are counted from here.
const FIRST_CONNECTION: usize = 2;

/// The open socket.
pub(super) struct Socket {
    state: SharedState,
}

impl Socket {
    /// Listens in the job's directory.
    pub(super) fn listen(
        directory: &JobDirectory,
        state: SharedState,
        job: Requests,
    ) -> Result<Self> {
        let path = directory.file(SOCKET_FILE);
        let failed = |cause: io::Error| {
            Error::new(
                &codes::JOB_DIRECTORY,
                format!("{} can't be listened on", path.display()),
            )
            .cause(cause)
        };
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(failed(cause)),
            _ => {}
        }
        // The path of a socket has room for 107 bytes, that of a directory for many more.
        let opened = File::open(directory.path()).map_err(failed)?;
        let short = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        let listener = UnixListener::bind(short.join(SOCKET_FILE)).map_err(failed)?;
        let link = Link::new(listener, directory, state.clone(), job).map_err(failed)?;
        spawn(link)?;
        Ok(Self { state })
    }

    /// Says no more.
    pub(super) fn close(self) {
        self.state.close();
    }
}

#[allow(clippy::disallowed_methods, reason = "the home of this thread")]
fn spawn(link: Link) -> Result<()> {
    let run = move || {
        if let Err(error) = link.run() {
            tracing::error!("Servers can't reach this job any more: {error}");
        }
    };
    let thread = std::thread::Builder::new()
        .name("link".to_owned())
        .spawn(run);
    thread
        .map(drop)
        .map_err(|cause| Error::new(&codes::INTERNAL, "a thread can't be started").cause(cause))
}

/// Has the stacks of threads that have ended given back, some 30 kB each: the C library keeps that of a thread that nobody joins until
/// another one has been joined, even where it is told to keep none.
#[allow(
    clippy::disallowed_methods,
    reason = "the home of a thread that does nothing"
)]
fn give_back_stacks() {
    let thread = std::thread::Builder::new().name("stacks".to_owned());
    if let Ok(thread) = thread.stack_size(SMALL_STACK).spawn(|| ()) {
        let _ended = thread.join();
    }
}

/// The thread's own.
struct Link {
    poll: Poll,
    listener: UnixListener,
    connections: BTreeMap<usize, Connection>,
    /// The number of the next connection.
    next: usize,
    state: SharedState,
    job: Requests,
    upkeep: Upkeep,
}

/// What is done each second: when it was last, and what it needs.
struct Upkeep {
    last: Instant,
    unchanged: Duration,
    output: Parts,
}

impl Link {
    fn new(
        mut listener: UnixListener,
        directory: &JobDirectory,
        state: SharedState,
        job: Requests,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        state.ring_with(Waker::new(registry, BELL)?);
        Ok(Self {
            poll,
            listener,
            connections: BTreeMap::new(),
            next: FIRST_CONNECTION,
            state,
            job,
            upkeep: Upkeep {
                last: now(),
                unchanged: Duration::ZERO,
                output: rotation::output_of(directory),
            },
        })
    }

    /// Goes on until the process ends.
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(16);
        loop {
            let wait = self.wait(now());
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            // Each time: what there was no room for is tried again.
            self.accept();
            for event in &events {
                self.hear(event.token().0);
            }
            let at = now();
            self.keep_up(at);
            let present = self.state.present();
            self.connections
                .retain(|_, connection| connection.tell(&self.state, present, at).is_ok());
        }
    }

    /// How long there is nothing to do if nothing happens.
    fn wait(&self, at: Instant) -> Duration {
        let upkeep = EACH.saturating_sub(at.duration_since(self.upkeep.last));
        let present = self.state.present();
        let tells = self.connections.values();
        let tells = tells.filter_map(|connection| connection.tells_in(present, at));
        tells.fold(upkeep, Duration::min)
    }

    fn accept(&mut self) {
        loop {
            let accepted = self.listener.accept().and_then(|(mut stream, _)| {
                let token = Token(self.next);
                let both = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut stream, token, both)?;
                Ok(stream)
            });
            match accepted {
                Ok(stream) => {
                    self.connections
                        .insert(self.next, Connection::new(stream, now()));
                    self.next += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => {
                    tracing::warn!("A server could not be connected: {error}");
                    return;
                }
            }
        }
    }

    /// Does what a connection asks for, if it is one.
    fn hear(&mut self, number: usize) {
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        let (state, job) = (&self.state, &self.job);
        if let Err(Gone) = connection.hear(|message| obey(message, state, job)) {
            self.connections.remove(&number);
        }
    }

    /// Does what is done each second of a job that runs.
    fn keep_up(&mut self, at: Instant) {
        let Upkeep {
            last,
            unchanged,
            output,
        } = &mut self.upkeep;
        let elapsed = at.duration_since(*last);
        if elapsed < EACH {
            return;
        }
        *last = at;
        if !self.state.runs() {
            return;
        }
        *unchanged = match self.state.refresh(elapsed) {
            true => Duration::ZERO,
            false => *unchanged + elapsed,
        };
        if *unchanged >= SIGN_OF_LIFE {
            *unchanged = Duration::ZERO;
            self.state.change(|_| ());
            give_back_stacks();
        }
        rotation::rotate_output(output);
    }
}

/// Changes settings of the job, and tells them from then on.
fn change(settings: &Configuration, state: &SharedState, job: &Requests) -> Result<()> {
    job.change(LiveSettings::of(settings)?)?;
    state.change(|state| {
        let told = &mut state.report.configuration;
        for (key, value) in settings.iter() {
            if told.written(key) != Some(value) {
                tracing::info!("{key} is {value} from now on.");
                told.set(key, value);
            }
        }
    });
    Ok(())
}

fn obey(message: ToJob, state: &SharedState, job: &Requests) {
    match message {
        ToJob::Request(request) => {
            if let Err(error) = job.request(request) {
                tracing::debug!("a request came too late: {error}");
            }
        }
        ToJob::Settings(settings) => {
            if let Err(error) = change(&settings, state, job) {
                tracing::warn!("Settings are not changed: {error}");
            }
        }
        ToJob::Recorded(ids) => state.change(|state| {
            let told = &mut state.report.operations;
            told.retain(|ended| !ids.contains(&ended.id));
        }),
    }
}
