//! What every answer goes through.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use millstream_core::{Error, codes};

use super::errors::RestError;

/// Lets everybody else have a turn first: a connection over which many requests come at once has one answered, and the others
/// when the connections that were waiting have had theirs.
pub(crate) async fn take_turns(request: Request, next: Next) -> Response {
    tokio::task::yield_now().await;
    next.run(request).await
}

/// Bodies of JSON say so in Flink's words.
pub(crate) async fn name_charset(mut response: Response) -> Response {
    let kind = response.headers_mut().get_mut(header::CONTENT_TYPE);
    if let Some(kind) = kind.filter(|kind| *kind == "application/json") {
        *kind = HeaderValue::from_static("application/json; charset=UTF-8");
    }
    response
}

/// A handler that breaks off is answered for, as everything else is.
pub(crate) async fn catch_panics(request: Request, next: Next) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path());
    caught(&asked, next.run(request)).await
}

async fn caught(asked: &str, answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    // What breaks off is not polled again, so nobody sees it half done.
    let result = std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    result.await.unwrap_or_else(|panic| {
        let error = Error::new(
            &codes::INTERNAL,
            format!("{asked} broke off: {}", words(panic.as_ref())),
        )
        .next("report it with the server's log, then ask again: what was asked for may have been done");
        RestError::from(error).into_response()
    })
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it does not say why")
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use tokio::runtime::Builder;

    use super::caught;
    use crate::rest::errors::ErrorOfAnswer;

    #[test]
    fn a_handler_that_panics_is_an_internal_error() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let answer = runtime.block_on(caught("GET /x", async {
            tokio::task::yield_now().await;
            panic!("7 of 6")
        }));
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let error = answer.extensions().get::<ErrorOfAnswer>().expect("it");
        assert_eq!(error.0.code(), "MS-9001");
        assert_eq!(error.0.message(), "GET /x broke off: 7 of 6");
        let answer = runtime.block_on(caught("GET /x", async {
            StatusCode::ACCEPTED.into_response()
        }));
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }
}
