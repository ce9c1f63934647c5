//! The ingestion job as a job package: what a server asks of it.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use millstream::local::say;
use millstream::service::{self, JOB_ARGUMENT};
use millstream_core::{Error, Result, codes};
use serde_json::json;

use crate::parameters::{self, DefaultValue};
use crate::run::{ENTRY_CLASS, NAME, declare, run};

/// What the ingestion job does, in a line for people.
pub const DESCRIPTION: &str =
    "Reads files, Kafka or Hive, reshapes records with SQL, writes files, Kafka or Elasticsearch.";

/// Answers what a server asks of a job package; `None`: the arguments are something else.
///
/// - `--millstream-describe`: its entry points as JSON.
/// - `--millstream-plan-of FILE`: the plan of the submission in `FILE` as JSON.
/// - `--millstream-job DIRECTORY`: runs the job of that directory.
pub fn answer(arguments: &[String]) -> Option<ExitCode> {
    match arguments {
        [argument] if argument == "--millstream-describe" => Some(print(&describe())),
        [argument, file] if argument == "--millstream-plan-of" => {
            Some(match plan(Path::new(file)) {
                Ok(plan) => print(&plan),
                Err(error) => {
                    say(&error.to_string());
                    ExitCode::FAILURE
                }
            })
        }
        [argument, directory] if argument == JOB_ARGUMENT => {
            Some(service::run(Path::new(directory), run))
        }
        _ => None,
    }
}

fn describe() -> serde_json::Value {
    let parameters: Vec<_> = parameters::all()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "meaning": parameter.meaning,
                "default": match parameter.default {
                    DefaultValue::Text(text) => Some(text),
                    _ => None,
                },
            })
        })
        .collect();
    let entry = |name: &str| {
        json!({
            "name": name,
            "description": DESCRIPTION,
            "parameters": parameters,
        })
    };
    json!([entry(ENTRY_CLASS), entry(NAME)])
}

fn plan(file: &Path) -> Result<serde_json::Value> {
    let (arguments, options) = service::read_submission(file)?;
    let environment = declare(&arguments, &options)?;
    let graph = environment.graph(NAME)?;
    service::check_settings(&environment.configuration()?)?;
    serde_json::to_value(service::plan_report(&graph))
        .map_err(|cause| Error::new(&codes::INTERNAL, "the plan can't be written").cause(cause))
}

fn print(value: &serde_json::Value) -> ExitCode {
    match writeln!(std::io::stdout(), "{value}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
