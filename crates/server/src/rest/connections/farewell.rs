//! The end of a connection. Where a program closes a connection before it has read all that has come, the system tells the
//! client that it was reset, and the client loses what it has not read of its answer: so what still comes is read, for a
//! moment.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A client that sends nothing for so long has heard its answer, or sends no more.
const QUIET: Duration = Duration::from_millis(100);
/// Nobody is waited for longer than this.
const LONGEST: Duration = Duration::from_secs(1);
/// Nor is more than this read.
const MOST: usize = 4 << 20;
const BUFFER: usize = 16 << 10;

/// The wait for the end of what a client sends, once it has been told that the connection ends.
pub(super) struct Farewell {
    end: Instant,
    quiet: Pin<Box<Sleep>>,
    read: usize,
}

impl Farewell {
    /// It begins now.
    pub(super) fn begin() -> Self {
        let quiet = Box::pin(sleep(QUIET));
        Self {
            end: quiet.deadline() - QUIET + LONGEST,
            quiet,
            read: 0,
        }
    }

    /// Whether the connection may be closed.
    pub(super) fn poll(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let mut bytes = [0; BUFFER];
        while self.read < MOST {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Pending => return self.quiet.as_mut().poll(context),
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.read += buffer.filled().len();
                    let quiet = Instant::now() + QUIET;
                    self.quiet.as_mut().reset(quiet.min(self.end));
                }
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }
}
