//! The socket of a job process: tells reports, takes requests. Any number of servers may be connected, one after the
//! other in practice.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use millstream_core::options::LiveSettings;
use millstream_core::{Configuration, Error, Result, codes};
use millstream_protocol::link::{SOCKET_FILE, ToJob};

use super::directory::JobDirectory;
use super::requests::Requests;
use super::state::SharedState;

/// Changes are told together that come within this time.
const TOGETHER: Duration = Duration::from_millis(20);
/// A request is longer than this only by mistake.
const LONGEST_LINE: u64 = 1 << 20;

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
        let failed = |cause: std::io::Error| {
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
        let accepting = state.clone();
        spawn("link", move || accept(&listener, &accepting, &job))?;
        Ok(Self { state })
    }

    /// Says no more.
    pub(super) fn close(self) {
        self.state.close();
    }
}

#[allow(clippy::disallowed_methods, reason = "the home of these threads")]
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(256 << 10)
        .spawn(work);
    // The threads end with the process: what they wait for is on the other side.
    thread
        .map(drop)
        .map_err(|cause| Error::new(&codes::INTERNAL, "a thread can't be started").cause(cause))
}

fn accept(listener: &UnixListener, state: &SharedState, job: &Requests) {
    for stream in listener.incoming() {
        let served = stream
            .map_err(|cause| Error::new(&codes::INTERNAL, "no connection").cause(cause))
            .and_then(|stream| serve(stream, state.clone(), job.clone()));
        if let Err(error) = served {
            tracing::warn!("A server could not be connected: {error}");
        }
    }
}

fn serve(stream: UnixStream, state: SharedState, job: Requests) -> Result<()> {
    let writing = stream
        .try_clone()
        .map_err(|cause| Error::new(&codes::INTERNAL, "no connection").cause(cause))?;
    let told = state.clone();
    spawn("link-tell", move || tell(writing, &told))?;
    spawn("link-listen", move || listen(stream, &state, &job))
}

/// Tells the report whenever it has changed, until the other side is gone or there is nothing more to tell.
fn tell(mut stream: UnixStream, state: &SharedState) {
    let mut seen = 0;
    while let Some((version, report)) = state.next(seen) {
        seen = version;
        let line = serde_json::to_vec(&report).map(|mut line| {
            line.push(b'\n');
            line
        });
        let told = line
            .map_err(std::io::Error::from)
            .and_then(|line| stream.write_all(&line));
        if let Err(error) = told {
            tracing::debug!("the server is gone: {error}");
            return;
        }
        state.pause(TOGETHER);
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

/// Takes requests until the other side is gone.
fn listen(stream: UnixStream, state: &SharedState, job: &Requests) {
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = std::io::Read::take(&mut lines, LONGEST_LINE);
        match limited.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        match serde_json::from_slice(&line) {
            Ok(ToJob::Request(request)) => {
                if let Err(error) = job.request(request) {
                    tracing::debug!("a request came too late: {error}");
                }
            }
            Ok(ToJob::Settings(settings)) => {
                if let Err(error) = change(&settings, state, job) {
                    tracing::warn!("Settings are not changed: {error}");
                }
            }
            Ok(ToJob::Recorded(ids)) => state.change(|state| {
                state
                    .report
                    .operations
                    .retain(|ended| !ids.contains(&ended.id));
            }),
            Err(error) => {
                tracing::warn!("What the server said was not understood: {error}");
                return;
            }
        }
    }
}
