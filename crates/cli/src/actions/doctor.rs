//! `millstream doctor`.

mod checks;

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result};
use serde_json::{Value, json};

use crate::arguments::Connection;
use crate::{report, table};

/// Checks the configuration, directories, permissions and the way to the server, and says what to do about what is wrong.
#[derive(Debug, Parser)]
#[command(
    name = "millstream doctor",
    no_binary_name = true,
    override_usage = "millstream doctor [OPTIONS]",
    after_help = "The exit code is 1 where a check fails. A warning is no failure."
)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    connection: Connection,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Well,
    /// Works, and may surprise.
    Warning,
    Wrong,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Warning => "warning",
            Self::Wrong => "failed",
        }
    }
}

/// What was checked, and what was found.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    detail: String,
    /// What to do; empty: nothing.
    next: String,
}

impl Finding {
    fn well(what: &'static str, detail: impl Into<String>) -> Self {
        Self {
            what,
            verdict: Verdict::Well,
            detail: detail.into(),
            next: String::new(),
        }
    }

    fn warning(what: &'static str, detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            next: next.into(),
            ..Self::well(what, detail)
        }
    }

    fn wrong(what: &'static str, error: &Error) -> Self {
        let detail = match error.cause_text() {
            Some(cause) => format!("{}: {} ({cause})", error.code(), error.message()),
            None => format!("{}: {}", error.code(), error.message()),
        };
        Self {
            verdict: Verdict::Wrong,
            next: error.next_step().to_owned(),
            ..Self::well(what, detail)
        }
    }
}

/// Checks everything that can be checked from here.
pub(crate) fn perform(arguments: DoctorArguments) -> Result<ExitCode> {
    let findings = checks::all(&arguments.connection);
    if arguments.connection.json {
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

fn row(finding: &Finding) -> [String; 3] {
    let detail = match finding.next.as_str() {
        "" => finding.detail.clone(),
        next => format!("{}; {next}", finding.detail),
    };
    [
        finding.verdict.name().to_owned(),
        finding.what.to_owned(),
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
