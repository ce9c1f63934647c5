//! The thread that connects, reads and connects again.

use std::io::{self, Read};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Waker;

use super::SocketTextSource;
use super::lines::LineCutter;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// How long a server may take to answer. Bounds how long the thread can outlive its reader.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the thread tells the reader.
#[derive(Debug)]
pub(super) enum Message {
    /// Lines, and how many bytes were read for them.
    Lines(Vec<String>, u64),
    /// The server has closed the connection and the retries are used up.
    Ended,
    /// The source can't go on.
    Failed(Error),
}

/// The connection, for whoever wants to end it.
#[derive(Debug, Default)]
pub(super) struct Plug {
    state: Mutex<PlugState>,
}

#[derive(Debug, Default)]
struct PlugState {
    pulled: bool,
    stream: Option<TcpStream>,
}

impl Plug {
    /// Ends the connection that there is, and every later one.
    pub(super) fn pull(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pulled = true;
        if let Some(stream) = state.stream.take() {
            // It may have ended by itself.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Takes note of a new connection. `false`: it comes too late.
    fn insert(&self, stream: &TcpStream) -> io::Result<bool> {
        let copy = stream.try_clone()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.pulled {
            state.stream = Some(copy);
        }
        Ok(!state.pulled)
    }
}

/// Why a connection is over.
enum End {
    /// The server closed it.
    Closed,
    /// It could not be made, or broke.
    Broken(io::Error),
    /// The reader is gone, or has been told why nothing more comes.
    Over,
}

pub(super) struct Connection {
    pub(super) source: SocketTextSource,
    pub(super) messages: Sender<Message>,
    /// Closed when the reader is gone.
    pub(super) stopped: Receiver<()>,
    pub(super) plug: Arc<Plug>,
    pub(super) waker: Waker,
}

impl Connection {
    /// Reads until the source ends or the reader is gone.
    pub(super) fn run(self) {
        let mut retries = 0;
        loop {
            let mut received = false;
            let end = match self.connect() {
                Ok(Some(stream)) => self.read(stream, &mut received),
                Ok(None) => End::Over,
                Err(error) => End::Broken(error),
            };
            if received {
                retries = 0;
            }
            let last = self.source.max_retries.is_some_and(|max| retries >= max);
            let message = match end {
                End::Over => return,
                End::Closed if last => Message::Ended,
                End::Broken(error) if last => Message::Failed(self.unreachable(&error)),
                End::Closed => {
                    self.log_retry("the server closed the connection");
                    retries += 1;
                    if self.pause() { continue } else { return }
                }
                End::Broken(error) => {
                    self.log_retry(&error.to_string());
                    retries += 1;
                    if self.pause() { continue } else { return }
                }
            };
            self.tell(message);
            return;
        }
    }

    fn log_retry(&self, why: &str) {
        tracing::warn!(
            "Lost connection to server socket {} ({why}). Retrying in {} msecs...",
            self.source.address(),
            self.source.retry_interval.as_millis()
        );
    }

    /// Waits for the retry interval. `false`: the reader is gone.
    fn pause(&self) -> bool {
        self.stopped.recv_timeout(self.source.retry_interval) == Err(RecvTimeoutError::Timeout)
    }

    /// `None`: the reader is gone.
    fn connect(&self) -> io::Result<Option<TcpStream>> {
        tracing::info!("Connecting to server socket {}", self.source.address());
        let addresses = (self.source.host.as_str(), self.source.port).to_socket_addrs()?;
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                Ok(stream) => return Ok(self.plug.insert(&stream)?.then_some(stream)),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn read(&self, mut stream: TcpStream, received: &mut bool) -> End {
        let mut cutter = LineCutter::new(&self.source.delimiter, self.source.max_line_bytes);
        let mut buffer = vec![0; READ_BYTES];
        let end = loop {
            let count = match stream.read(&mut buffer) {
                Ok(0) => break End::Closed,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => break End::Broken(error),
            };
            *received = true;
            let mut lines = Vec::new();
            let cut = cutter.push(buffer.get(..count).unwrap_or_default(), &mut lines);
            if !self.tell(Message::Lines(lines, count as u64)) {
                return End::Over;
            }
            if let Err(error) = cut {
                let message = format!("socket source {}: {error}", self.source.address());
                self.tell(Message::Failed(
                    Error::new(&codes::BAD_RECORD, message)
                        .next("check the delimiter, or raise the longest line allowed"),
                ));
                return End::Over;
            }
        };
        let rest = cutter
            .finish()
            .is_none_or(|line| self.tell(Message::Lines(vec![line], 0)));
        if rest { end } else { End::Over }
    }

    /// `false`: the reader is gone.
    fn tell(&self, message: Message) -> bool {
        let told = self.messages.send(message).is_ok();
        self.waker.wake();
        told
    }

    fn unreachable(&self, error: &io::Error) -> Error {
        let message = format!("can't read from the socket {}", self.source.address());
        Error::new(&codes::SOURCE_SOCKET, message)
            .cause(error)
            .next("start its server, for example `nc -lk PORT`, or allow retries")
    }
}

/// Starts the thread.
///
/// # Errors
/// The machine gives no threads.
pub(super) fn start(connection: Connection) -> Result<()> {
    let name = format!("socket-{}", connection.source.port);
    let thread = std::thread::Builder::new()
        .name(name)
        .spawn(|| connection.run());
    // The thread ends by itself as soon as the plug is pulled and the channels are closed.
    thread.map(drop).map_err(|error| {
        Error::new(
            &codes::SOURCE_SOCKET,
            "the socket source's thread can't be started",
        )
        .cause(error)
        .next("check the limit of threads (ulimit -u)")
    })
}
