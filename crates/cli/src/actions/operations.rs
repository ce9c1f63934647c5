//! `millstream operations`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{ErrorKind, Result, TriggerId};
use serde_json::json;

use super::common::note_superfluous;
use crate::answers::{Operation, OperationStatus, Operations};
use crate::arguments::Connection;
use crate::report;
use crate::session::Session;
use crate::{table, times};

/// Shows what became of savepoints, stops, checkpoints, cancellations and disposals.
#[derive(Debug, Parser)]
#[command(
    name = "millstream operations",
    no_binary_name = true,
    override_usage = "millstream operations [OPTIONS] [TRIGGER ID | JOB]"
)]
pub(crate) struct OperationsArguments {
    /// An operation's trigger id, or a job, all of whose operations are shown. Neither: those of all jobs.
    #[arg(value_name = "TRIGGER ID | JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Shows operations. The exit code is 1 where the one that was asked for has failed.
pub(crate) fn perform(arguments: OperationsArguments) -> Result<ExitCode> {
    let session = Session::open(&arguments.connection)?;
    let Some((given, superfluous)) = arguments.positional.split_first() else {
        return show_all(&session, "/operations");
    };
    note_superfluous(superfluous);
    let Ok(id) = given.parse::<TriggerId>() else {
        let job = session.job(given)?;
        return show_all(&session, &format!("/jobs/{job}/operations"));
    };
    // A trigger id and the id of a job look alike.
    match session
        .client
        .get::<Operation>(&format!("/operations/{id}"))
    {
        Ok(operation) => show_one(&session, &operation),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            show_all(&session, &format!("/jobs/{id}/operations")).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

fn show_one(session: &Session, operation: &Operation) -> Result<ExitCode> {
    session.say(&table(std::slice::from_ref(operation)))?;
    session.finish(&json!(operation))?;
    Ok(match operation.status {
        OperationStatus::Failed => ExitCode::FAILURE,
        OperationStatus::InProgress | OperationStatus::Completed => ExitCode::SUCCESS,
    })
}

fn show_all(session: &Session, path: &str) -> Result<ExitCode> {
    let Operations { operations } = session.client.get(path)?;
    if session.json {
        return report::json(&json!(operations));
    }
    if operations.is_empty() {
        session.say("No operations.")?;
    } else {
        session.say(&table(&operations))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(operations: &[Operation]) -> String {
    let head = [
        "requested",
        "trigger id",
        "kind",
        "status",
        "took",
        "result",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(operations.iter().map(row));
    table::lines(&rows).trim_end().to_owned()
}

fn row(operation: &Operation) -> [String; 6] {
    let took = match operation.ended {
        Some(ended) => times::duration(ended - operation.requested),
        None => "-".to_owned(),
    };
    let failure = || {
        let code = operation.code.as_deref()?;
        Some(format!("{code}: {}", operation.message.as_deref()?))
    };
    let result = match operation.status {
        OperationStatus::Failed => failure(),
        OperationStatus::InProgress | OperationStatus::Completed => operation.path.clone(),
    };
    [
        times::sortable(operation.requested),
        operation.id.to_string(),
        operation.kind.clone(),
        operation.status.name().to_owned(),
        took,
        result.unwrap_or_default(),
    ]
}
