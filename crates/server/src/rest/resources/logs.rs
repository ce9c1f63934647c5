//! Log files as text, whole or from a byte on.

use std::path::{Path, PathBuf};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use millstream_protocol::link::{LOG_FILE, OUTPUT_FILE};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::background::blocking;
use crate::logs;
use crate::rest::App;
use crate::rest::answers::cluster::{LogInfo, LogListInfo};
use crate::rest::errors::{Answer, ErrorBody, RestError};
use crate::rest::params::Params;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_job))
        .routes(routes!(one_of_job))
        .routes(routes!(of_server))
        .routes(routes!(one_of_server))
        .routes(routes!(main_of_server))
        .routes(routes!(output_of_server))
        .routes(routes!(url_of_server))
        .routes(routes!(url_of_process))
        .routes(routes!(of_process))
        .routes(routes!(one_of_process))
        .routes(routes!(main_of_process))
        .routes(routes!(output_of_process))
}

/// The log files of a job.
#[utoipa::path(get, path = "/jobs/{jobid}/logs", responses((status = 200, body = LogListInfo)))]
async fn of_job(State(app): State<App>, params: Params) -> Answer<Json<LogListInfo>> {
    list(params.job(&app)?.directory.clone()).await
}

/// A log file of a job, whole or from a byte on.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/logs/{filename}",
    params(("Range" = Option<String>, Header, description = "The part that is wanted, `bytes=N-`, `bytes=N-M` or `bytes=-N`; left away, or anything else: the whole file.")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 206, body = String, content_type = "text/plain", description = "The part that the header Range asks for."),
        (status = 416, body = ErrorBody, description = "The file ends before the part begins.")
    )
)]
async fn one_of_job(
    State(app): State<App>,
    params: Params,
    headers: HeaderMap,
) -> Answer<Response> {
    let job = params.job(&app)?;
    file(&job.directory, params.path("filename"), &headers).await
}

/// The log files of the server.
#[utoipa::path(get, path = "/jobmanager/logs", responses((status = 200, body = LogListInfo)))]
async fn of_server(State(app): State<App>) -> Answer<Json<LogListInfo>> {
    list(app.registry.server().data_directory.clone()).await
}

/// A log file of the server, whole or from a byte on.
#[utoipa::path(
    get,
    path = "/jobmanager/logs/{filename}",
    params(("Range" = Option<String>, Header, description = "The part that is wanted, `bytes=N-`, `bytes=N-M` or `bytes=-N`; left away, or anything else: the whole file.")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 206, body = String, content_type = "text/plain", description = "The part that the header Range asks for."),
        (status = 416, body = ErrorBody, description = "The file ends before the part begins.")
    )
)]
async fn one_of_server(
    State(app): State<App>,
    params: Params,
    headers: HeaderMap,
) -> Answer<Response> {
    let directory = &app.registry.server().data_directory;
    file(directory, params.path("filename"), &headers).await
}

/// The log of the server.
#[utoipa::path(
    get,
    path = "/jobmanager/log",
    params(("Range" = Option<String>, Header, description = "The part that is wanted, `bytes=N-`, `bytes=N-M` or `bytes=-N`; left away, or anything else: the whole file.")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 206, body = String, content_type = "text/plain", description = "The part that the header Range asks for."),
        (status = 404, body = ErrorBody, description = "There is none."),
        (status = 416, body = ErrorBody, description = "The file ends before the part begins.")
    )
)]
async fn main_of_server(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    let directory = &app.registry.server().data_directory;
    file(directory, crate::data_directory::SERVER_LOG, &headers).await
}

/// Standard output of the server: it goes where the server was started, so there is nothing to be had here.
#[utoipa::path(
    get,
    path = "/jobmanager/stdout",
    responses((status = 404, body = ErrorBody, description = "Always."))
)]
async fn output_of_server() -> RestError {
    RestError::not_found(
        "The server does not keep its standard output.",
        "look where it was started; what it logs is at /jobmanager/log",
    )
}

/// Where a log is.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LogUrlResponse {
    url: String,
}

/// Where the log of the server is, which looks after the job.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/jobmanager/log-url",
    responses((status = 200, body = LogUrlResponse))
)]
async fn url_of_server(State(app): State<App>, params: Params) -> Answer<Json<LogUrlResponse>> {
    params.job(&app)?;
    let url = format!("{}/jobmanager/log", app.registry.server().url);
    Ok(Json(LogUrlResponse { url }))
}

/// Where the log of the process of a job is.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/taskmanagers/{taskmanagerid}/log-url",
    responses((status = 200, body = LogUrlResponse))
)]
async fn url_of_process(State(app): State<App>, params: Params) -> Answer<Json<LogUrlResponse>> {
    let job = params.job(&app)?;
    let process = app.names.process(&job);
    if job.report.is_none() || process != params.path("taskmanagerid") {
        return Err(super::processes::gone(&params));
    }
    let url = format!("{}/taskmanagers/{process}/log", app.registry.server().url);
    Ok(Json(LogUrlResponse { url }))
}

/// The log files of the process of a job.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}/logs",
    responses((status = 200, body = LogListInfo))
)]
async fn of_process(State(app): State<App>, params: Params) -> Answer<Json<LogListInfo>> {
    list(super::processes::find(&app, &params)?.directory.clone()).await
}

/// A log file of the process of a job, whole or from a byte on.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}/logs/{filename}",
    params(("Range" = Option<String>, Header, description = "The part that is wanted, `bytes=N-`, `bytes=N-M` or `bytes=-N`; left away, or anything else: the whole file.")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 206, body = String, content_type = "text/plain", description = "The part that the header Range asks for."),
        (status = 416, body = ErrorBody, description = "The file ends before the part begins.")
    )
)]
async fn one_of_process(
    State(app): State<App>,
    params: Params,
    headers: HeaderMap,
) -> Answer<Response> {
    let job = super::processes::find(&app, &params)?;
    file(&job.directory, params.path("filename"), &headers).await
}

