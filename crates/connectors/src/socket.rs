//! The socket source: lines of text from a TCP server, as Flink's `socketTextStream`.
//!
//! **At most once**: a socket can't be asked to repeat itself. Lines that had been read but not processed
//! when a job failed are gone, and so are lines that were sent while nobody was connected. The
//! position in a snapshot is the number of lines handed out, for people to compare; it can't be
//! sought. For anything that must not be lost, read files or Kafka.
//!
//! The first subtask reads, on a thread of its own; the others have nothing to do. Each attempt of the
//! job makes a connection of its own, and ends it at once when it ends.
//!
//! - Text is UTF-8; malformed bytes become U+FFFD, as in Flink.
//! - A `\r` before the delimiter `\n` is dropped.
//! - What stands behind the last delimiter when the connection ends is a line of its own. (Flink glues
//!   it to the first line of the next connection.)
//! - When the server closes the connection, the source ends; with retries it connects again, and ends
//!   when they are used up. A server that can't be reached is an error once the retries are used up.
//!   A connection that brought data makes the count of retries begin anew.

mod connection;
mod lines;
mod reader;

#[cfg(test)]
mod tests;

use std::time::Duration;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Owner, Source, SourceContext, SourceReader};

use reader::{EmptyReader, SocketReader};

/// A source of lines from a TCP server; see the [module](self).
#[derive(Debug, Clone)]
pub struct SocketTextSource {
    host: String,
    port: u16,
    delimiter: String,
    max_retries: Option<u32>,
    retry_interval: Duration,
    max_line_bytes: usize,
}

impl SocketTextSource {
    /// A source that connects to `port` of `host` (a name or an address) and splits at `\n`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            delimiter: "\n".to_owned(),
            max_retries: Some(0),
            retry_interval: Duration::from_millis(500),
            max_line_bytes: 16 * 1024 * 1024,
        }
    }

    /// What stands between two lines. Must not be empty.
    #[must_use]
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = delimiter.into();
        self
    }

    /// How often to connect again after the connection ended or could not be made; `None`: until the job is stopped.
    /// 0 by default: the source ends with the connection.
    #[must_use]
    pub fn max_retries(mut self, retries: Option<u32>) -> Self {
        self.max_retries = retries;
        self
    }

    /// The time between two connections. 500 ms by default, as in Flink.
    #[must_use]
    pub fn retry_interval(mut self, interval: Duration) -> Self {
        self.retry_interval = interval;
        self
    }

    /// A longer line fails the job: a bound for memory. 16 MiB by default.
    #[must_use]
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_line_bytes = bytes.max(1);
        self
    }

    fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Source<String> for SocketTextSource {
    /// A socket ends when its server says so, which nobody knows beforehand.
    fn is_bounded(&self) -> bool {
        false
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<String>>> {
        if self.delimiter.is_empty() {
            let message = format!(
                "the delimiter of the socket source {} is empty",
                self.address()
            );
            return Err(Error::new(&codes::OPTION_VALUE, message)
                .next("give the text that stands between two lines, for example \\n"));
        }
        if context.subtask != 0 {
            return Ok(Box::new(EmptyReader));
        }
        Ok(Box::new(SocketReader::start(self.clone(), context)?))
    }

    fn owner(&self, _key: &str, _parallelism: usize) -> Owner {
        Owner::Subtask(0)
    }
}
