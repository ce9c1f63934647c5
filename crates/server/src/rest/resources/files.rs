//! The files that a job reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use millstream_core::book::FileState;
use millstream_core::{Error, codes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::jobs::Empty;
use crate::background::blocking;
use crate::file_book::{FileBook, Told, Wanted, no_book};
use crate::rest::App;
use crate::rest::audit::About;
use crate::rest::body::Body;
use crate::rest::errors::{Answer, RestError};
use crate::rest::params::{Params, unresolved};
use crate::views::JobView;

/// Files that are answered where nobody says how many, and at most.
const LIMIT: usize = 100;
const MOST: usize = 10_000;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(reset))
}

/// One file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct FileInfo {
    /// Its name below the directory.
    name: String,
    /// `pending`, `reading`, `read`, `done`, `failed` or `quarantined`.
    state: &'static str,
    /// How much of it has been read, 0 to 100.
    percent: u64,
    /// Its size.
    bytes: u64,
    /// Bytes of it that have been read.
    bytes_read: u64,
    /// Records that were handed out, with the bad ones; `null`: it is not known.
    rows: Option<u64>,
    /// Those of them that were bad.
    bad: u64,
    /// The number of the checkpoint that committed it.
    checkpoint: Option<u64>,
    /// Why it is not read to its end.
    reason: Option<String>,
    /// When this last changed.
    changed: u64,
    /// The number of its row, for `before`.
    row: u64,
}

impl FileInfo {
    fn of(told: Told) -> Self {
        let Told {
            number,
            row,
            state,
            name,
            reason,
        } = told;
        let read = row.read.min(row.size);
        let percent = match state {
            FileState::Read | FileState::Done => 100,
            _ => read.saturating_mul(100).checked_div(row.size).unwrap_or(0),
        };
        Self {
            name,
            state: state.name(),
            percent,
            bytes: row.size,
            bytes_read: read,
            rows: row.records,
            bad: row.bad,
            checkpoint: row.checkpoint,
            reason,
            changed: row.changed,
            row: number,
        }
    }
}

/// Files of a job, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct JobFilesInfo {
    /// The directory that is read.
    directory: String,
    /// How many files are how far.
    counts: BTreeMap<&'static str, u64>,
    /// Files that lay there when the directory was looked at last, and have not been taken up yet.
    waiting: u64,
    /// Files of which nothing can be told, as too many came at once.
    missed: u64,
    /// When the job last told.
    written: u64,
    /// Some of them.
    files: Vec<FileInfo>,
    /// The `before` of the next page; `null`: this is the last.
    next: Option<u64>,
}

/// How far the files are that a job reads, the newest first.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/files",
    params(
        ("state" = Option<String>, Query,
            description = "Only files that are this far, several with commas between them: pending, reading, read, done, failed, quarantined."),
        ("name" = Option<String>, Query, description = "Only files with this in their names."),
        ("limit" = Option<usize>, Query, description = "As many at most; 100 unless it is given, 10000 at most."),
        ("before" = Option<u64>, Query, description = "Goes on behind a page: its `next`.")
    ),
    responses(
        (status = 200, body = JobFilesInfo),
        (status = 404, description = "There is no such job, or it reads no files.")
    )
)]
async fn list(State(app): State<App>, params: Params) -> Answer<Json<JobFilesInfo>> {
    let job = params.job(&app)?;
    let wanted = wanted(&params)?;
    let (head, page) = blocking(move || {
        let book = FileBook::open(&job.directory)?.ok_or_else(|| no_book(job.id))?;
        let page = book.page(&wanted)?;
        Ok((book.head, page))
    })
    .await?;
    let counts = FileState::ALL.map(|state| {
        let count = head.counts.get(&state).copied();
        (state.name(), count.unwrap_or(0))
    });
    Ok(Json(JobFilesInfo {
        directory: head.directory,
        counts: counts.into(),
        waiting: head.waiting,
        missed: head.missed,
        written: head.written,
        files: page.files.into_iter().map(FileInfo::of).collect(),
        next: page.next,
    }))
}

fn wanted(params: &Params) -> Answer<Wanted> {
    let mut states = Vec::new();
    for name in params.query_list("state").unwrap_or_default() {
        let state = FileState::named(&name.to_ascii_lowercase()).ok_or_else(|| {
            let next = "give pending, reading, read, done, failed or quarantined";
            unresolved("state", name, next)
        })?;
        states.push(state);
    }
    let limit = params.query_value::<usize>("limit")?.unwrap_or(LIMIT);
    if limit == 0 || limit > MOST {
        let next = "give 1 to 10000, and go on with before";
        return Err(unresolved("limit", &limit.to_string(), next));
    }
    Ok(Wanted {
        states,
        name: params.query("name").map(str::to_owned),
        before: params.query_value("before")?,
        limit,
    })
}

/// A file that is to be read again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct FileResetRequestBody {
    /// Its name, as the list has it.
    name: String,
}

/// Has a file read again that has been read, or could not be: its records are written once more.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/files/reset",
    request_body = FileResetRequestBody,
    responses(
        (status = 202, body = Empty),
        (status = 404, description = "There is no such job, or it has told of no such file."),
        (status = 409, description = "The file is being read, or the job has ended.")
    )
)]
async fn reset(
    State(app): State<App>,
    params: Params,
    body: Body<FileResetRequestBody>,
) -> Answer<(StatusCode, Extension<About>, Json<Empty>)> {
    let name = body.inner().name;
    if name.is_empty() {
        return Err(RestError::bad_request(
            "Bad request: `name` is missing.",
            "name a file of GET /jobs/:jobid/files",
        ));
    }
    let job = params.job(&app)?;
    refuse_ended(&job)?;
    let about = Extension(About::File(name.clone()));
    blocking(move || {
        let book = FileBook::open(&job.directory)?.ok_or_else(|| no_book(job.id))?;
        let told = book.find(&name)?.ok_or_else(|| unknown(&name, &book))?;
        if !told.state.is_over() {
            let state = told.state.name();
            let message = format!("{name} is {state}: it can't be read again yet.");
            return Err(Error::new(&codes::JOB_STATE, message)
                .next("wait until it is done: a checkpoint has to be complete behind it"));
        }
        if told.row.piece.is_none() {
            let why = told.reason.unwrap_or_default();
            let message = format!("{name} was never read: it {why}.");
            return Err(Error::new(&codes::JOB_STATE, message)
                .next("mend it; it is looked at again by itself"));
        }
        book.reset(told.number)
    })
    .await?;
    Ok((StatusCode::ACCEPTED, about, Json(Empty {})))
}

fn refuse_ended(job: &Arc<JobView>) -> Answer<()> {
    if !job.status.is_terminal() {
        return Ok(());
    }
    let message = format!("Job {} has ended.", job.id);
    let next = "restart it from its last savepoint first, or run a job that reads the file alone";
    let error = Error::new(&codes::JOB_STATE, message).next(next);
    Err(RestError::with_status(StatusCode::CONFLICT, error))
}

fn unknown(name: &str, book: &FileBook) -> Error {
    let message = format!("No file \"{name}\" of {} is known.", book.head.directory);
    Error::new(&codes::RESOURCE_UNKNOWN, message)
        .next("give a name as GET /jobs/:jobid/files shows it, below the directory")
}
