//! Submitting jobs: what a request says in its body and query becomes a submission. The body wins.

mod asked;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use millstream_core::options::{
    PARALLELISM, RESTORE_CLAIM_MODE, RESTORE_IGNORE_UNCLAIMED_STATE, RESTORE_PATH,
};
use millstream_core::{Configuration, JobId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::configuration::check_setting;
use crate::rest::App;
use crate::rest::answers::packages::JarRunResponse;
use crate::rest::audit::About;
use crate::rest::body::{Body, Given};
use crate::rest::errors::{Answer, ErrorBody, RestError};
use crate::rest::params::Params;
use crate::rest::program_arguments;
use crate::views::SubmitRequest;
use asked::Asked;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(run))
        .routes(routes!(run_application))
        .routes(routes!(restart))
}

/// A body about a job: the fields that all of them have, then those of its own. (`flatten` of one struct into another would hide
/// from [`crate::rest::lenient`] which type a field wants, and would be two schemas in the document.)
macro_rules! job_body {
    ($(#[$about:meta])* $visibility:vis struct $name:ident { $($more:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(default, rename_all = "camelCase")]
        $visibility struct $name {
            /// The entry class; left away where the package has one only.
            entry_class: Option<String>,
            /// The arguments of the program in one text, cut at blanks outside of quotes.
            program_args: Option<String>,
            /// The arguments of the program one by one. Not both.
            program_args_list: Option<Vec<String>>,
            /// At least 1.
            #[schema(minimum = 1)]
            parallelism: Option<i64>,
            /// The id that the job is to have: 32 hexadecimal digits.
            #[schema(value_type = Option<String>, pattern = "[0-9a-f]{32}")]
            job_id: Option<JobId>,
            /// Options of the job: they win over the server's.
            flink_configuration: Option<BTreeMap<String, String>>,
            $($more)*
        }
    };
}

job_body! {
/// A job that is to be planned. `null` is the same as leaving a field away.
pub(crate) struct JarPlanRequestBody {}
}

job_body! {
/// A job that is to run. `null` is the same as leaving a field away.
struct JarRunRequestBody {
    /// Whether state of the snapshot that no operator takes is dropped.
    allow_non_restored_state: Option<bool>,
    /// The snapshot that the job goes on from; `latest`: the newest checkpoint of the job's name.
    savepoint_path: Option<String>,
    /// Who owns the snapshot: `NO_CLAIM`, `CLAIM` or `LEGACY`.
    claim_mode: Option<ClaimMode>,
    /// The older name of `claimMode`.
    restore_mode: Option<ClaimMode>,
    /// The same as `jobId`: here a job is an application of its own.
    #[schema(value_type = Option<String>, pattern = "[0-9a-f]{32}")]
    application_id: Option<JobId>,
}
}

/// Who owns the files of a snapshot that a job was restored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ClaimMode {
    Claim,
    NoClaim,
    Legacy,
}

impl ClaimMode {
    const fn name(self) -> &'static str {
        match self {
            Self::Claim => "CLAIM",
            Self::NoClaim => "NO_CLAIM",
            Self::Legacy => "LEGACY",
        }
    }
}

/// Starts a job of a package. What the body says wins over the query.
#[utoipa::path(
    post,
    path = "/jars/{jarid}/run",
    params(
        ("entry-class" = Option<String>, Query, description = "The entry class."),
        ("programArg" = Option<String>, Query, description = "The arguments of the program, with commas between them."),
        ("program-args" = Option<String>, Query, description = "The arguments of the program in one text."),
        ("parallelism" = Option<i64>, Query, description = "The parallelism, at least 1."),
        ("savepointPath" = Option<String>, Query, description = "The snapshot that the job goes on from."),
        ("allowNonRestoredState" = Option<bool>, Query, description = "Whether state that no operator takes is dropped.")
    ),
    request_body = JarRunRequestBody,
    responses(
        (status = 200, body = JarRunResponse),
        (status = 403, body = ErrorBody, description = "Submitting is switched off."),
        (status = 409, body = ErrorBody, description = "The id is that of another job.")
    )
)]
async fn run(
    State(app): State<App>,
    params: Params,
    body: Given<JarRunRequestBody>,
) -> Answer<(Extension<About>, Json<JarRunResponse>)> {
    let job = submit(&app, &params, body).await?;
    Ok((Extension(About::Job(job)), Json(JarRunResponse::of(job))))
}