/// The log of the process of a job.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}/log",
    params(("Range" = Option<String>, Header, description = "The part that is wanted, `bytes=N-`, `bytes=N-M` or `bytes=-N`; left away, or anything else: the whole file.")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 206, body = String, content_type = "text/plain", description = "The part that the header Range asks for."),
        (status = 416, body = ErrorBody, description = "The file ends before the part begins.")
    )
)]
async fn main_of_process(
    State(app): State<App>,
    params: Params,
    headers: HeaderMap,
) -> Answer<Response> {
    let job = super::processes::find(&app, &params)?;
    file(&job.directory, LOG_FILE, &headers).await
}

/// Standard output and error of the process of a job.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}/stdout",
    params(("Range" = Option<String>, Header, description = "The part that is wanted, `bytes=N-`, `bytes=N-M` or `bytes=-N`; left away, or anything else: the whole file.")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 206, body = String, content_type = "text/plain", description = "The part that the header Range asks for."),
        (status = 416, body = ErrorBody, description = "The file ends before the part begins.")
    )
)]
async fn output_of_process(
    State(app): State<App>,
    params: Params,
    headers: HeaderMap,
) -> Answer<Response> {
    let job = super::processes::find(&app, &params)?;
    file(&job.directory, OUTPUT_FILE, &headers).await
}

const TEXT: &str = "text/plain; charset=UTF-8";

async fn list(directory: PathBuf) -> Answer<Json<LogListInfo>> {
    let files = blocking(move || logs::list(&directory)).await?;
    let logs = files.into_iter().map(|file| LogInfo {
        name: file.name,
        size: file.size,
        mtime: file.modified,
    });
    Ok(Json(LogListInfo {
        logs: logs.collect(),
    }))
}

/// The file `name`, as far as it is long now: what is appended meanwhile is for the next request.
async fn file(directory: &Path, name: &str, headers: &HeaderMap) -> Answer<Response> {
    let (directory, asked) = (directory.to_path_buf(), name.to_owned());
    let path = blocking(move || logs::path_of(&directory, &asked)).await?;
    let gone = |cause: std::io::Error| {
        RestError::not_found(
            format!("The log file {name} can't be read: {cause}"),
            "list the log files, older parts may have been deleted",
        )
    };
    let mut file = tokio::fs::File::open(&path).await.map_err(gone)?;
    let length = file.metadata().await.map_err(gone)?.len();
    let range = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| parse_range(text, length));
    let Some(range) = range else {
        let body = Body::from_stream(ReaderStream::new(file.take(length)));
        return Ok((
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(TEXT)),
                (header::CONTENT_LENGTH, HeaderValue::from(length)),
                (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            ],
            body,
        )
            .into_response());
    };
    let (first, end) = range.map_err(|()| past_the_end(name, length))?;
    file.seek(SeekFrom::Start(first)).await.map_err(gone)?;
    let body = Body::from_stream(ReaderStream::new(file.take(end - first)));
    let place = format!("bytes {first}-{}/{length}", end - 1);
    let headers = [
        (header::CONTENT_TYPE, TEXT.to_owned()),
        (header::CONTENT_LENGTH, (end - first).to_string()),
        (header::CONTENT_RANGE, place),
    ];
    Ok((StatusCode::PARTIAL_CONTENT, headers, body).into_response())
}

fn past_the_end(name: &str, length: u64) -> RestError {
    RestError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        &millstream_core::codes::RESOURCE_UNKNOWN,
        format!("The log file {name} has {length} bytes."),
        "ask again when it has grown, or from an earlier byte on",
    )
}

/// The bytes that `bytes=N-`, `bytes=N-M` or `bytes=-N` asks for of a file, the last excluded. `None`: the whole file, also
/// where the text is something else, as HTTP has it; an error: none.
fn parse_range(text: &str, length: u64) -> Option<Result<(u64, u64), ()>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first, last) {
        ("", count) => {
            let count: u64 = count.parse().ok()?;
            (length.saturating_sub(count), length)
        }
        (first, "") => (first.parse().ok()?, length),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            if last < first {
                return None;
            }
            (first, last.saturating_add(1).min(length))
        }
    };
    Some(match range {
        (first, end) if first < end => Ok((first, end)),
        _ => Err(()),
    })
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn a_range_is_cut_to_the_file() {
        assert_eq!(parse_range("bytes=0-", 10), Some(Ok((0, 10))));
        assert_eq!(parse_range("bytes=4-", 10), Some(Ok((4, 10))));
        assert_eq!(parse_range("bytes=4-5", 10), Some(Ok((4, 6))));
        assert_eq!(parse_range("bytes=4-99", 10), Some(Ok((4, 10))));
        assert_eq!(parse_range("bytes=-3", 10), Some(Ok((7, 10))));
        assert_eq!(parse_range("bytes=-99", 10), Some(Ok((0, 10))));
    }

    #[test]
    fn a_range_past_the_end_holds_nothing() {
        assert_eq!(parse_range("bytes=10-", 10), Some(Err(())));
        assert_eq!(parse_range("bytes=0-", 0), Some(Err(())));
        assert_eq!(
            parse_range("bytes=18446744073709551615-", 10),
            Some(Err(()))
        );
    }

    #[test]
    fn what_is_no_range_is_left_aside() {
        for text in [
            "bytes=5-4",
            "bytes=a-",
            "lines=1-2",
            "bytes=1-2,4-5",
            "bytes",
            "bytes=-",
        ] {
            assert_eq!(parse_range(text, 10), None, "{text}");
        }
    }
}
