//! `millstream infer`.

use std::process::ExitCode;

use clap::Parser;
use millstream::RunOptions;
use millstream::local::{Looked, start_logging_warnings};
use millstream_core::{Error, Result, codes, counted};
use millstream_ingest::{Evidence, Inferred, infer};
use serde_json::{Value, json};

use crate::arguments::Connection;
use crate::report::note_without_effect;
use crate::{report, settings, table};

/// Finds out the types of columns from the first rows of files, of a topic or of Hive, and prints a schema and a command that reads them.
#[derive(Debug, Parser)]
#[command(
    name = "millstream infer",
    no_binary_name = true,
    override_usage = "millstream infer [OPTIONS] <path | topic | table | query> [source parameters]",
    after_help = "\
Files (csv, tsv, txt, lines of JSON, parquet, orc) and directories of them are known by their names and by what they hold; for a topic give \
--source.kafka.brokers behind it, for a table of Hive or a query --source.db.url. Parameters of the source (source.…) count as for the job, and options of \
`infer` may stand among them; --config is there the file of parameters that it is for the job. Numbers that begin with 0 stay text. Input of which no row is \
seen is an error, but for Hive, which tells columns without one. The log shows warnings, unless MILLSTREAM_LOG in the environment asks for more."
)]
pub(crate) struct InferArguments {
    /// How many rows are looked at, at most.
    #[arg(short, long, value_name = "NUMBER", default_value_t = 10_000)]
    rows: u32,

    /// A file, a directory, a topic, or a table or query of Hive. Then parameters of the source.
    #[arg(
        value_name = "PATH | TOPIC | TABLE | QUERY",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Prints what was found out.
pub(crate) fn perform(arguments: InferArguments) -> Result<ExitCode> {
    let Some((what, parameters)) = arguments.positional.split_first() else {
        let message = "`infer` is not told what to look at";
        return Err(Error::new(&codes::USAGE, message).next(
            "name a file, a directory, a topic with --source.kafka.brokers, or a table or query of Hive with \
             --source.db.url",
        ));
    };
    let connection = &arguments.connection;
    note_without_effect(
        &[
            (connection.jobmanager.is_some(), "--jobmanager"),
            (connection.target.is_some(), "--target"),
        ],
        "the input is read in this process",
    );
    start_logging_warnings();
    let options = RunOptions {
        configuration: settings::load(connection)?,
        ..RunOptions::default()
    };
    let rows = usize::try_from(arguments.rows.max(1)).unwrap_or(usize::MAX);
    let inferred = infer(what, parameters, &options, rows)?;
    for note in &inferred.notes {
        report::note(note);
    }
    if connection.json {
        return report::json(&as_json(&inferred));
    }
    Ok(report::output(&as_text(&inferred)))
}

fn as_text(inferred: &Inferred) -> String {
    let rows = counted(inferred.rows as u64, "row");
    let mut text = format!("{}; {rows}, {}.\n\n", inferred.kind, end(&inferred.end));
    let head = [
        "column", "type", "values", "nulls", "least", "greatest", "examples", "why",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(inferred.columns.iter().map(row));
    text.push_str(&table::lines(&lines));
    text.push_str(&format!("\nSchema:\n{}\n", inferred.schema));
    let words = inferred.command.iter().map(|word| quoted(word));
    let command = words.collect::<Vec<_>>().join(" ");
    text.push_str(&format!("\nCommand:\n{command}\n"));
    text
}

fn row(column: &Evidence) -> [String; 8] {
    let shown = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        column.name.clone(),
        column.kind.clone(),
        column.values.to_string(),
        column.nulls.to_string(),
        shown(&column.least),
        shown(&column.greatest),
        column.examples.join(" | "),
        column.why.clone(),
    ]
}

fn end(end: &Looked) -> String {
    match end {
        Looked::Enough => "there are more".to_owned(),
        Looked::Ended => "which are all".to_owned(),
        Looked::Waited(time, _) => format!("no other came within {} s", time.as_secs()),
        Looked::Failed(why) => format!("behind which reading fails: {why}"),
    }
}

/// A word of a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn as_json(inferred: &Inferred) -> Value {
    let columns = inferred.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind,
            "values": column.values,
            "nulls": column.nulls,
            "least": column.least,
            "greatest": column.greatest,
            "examples": column.examples,
            "why": column.why,
        })
    });
    json!({
        "kind": inferred.kind,
        "rows": inferred.rows,
        "end": end(&inferred.end),
        "columns": columns.collect::<Vec<_>>(),
        "schema": inferred.schema,
        "command": inferred.command,
        "notes": inferred.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_of_a_shell_are_quoted_where_they_have_to_be() {
        assert_eq!(quoted("--source.path=/in"), "--source.path=/in");
        assert_eq!(
            quoted("--x={\"a\": \"It's\"}"),
            "'--x={\"a\": \"It'\\''s\"}'"
        );
    }
}