/// A job that was submitted as an application, which it is by itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct JarRunApplicationResponse {
    applicationid: String,
}

/// Starts a job of a package, as `run` does: here a job is an application of its own.
#[utoipa::path(
    post,
    path = "/jars/{jarid}/run-application",
    params(
        ("entry-class" = Option<String>, Query, description = "The entry class."),
        ("programArg" = Option<String>, Query, description = "The arguments of the program, with commas between them."),
        ("parallelism" = Option<i64>, Query, description = "The parallelism, at least 1."),
        ("savepointPath" = Option<String>, Query, description = "The snapshot that the job goes on from."),
        ("allowNonRestoredState" = Option<bool>, Query, description = "Whether state that no operator takes is dropped.")
    ),
    request_body = JarRunRequestBody,
    responses(
        (status = 202, body = JarRunApplicationResponse),
        (status = 403, body = ErrorBody, description = "Submitting is switched off."),
        (status = 409, body = ErrorBody, description = "The id is that of another job.")
    )
)]
async fn run_application(
    State(app): State<App>,
    params: Params,
    body: Given<JarRunRequestBody>,
) -> Answer<(
    StatusCode,
    Extension<About>,
    Json<JarRunApplicationResponse>,
)> {
    let job = submit(&app, &params, body).await?;
    let answer = JarRunApplicationResponse {
        applicationid: job.to_string(),
    };
    Ok((
        StatusCode::ACCEPTED,
        Extension(About::Job(job)),
        Json(answer),
    ))
}

async fn submit(app: &App, params: &Params, body: Given<JarRunRequestBody>) -> Answer<JobId> {
    super::allowed(app.settings.submit, "web.submit.enable")?;
    let mut asked = run_request(params, body);
    if let Some(job) = asked.job().filter(|job| app.registry.is_taken(*job)) {
        let taken = RestError::new(
            StatusCode::CONFLICT,
            &millstream_core::codes::JOB_DUPLICATE,
            format!("There is a job {job} already."),
            "leave jobId away to have a new one chosen",
        );
        // Whoever asks again for what was done is told that, whatever has become of its input.
        asked.refuse(taken)?;
    }
    let request = asked.checked(&app.registry).await?;
    let submitted = app.registry.submit(request.clone()).await;
    submitted.map_err(|error| RestError::of_request(error, &request))
}

/// The request to plan a job.
pub(crate) fn plan_request(params: &Params, body: Given<JarPlanRequestBody>) -> Asked {
    let mut asked = Asked::default();
    let body = asked.body(body);
    planned(params, body, &mut asked);
    asked
}

fn planned(params: &Params, body: JarPlanRequestBody, asked: &mut Asked) {
    let arguments = asked.arguments(arguments(params, &body));
    let problems = &mut asked.problems;
    let mut configuration = Configuration::new();
    for (key, value) in body.flink_configuration.iter().flatten() {
        match check_setting(key, value) {
            Ok(()) => configuration.set(key.as_str(), value.as_str()),
            Err(error) => problems.add(error.into()),
        }
    }
    let of_query = problems.value_of(params.query_value("parallelism"));
    if let Some(parallelism) = body.parallelism.or(of_query) {
        match u32::try_from(parallelism) {
            Ok(parallelism) if (1..=32_768).contains(&parallelism) => {
                configuration.set(PARALLELISM.name, parallelism.to_string());
            }
            _ => problems.add(RestError::bad_request(
                "parallelism must be a number from 1 to 32768.",
                "give a number such as 2, or leave it away",
            )),
        }
    }
    asked.request = SubmitRequest {
        job: body.job_id,
        package: params.path("jarid").to_owned(),
        entry: given(body.entry_class.as_deref()).or(given(params.query("entry-class"))),
        arguments,
        configuration,
    };
}

fn run_request(params: &Params, body: Given<JarRunRequestBody>) -> Asked {
    let mut asked = Asked::default();
    let body = asked.body(body);
    // All that is planned is run.
    let plan = JarPlanRequestBody {
        entry_class: body.entry_class,
        program_args: body.program_args,
        program_args_list: body.program_args_list,
        parallelism: body.parallelism,
        job_id: body.job_id,
        flink_configuration: body.flink_configuration,
    };
    planned(params, plan, &mut asked);
    let Asked {
        request, problems, ..
    } = &mut asked;
    request.job = problems.value_of(id_of(request.job, body.application_id));
    let settings = &mut request.configuration;
    let path = given(body.savepoint_path.as_deref()).or(given(params.query("savepointPath")));
    if let Some(path) = path {
        settings.set(RESTORE_PATH.name, path);
    }
    let of_query = problems.value_of(params.query_value("allowNonRestoredState"));
    if let Some(dropping) = body.allow_non_restored_state.or(of_query) {
        settings.set(RESTORE_IGNORE_UNCLAIMED_STATE.name, dropping.to_string());
    }
    if let Some(mode) = body.claim_mode.or(body.restore_mode) {
        settings.set(RESTORE_CLAIM_MODE.name, mode.name());
    }
    asked
}

