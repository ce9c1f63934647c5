//! How long an answer may take.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use millstream_core::options::format_duration;
use millstream_core::{Error, codes};
use utoipa_axum::router::OpenApiRouter;

use super::App;
use super::errors::RestError;

/// Every answer but that of an upload takes less: a package that is asked for a plan has half of it. What takes its time,
/// such as a savepoint, is answered at once and asked after.
const PATIENCE: Duration = Duration::from_secs(60);

/// Routes that answer in time, or say that they do not.
pub(crate) fn limited(routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    routes.layer(middleware::from_fn_with_state(PATIENCE, limit))
}

/// Routes that wait for a process to report its job, for which it has `start_limit`; `None`: as long as it likes.
pub(crate) fn limited_beyond(
    start_limit: Option<Duration>,
    routes: OpenApiRouter<App>,
) -> OpenApiRouter<App> {
    match start_limit.and_then(|start| start.checked_add(PATIENCE)) {
        Some(patience) => routes.layer(middleware::from_fn_with_state(patience, limit)),
        None => routes,
    }
}

async fn limit(State(patience): State<Duration>, request: Request, next: Next) -> Response {
    within(patience, next.run(request)).await
}

async fn within(patience: Duration, answer: impl Future<Output = Response>) -> Response {
    let answered = tokio::time::timeout(patience, answer).await;
    answered.unwrap_or_else(|_| {
        let error = Error::new(
            &codes::NO_ANSWER_IN_TIME,
            format!("The server has no answer after {}.", format_duration(patience)),
        )
        .next("see that the disk of its data directory is not held up, then ask again: what was asked for may have been done");
        RestError::with_status(StatusCode::GATEWAY_TIMEOUT, error).into_response()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use tokio::runtime::Builder;

    use super::within;

    #[test]
    fn an_answer_that_does_not_come_is_an_error_with_its_status() {
        let runtime = Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let late = within(Duration::from_millis(1), std::future::pending()).await;
            assert_eq!(late.status(), StatusCode::GATEWAY_TIMEOUT);
            let answer = async { StatusCode::ACCEPTED.into_response() };
            let in_time = within(Duration::from_secs(3_600), answer).await;
            assert_eq!(in_time.status(), StatusCode::ACCEPTED);
        });
    }
}
