//! `run ingest --dry-run`.

use std::process::ExitCode;

use millstream::local::Looked;
use millstream_core::{Error, Result, codes, counted};
use millstream_ingest::DryRun;
use serde_json::{Value, json};

use super::{Program, RunArguments, Understood};
use crate::report::note_without_effect;
use crate::session::{LOCAL, target};
use crate::{drawing, report};

/// What is asked for.
pub(super) enum Asked {
    Run(Understood),
    Dry(Understood),
}

/// The option may stand before the program and, with the ingestion job, among its arguments.
pub(super) fn asked(run: &RunArguments, mut understood: Understood) -> Asked {
    let mut is_dry = run.dry_run;
    if let Program::Ingest { arguments } = &mut understood.program {
        let given = arguments.len();
        arguments.retain(|argument| argument != "--dry-run");
        is_dry |= arguments.len() < given;
    }
    match is_dry {
        true => Asked::Dry(understood),
        false => Asked::Run(understood),
    }
}

/// Shows what the job would do.
pub(super) fn perform(run: &RunArguments, understood: &Understood) -> Result<ExitCode> {
    let Program::Ingest { arguments } = &understood.program else {
        let message = "--dry-run knows only what the ingestion job would do";
        return Err(Error::new(&codes::OPTION_CONFLICT, message)
            .next("run ingest, or see the plan of a package with `millstream info`"));
    };
    if target(&run.connection, &understood.configuration)? != LOCAL {
        report::note("the rows are read by this process and from this machine, not by the server");
    }
    note_without_effect(&[(run.detached, "--detached")], "nothing is started");
    millstream::local::start_logging(run.verbosity);
    let dry = millstream_ingest::dry_run(arguments, &understood.options)?;
    for note in &dry.notes {
        report::note(note);
    }
    if run.connection.json {
        report::json(&as_json(&dry)?)?;
    } else {
        report::output(&as_text(&dry)?);
    }
    // A job that would fail is no success.
    Ok(match dry.end {
        Looked::Failed(_) => ExitCode::FAILURE,
        Looked::Enough | Looked::Ended | Looked::Waited(..) => ExitCode::SUCCESS,
    })
}

fn plan_of(dry: &DryRun) -> Result<Value> {
    serde_json::to_value(&dry.plan)
        .map_err(|cause| Error::new(&codes::INTERNAL, "the plan makes no JSON").cause(cause))
}

fn as_text(dry: &DryRun) -> Result<String> {
    let plan = drawing::of(&plan_of(dry)?)?;
    let (read, written) = (columns(dry.read.as_ref()), columns(dry.written.as_ref()));
    let mut text =
        format!("Columns read:\n{read}\nColumns written:\n{written}\nPlan:\n{plan}\nRows:\n");
    for row in &dry.rows {
        text.push_str("  ");
        text.push_str(row);
        text.push('\n');
    }
    text.push_str(&format!("\n{}\n", end(dry)));
    Ok(text)
}

fn columns(columns: Option<&Vec<(String, String)>>) -> String {
    let Some(columns) = columns else {
        return "  as each record has them\n".to_owned();
    };
    let lines = columns
        .iter()
        .map(|(name, kind)| format!("  {name}  {kind}\n"));
    lines.collect()
}

/// How many rows there are, and why no more.
fn end(dry: &DryRun) -> String {
    let count = counted(dry.rows.len() as u64, "row");
    match &dry.end {
        Looked::Enough => format!("These are the first {count}."),
        Looked::Ended => format!("{count}: the source has no more."),
        Looked::Waited(time, why) => {
            let seconds = time.as_secs();
            let why = why
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            format!("{count}; no other came within {seconds} s{why}.")
        }
        Looked::Failed(why) => format!("The job would fail behind {count}: {why}"),
    }
}

fn as_json(dry: &DryRun) -> Result<Value> {
    let columns = |columns: &Option<Vec<(String, String)>>| {
        columns.as_ref().map(|columns| {
            let columns = columns.iter();
            let each = columns.map(|(name, kind)| json!({ "name": name, "type": kind }));
            each.collect::<Vec<Value>>()
        })
    };
    let status = match &dry.end {
        Looked::Enough => "enough",
        Looked::Ended => "ended",
        Looked::Waited(..) => "waited",
        Looked::Failed(_) => "failed",
    };
    Ok(json!({
        "read": columns(&dry.read),
        "written": columns(&dry.written),
        "plan": plan_of(dry)?,
        "rows": dry.rows,
        "end": { "status": status, "detail": end(dry) },
    }))
}