/// The id that the job is to have.
fn id_of(job: Option<JobId>, application: Option<JobId>) -> Answer<Option<JobId>> {
    match (job, application) {
        (Some(job), Some(application)) if job != application => Err(RestError::bad_request(
            format!("jobId is {job}, but applicationId is {application}."),
            "give one of them: here a job is an application of its own, of the same id",
        )),
        (job, application) => Ok(job.or(application)),
    }
}

fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

/// The arguments of the program: from the body, in one of two forms, else from the query.
fn arguments(params: &Params, body: &JarPlanRequestBody) -> Answer<Vec<String>> {
    let text = body.program_args.as_deref();
    match (
        text.and_then(|text| given(Some(text))),
        &body.program_args_list,
    ) {
        (Some(_), Some(list)) if !list.is_empty() => Err(RestError::bad_request(
            "Confusing request: programArgs and programArgsList are specified, please, use only programArgsList",
            "leave programArgs away",
        )),
        (Some(text), _) => Ok(program_arguments::split(&text)),
        (None, Some(list)) => Ok(list.clone()),
        (None, None) => arguments_of_query(params),
    }
}

fn arguments_of_query(params: &Params) -> Answer<Vec<String>> {
    match (
        params.query("program-args"),
        params.query_list("programArg"),
    ) {
        (Some(_), Some(_)) => Err(RestError::bad_request(
            "Confusing request: program-args and programArg are specified, please, use only programArg",
            "leave program-args away",
        )),
        (Some(text), None) => Ok(program_arguments::split(text)),
        (None, list) => Ok(list
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect()),
    }
}

/// How an ended job is to run again.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
struct RestartRequestBody {
    /// At least 1; left away: as before.
    #[schema(minimum = 1)]
    parallelism: Option<i64>,
    /// The snapshot that the job goes on from; `latest`: its newest; left away: as it was submitted.
    savepoint_path: Option<String>,
    /// Options that win over those that it was submitted with.
    flink_configuration: Option<BTreeMap<String, String>>,
}

/// Submits an ended job again, as a new job. Of one that has not ended everything else is checked first, so that 409 means:
/// once it has ended it can run again.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/restart",
    request_body = RestartRequestBody,
    responses(
        (status = 200, body = JarRunResponse),
        (status = 403, body = ErrorBody, description = "Submitting is switched off."),
        (status = 409, body = ErrorBody, description = "The job has not ended.")
    )
)]
async fn restart(
    State(app): State<App>,
    params: Params,
    Body(body): Body<RestartRequestBody>,
) -> Answer<(Extension<About>, Json<JarRunResponse>)> {
    super::allowed(app.settings.submit, "web.submit.enable")?;
    let job = params.job(&app)?;
    let request = JarRunRequestBody {
        parallelism: body.parallelism,
        flink_configuration: body.flink_configuration,
        savepoint_path: body.savepoint_path,
        ..JarRunRequestBody::default()
    };
    let asked = run_request(&Params::default(), Ok(Body(request))).by_itself()?;
    let refused = |error| RestError::of_request(error, &asked);
    if !job.status.is_terminal() {
        // Whoever stops the job for this must know before that nothing else is in the way.
        app.registry
            .check_resubmission(job.id, &asked.configuration)
            .await
            .map_err(refused)?;
        return Err(RestError::new(
            StatusCode::CONFLICT,
            &millstream_core::codes::JOB_STATE,
            format!("Job {} is {}, it has not ended.", job.id, job.status),
            "stop or cancel it first",
        ));
    }
    let new = app
        .registry
        .resubmit(job.id, asked.configuration.clone())
        .await
        .map_err(refused)?;
    Ok((Extension(About::Job(new)), Json(JarRunResponse::of(new))))
}

#[cfg(test)]
mod tests;
