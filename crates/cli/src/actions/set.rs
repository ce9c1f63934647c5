//! `millstream set`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use serde_json::{Map, Value, json};

use super::common::missing;
use crate::answers::{LiveSetting, LiveSettings};
use crate::arguments::Connection;
use crate::session::Session;
use crate::table;

/// Changes settings of a job while it runs, or shows those that can be changed.
#[derive(Debug, Parser)]
#[command(
    name = "millstream set",
    no_binary_name = true,
    override_usage = "millstream set [OPTIONS] <JOB> [<KEY>=<VALUE>...]",
    after_help = "\
What is changed counts at once, and stays so when the job or the server is restarted. The options that can be changed are marked in the list of options."
)]
pub(crate) struct SetArguments {
    /// The job: its id, the first digits of it (4 or more), or its name. Then settings; none: they are shown.
    #[arg(value_name = "JOB [KEY=VALUE...]")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Changes or shows settings.
pub(crate) fn perform(arguments: SetArguments) -> Result<ExitCode> {
    let Some((job, pairs)) = arguments.positional.split_first() else {
        return Err(missing("Missing JobID", "set"));
    };
    let mut settings = Map::new();
    for pair in pairs {
        let Some((key, value)) = pair.split_once('=') else {
            let message = format!("\"{pair}\" is no setting");
            return Err(
                Error::new(&codes::USAGE, message).next("give it as key=value, without blanks")
            );
        };
        settings.insert(key.trim().to_owned(), json!(value.trim()));
    }
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let path = format!("/jobs/{job}/settings");
    let answer: Value = if settings.is_empty() {
        session.client.get(&path)?
    } else {
        session.client.patch(&path, &settings)?
    };
    if !session.json {
        let LiveSettings { settings } =
            serde_json::from_value(answer.clone()).map_err(|cause| {
                Error::new(
                    &codes::SERVER_ANSWER,
                    "the server answers otherwise than expected",
                )
                .cause(cause)
                .next("see with `millstream doctor` whether it is of this version")
            })?;
        let mut rows = vec![["setting", "value"].map(str::to_owned)];
        rows.extend(settings.into_iter().map(row));
        session.say(table::lines(&rows).trim_end())?;
    }
    session.finish(&answer)
}

fn row(setting: LiveSetting) -> [String; 2] {
    let value = match (setting.value, setting.default) {
        (Some(value), true) => format!("{value} (default)"),
        (Some(value), false) => value,
        (None, _) => "not set".to_owned(),
    };
    [setting.key, value]
}
