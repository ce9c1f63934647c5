//! Whether the server is there, and whether it can work: for service managers and load balancers, which have no token.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use millstream_core::{Error, codes};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::rest::App;
use crate::rest::errors::{Answer, ErrorBody, RestError};

/// A server whose records take longer to answer is not ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(readiness))
}

/// That it is so.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Probe {
    /// `ok`.
    status: &'static str,
}

const WELL: Probe = Probe { status: "ok" };

/// Whether the server answers. No token is needed.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Probe)))]
async fn health() -> Json<Probe> {
    Json(WELL)
}

/// Whether the server can take jobs and requests: its records answer and can be written, and it is not ending. No token is needed.
#[utoipa::path(
    get,
    path = "/readyz",
    responses(
        (status = 200, body = Probe),
        (status = 503, body = ErrorBody, description = "Not at present.")
    )
)]
async fn readiness(State(app): State<App>) -> Answer<Json<Probe>> {
    if *app.registry.shutting_down().borrow() {
        return Err(unready(Error::new(&codes::RECORDS, "the server is ending")));
    }
    match tokio::time::timeout(PATIENCE, app.registry.shared.store.is_there()).await {
        Ok(there) => there.map(|()| Json(WELL)).map_err(unready),
        Err(_) => Err(unready(
            Error::new(&codes::RECORDS, "the records of the server do not answer")
                .next("see that the disk of the data directory is not held up"),
        )),
    }
}

fn unready(error: Error) -> RestError {
    RestError::with_status(StatusCode::SERVICE_UNAVAILABLE, error)
}
