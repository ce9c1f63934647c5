//! `millstream doctor`.

mod checks;

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Finding, Result, Verdict, codes};
use millstream_ingest::parameters;
use serde_json::{Value, json};

use crate::report::note_without_effect;
use crate::run::{Program, RunArguments, understand};
use crate::{report, table};

/// Checks the configuration, directories, permissions and the way to the server, and says what to do about what is wrong.
#[derive(Debug, Parser)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    run: RunArguments,
}

/// Checks everything that can be checked from here.
pub(crate) fn perform(arguments: DoctorArguments) -> Result<ExitCode> {
    let run = &arguments.run;
    let findings = match run.names_a_program() {
        false => checks::all(run.connection()),
        true => match of_a_job(run)? {
            Some(findings) => findings,
            None => return Ok(report::output(&parameters::help())),
        },
    };
    if run.connection().json {
        let findings: Vec<Value> = findings.iter().map(as_json).collect();
        report::json(&json!(findings))?;
    } else {
        let rows: Vec<_> = findings.iter().map(row).collect();
        report::output(&table::lines(&rows));
    }
    let wrong = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Wrong);
    Ok(if wrong {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Whether the ingestion job would start; `None`: its help is asked for.
fn of_a_job(run: &RunArguments) -> Result<Option<Vec<Finding>>> {
    let Some(understood) = understand(run)? else {
        return Ok(None);
    };
    note_without_effect(&run.beside_the_plan(), "nothing is started");
    match &understood.program {
        Program::Ingest { arguments } => {
            let findings = millstream_ingest::doctor::check(arguments, &understood.options);
            Ok(Some(findings))
        }
        Program::Package { .. } => {
            let message =
                "`doctor` knows what the ingestion job reads and writes, not what a package does";
            Err(Error::new(&codes::USAGE, message).next("give ingest and its parameters"))
        }
    }
}

fn row(finding: &Finding) -> [String; 3] {
    let detail = match finding.next.as_str() {
        "" => finding.detail.clone(),
        next => format!("{}; {next}", finding.detail),
    };
    [
        finding.verdict.name().to_owned(),
        finding.what.clone(),
        detail,
    ]
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "check": finding.what,
        "status": finding.verdict.name(),
        "detail": finding.detail,
        "help": finding.next,
    })
}
