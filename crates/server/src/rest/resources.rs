//! What can be asked of the server, one kind of thing a module. A handler reads the request, asks the registry and
//! hands what it says to the pure functions of `answers`; it decides nothing.

pub(crate) mod applications;
pub(crate) mod checkpoints;
pub(crate) mod cluster;
pub(crate) mod dead_letters;
pub(crate) mod files;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod operations;
pub(crate) mod packages;
pub(crate) mod probes;
pub(crate) mod processes;
pub(crate) mod rescales;
pub(crate) mod run;
pub(crate) mod settings;
pub(crate) mod vertices;

use axum::Extension;
use axum::http::StatusCode;
use millstream_core::{Error, JobId, JobStatus, codes};
use millstream_protocol::Request;

use super::App;
use super::audit::About;
use super::errors::{Answer, RestError};
use crate::registry::new_trigger_id;

/// Cancels a job, and answers what the answer is about. One that was cancelled before stays so, as in Flink.
async fn cancel(app: &App, job: JobId) -> Answer<Option<Extension<About>>> {
    allowed(app.settings.cancel, "web.cancel.enable")?;
    if app.registry.job(job)?.status == JobStatus::Canceled {
        return Ok(None);
    }
    let id = new_trigger_id();
    app.registry.operate(job, Request::Cancel { id }).await?;
    Ok(Some(Extension(About::Operation(id))))
}

/// Refuses what the option `name` has switched off.
fn allowed(on: bool, name: &str) -> Answer<()> {
    if on {
        return Ok(());
    }
    let error = Error::new(
        &codes::REQUEST_DENIED,
        format!("{name} is false at this server."),
    )
    .next("ask whoever runs the server to switch it on");
    Err(RestError::with_status(StatusCode::FORBIDDEN, error))
}

/// Refuses what there is not here.
fn unsupported(message: &str, next: &str) -> RestError {
    RestError::new(
        StatusCode::BAD_REQUEST,
        &codes::REQUEST_UNSUPPORTED,
        message,
        next,
    )
}
