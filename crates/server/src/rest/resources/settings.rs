//! Settings of a job that can be changed while it runs.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::{Extension, Json};
use millstream_core::options::{self, OptionSummary, check_live, live};
use millstream_core::{Configuration, Error, codes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::operations::has_ended;
use crate::registry::Command;
use crate::rest::App;
use crate::rest::audit::About;
use crate::rest::body::Body;
use crate::rest::errors::{Answer, Problems, RestError};
use crate::rest::params::Params;
use crate::rest::secrets;
use crate::views::JobView;

/// How alike keys are that are named for one that there is not.
const ALIKE: f64 = 0.75;
/// As many are named at most.
const NAMED: usize = 3;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, change))
}

/// A setting that can be changed while a job runs.
#[derive(Debug, Serialize, ToSchema)]
struct LiveSetting {
    key: &'static str,
    /// Its value; `null`: it is not set, and has no default.
    value: Option<String>,
    /// Whether it is the default.
    default: bool,
    /// What it means.
    meaning: &'static str,
}

/// The settings of a job that can be changed while it runs.
#[derive(Debug, Serialize, ToSchema)]
struct LiveSettingsInfo {
    settings: Vec<LiveSetting>,
}

impl LiveSettingsInfo {
    fn of(job: &JobView) -> Self {
        let told = job.report.as_ref().map(|report| &report.configuration);
        let submitted = &job.submission.configuration;
        let setting = |option: &'static OptionSummary| {
            // What was changed a moment ago the process may not have told yet.
            let set = submitted.written(option.name);
            let set = set.or_else(|| told.and_then(|told| told.written(option.name)));
            LiveSetting {
                key: option.name,
                value: set.or(option.default).map(str::to_owned),
                default: set.is_none(),
                meaning: option.meaning,
            }
        };
        Self {
            settings: live().map(setting).collect(),
        }
    }
}

/// The settings of a job that can be changed while it runs.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/settings",
    responses((status = 200, body = LiveSettingsInfo))
)]
async fn show(State(app): State<App>, params: Params) -> Answer<Json<LiveSettingsInfo>> {
    Ok(Json(LiveSettingsInfo::of(&*params.job(&app)?)))
}

/// Settings that are to be changed, by their keys.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct LiveSettingsRequestBody(BTreeMap<String, Value>);

/// Changes settings of a job while it runs. They stay so when the job, or the server, is restarted.
#[utoipa::path(
    patch,
    path = "/jobs/{jobid}/settings",
    request_body = BTreeMap<String, String>,
    responses(
        (status = 200, body = LiveSettingsInfo),
        (status = 400, description = "A key is no option, or can't be changed while a job runs, or its value is none."),
        (status = 409, description = "The job has ended.")
    )
)]
async fn change(
    State(app): State<App>,
    params: Params,
    body: Body<LiveSettingsRequestBody>,
) -> Answer<(Extension<About>, Json<LiveSettingsInfo>)> {
    let id = params.job_id()?;
    let cell = app.registry.cell(id)?;
    let settings = read(body.inner().0)?;
    let about = About::Settings(secrets::settings(&settings));
    let command = |answer| Command::Set { settings, answer };
    let shared = &app.registry.shared;
    let answered = shared.command(&cell, command).await;
    answered.unwrap_or_else(|| Err(has_ended(&cell)))?;
    let changed = LiveSettingsInfo::of(&cell.view());
    Ok((Extension(about), Json(changed)))
}

fn read(given: BTreeMap<String, Value>) -> Answer<Configuration> {
    let mut problems = Problems::default();
    let mut settings = Configuration::new();
    if given.is_empty() {
        let names: Vec<&str> = live().map(|option| option.name).collect();
        let next = format!(
            "send an object of keys and values; there are {}",
            names.join(", ")
        );
        return Err(RestError::bad_request("No setting is given.", &next));
    }
    for (key, value) in given {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => {
                // The log has the message, too.
                let given = other.to_string();
                let given = secrets::masked(&key, &given);
                let message = format!("{key} is {given}, which is neither a text nor a number.");
                problems.add(RestError::bad_request(message, "send it in quotes"));
                continue;
            }
        };
        match check_live(&key, &text) {
            Ok(option) => settings.set(option.name, text),
            Err(error) if error.code() == codes::OPTION_UNKNOWN.id => {
                problems.add(unknown(&key).into());
            }
            Err(error) => problems.add(error.into()),
        }
    }
    problems.unless(settings)
}

/// The error of a key that is no option's, with those that are alike.
fn unknown(key: &str) -> Error {
    let likeness = |option: &OptionSummary| {
        let of = |name: &str| strsim::jaro_winkler(&key.to_ascii_lowercase(), name);
        let names = option.aliases.iter().chain([&option.name]);
        names.map(|name| of(name)).fold(0.0, f64::max)
    };
    let mut alike: Vec<(f64, &OptionSummary)> = options::ALL
        .iter()
        .map(|option| (likeness(option), option))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    // One that can be changed is meant rather than one that can't.
    alike.sort_by(|(a, one), (b, other)| {
        let order = other.is_live.cmp(&one.is_live);
        order.then_with(|| b.total_cmp(a))
    });
    let alike: Vec<&str> = alike
        .iter()
        .take(NAMED)
        .map(|(_, option)| option.name)
        .collect();
    let names: Vec<&str> = live().map(|option| option.name).collect();
    let names = names.join(", ");
    let next = if alike.is_empty() {
        format!("what can be changed while a job runs is {names}")
    } else {
        let alike = alike.join(" or ");
        format!("did you mean {alike}? What can be changed while a job runs is {names}")
    };
    Error::new(&codes::OPTION_UNKNOWN, format!("{key} is no option.")).next(next)
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn keys_that_are_alike_are_named() {
        let error = unknown("rate.limit.record").to_string();
        assert!(
            error.contains("did you mean rate.limit.records or"),
            "{error}"
        );
        let error = unknown("zzz").to_string();
        assert!(error.contains("what can be changed"), "{error}");
    }
}
