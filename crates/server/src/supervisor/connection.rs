//! The connection to a job's process.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_protocol::link::{JobReport, SOCKET_FILE, ToJob};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The longest path of a socket: `sun_path` has 108 bytes, the last of them 0.
const LONGEST_PATH: usize = 107;
/// A report is far shorter; what is longer is no report.
const LONGEST_LINE: u64 = 64 << 20;
/// So much is read at once.
const BUFFER: usize = 1 << 10;
/// A process that takes no line for so long is hung up on.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection over which reports come in.
pub(super) struct Connection {
    reports: mpsc::Receiver<Box<JobReport>>,
    writer: OwnedWriteHalf,
    reader: AbortHandle,
    pid: Option<u32>,
}

impl Connection {
    /// Connects to the process that listens in the job's directory.
    pub(super) async fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(SOCKET_FILE);
        let stream = if path.as_os_str().len() <= LONGEST_PATH {
            UnixStream::connect(&path).await?
        } else {
            let opened = File::open(directory)?;
            let short = format!("/proc/self/fd/{}/{SOCKET_FILE}", opened.as_raw_fd());
            UnixStream::connect(PathBuf::from(short)).await?
        };
        let pid = stream.peer_cred()?.pid();
        let (reader, writer) = stream.into_split();
        // The newest report is all that counts, so few need to wait.
        let (told, reports) = mpsc::channel(4);
        let reader = tokio::spawn(read(reader, told)).abort_handle();
        Ok(Self {
            reports,
            writer,
            reader,
            pid: pid.and_then(|pid| u32::try_from(pid).ok()),
        })
    }

    /// The process at the other end.
    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The next report; `None`: the connection is closed. May be given up while it waits.
    pub(super) async fn report(&mut self) -> Option<Box<JobReport>> {
        self.reports.recv().await
    }

    /// Tells the process something.
    pub(super) async fn tell(&mut self, message: &ToJob) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        tokio::time::timeout(PATIENCE, self.writer.write_all(&line)).await?
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(reader: OwnedReadHalf, told: mpsc::Sender<Box<JobReport>>) {
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    loop {
        // Nothing is kept between two reports: there are as many connections as jobs.
        let mut line = Vec::new();
        let length = (&mut reader)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .await;
        if !matches!(length, Ok(1..)) || line.last() != Some(&b'\n') {
            return;
        }
        match serde_json::from_slice(&line) {
            Ok(report) => {
                if told.send(report).await.is_err() {
                    return;
                }
            }
            Err(cause) => {
                tracing::error!(
                    "A job's process does not report as this server understands: {cause}"
                );
                return;
            }
        }
    }
}
