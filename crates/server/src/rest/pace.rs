//! How fast a body has to come: whoever sends a byte now and then would else hold its connection, and what waits for the body,
//! for as long as it likes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use millstream_core::codes;
use millstream_core::options::format_duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::io::ReaderStream;

use super::App;
use super::errors::RestError;

/// So many bytes of a body have to come each time, where it does not end before.
const LEAST: usize = 64 << 10;
/// So many bytes at most are handed on at once.
const PIECE: usize = 64 << 10;

/// Gives up a body that comes too slowly. Only the time counts in which the server waits for it.
pub(crate) async fn hold(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let patience = app.settings.patience.body;
    let is_given_up = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_given_up);
    let request = request.map(|body| {
        let paced = Paced::new(body, patience, told);
        Body::from_stream(ReaderStream::with_capacity(paced, PIECE))
    });
    let answer = next.run(request).await;
    // To its handler it was a body that broke off.
    if is_given_up.load(Ordering::Relaxed) && !answer.status().is_success() {
        return too_slow(patience).into_response();
    }
    answer
}

fn too_slow(patience: Duration) -> RestError {
    let message = format!(
        "The body comes too slowly: neither {} KiB of it nor its end have come within {}.",
        LEAST >> 10,
        format_duration(patience)
    );
    RestError::new(
        StatusCode::REQUEST_TIMEOUT,
        &codes::REQUEST,
        message,
        "send it again, over a faster connection",
    )
}

/// A body, until it comes too slowly.
struct Paced {
    body: Body,
    /// What has come and was not handed on.
    rest: Bytes,
    /// [`LEAST`] bytes have to come within so long.
    patience: Duration,
    /// So much of that was waited for them.
    waited: Duration,
    /// So many of them have come.
    came: usize,
    /// The present wait for the client.
    wait: Option<Wait>,
    is_given_up: Arc<AtomicBool>,
}

struct Wait {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl Wait {
    fn begin(longest: Duration) -> Self {
        Self {
            since: Instant::now(),
            end: Box::pin(sleep(longest)),
        }
    }
}

impl Paced {
    fn new(body: Body, patience: Duration, is_given_up: Arc<AtomicBool>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            patience,
            waited: Duration::ZERO,
            came: 0,
            wait: None,
            is_given_up,
        }
    }

    /// So many bytes have come.
    fn note(&mut self, length: usize) {
        if let Some(wait) = self.wait.take() {
            self.waited = self.waited.saturating_add(wait.since.elapsed());
        }
        self.came = self.came.saturating_add(length);
        if self.came >= LEAST {
            self.came = 0;
            self.waited = Duration::ZERO;
        }
    }

    /// Nothing has come: an error, once that was so for too long.
    fn go_on_waiting(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let left = self.patience.saturating_sub(self.waited);
        let wait = self.wait.get_or_insert_with(|| Wait::begin(left));
        ready!(wait.end.as_mut().poll(context));
        self.is_given_up.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            let polled = Pin::new(&mut self.body).poll_frame(context);
            let Poll::Ready(next) = polled else {
                return self.go_on_waiting(context);
            };
            let Some(frame) = next.transpose().map_err(io::Error::other)? else {
                return Poll::Ready(Ok(()));
            };
            // What is no data are trailers, which mean nothing here.
            self.rest = frame.into_data().unwrap_or_default();
            let length = self.rest.len();
            self.note(length);
        }
        let length = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(length));
        Poll::Ready(Ok(()))
    }
}
