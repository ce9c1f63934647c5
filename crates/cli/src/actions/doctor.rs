//! `millstream doctor`.

mod checks;

use std::process::ExitCode;

use clap::{Command, CommandFactory, Parser};
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

/// Options of `run` that change nothing of what is checked. They are taken all the same, so that the line of a `run` can be checked as
/// it stands, and are not shown.
const BESIDE: [&str; 12] = [
    "from_savepoint",
    "allow_non_restored_state",
    "claim_mode",
    "on_lost_output",
    "detached",
    "shutdown_on_attached_exit",
    "classpath",
    "python",
    "python_module",
    "python_settings",
    "dry_run",
    "verbosity",
];

/// The options of `doctor`.
pub(super) fn command() -> Command {
    DoctorArguments::command().mut_args(|option| {
        let is_hidden = option.is_hide_set() || BESIDE.contains(&option.get_id().as_str());
        option.hide(is_hidden)
    })
}

/// Checks everything that can be checked from here.
pub(crate) fn perform(arguments: DoctorArguments) -> Result<ExitCode> {
    let run = &arguments.run;
    let findings = match run.names_a_program() {
        false => {
            let beside = run.beside_the_plan().into_iter();
            let beside: Vec<_> = beside
                .filter(|(_, name)| !["--jobmanager", "--target"].contains(name))
                .collect();
            note_without_effect(&beside, "no job is checked");
            checks::all(run.connection())
        }
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
