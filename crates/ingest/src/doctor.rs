//! Whether a job would start: parameters, schema and SQL, and what it reads and writes. Nothing is started and nothing is
//! changed.

mod files;
mod hdfs;
mod kerberos;
mod objects;

use std::path::Path;

use arrow::datatypes::{Schema, SchemaRef};
use millstream::{Environment, RunOptions};
use millstream_connectors::elasticsearch::EsSink;
use millstream_connectors::files_source::Intake;
use millstream_connectors::hdfs::HdfsUrl;
use millstream_connectors::objects::{ObjectUrl, Stores};
use millstream_core::options::CHECKPOINT_INTERVAL;
use millstream_core::type_names::type_in_words;
use millstream_core::{Configuration, Error, Finding, Result, Verdict};

use crate::dry_run::without_effects;
use crate::parameters::{DeadLetters, SinkSettings, SourceSettings};
use crate::pipeline::{self, Remotes};
use crate::run::{Prepared, prepare};
use files::{readable, renamable, writable};

/// Checks everything that the program's `arguments` speak of, in the order of what builds on what.
pub fn check(arguments: &[String], options: &RunOptions) -> Vec<Finding> {
    let prepared = match prepare(arguments, options) {
        Ok(prepared) => prepared,
        Err(error) => return each_problem(&error),
    };
    let mut findings: Vec<Finding> = prepared.notes.iter().map(|note| noted(note)).collect();
    findings.push(Finding::well("parameters", "understood"));
    let environment = Environment::with_options(RunOptions {
        entry: None,
        configuration: prepared.configuration.clone(),
        job_directory: None,
        job: None,
    });
    let columns = columns(&environment, &prepared);
    findings.push(match &columns {
        Ok(columns) => Finding::well("pipeline", shown(columns.as_deref())),
        Err(error) => Finding::wrong("pipeline", error),
    });
    match pipeline::remotes(&environment) {
        Ok(remotes) => {
            findings.extend(kerberos::check(&prepared, &remotes, &environment));
            findings.extend(source_files(&prepared, &remotes));
            findings.extend(sink_files(&prepared, &remotes));
        }
        Err(error) => findings.push(Finding::wrong("object stores", &error)),
    }
    findings.extend(snapshots(&environment));
    // What can't be planned has told so.
    if let Ok(Some(hive)) = pipeline::hive(&prepared.settings) {
        findings.extend(hive.inspect());
    }
    if let Ok(Some(table)) = pipeline::table(&environment, &prepared.settings) {
        findings.extend(table.inspect());
    }
    if let Ok((source, sinks)) = pipeline::ends(&environment, &prepared.settings) {
        findings.extend(source.iter().flat_map(|source| source.inspect()));
        findings.extend(sinks.iter().flat_map(|sink| sink.inspect()));
    }
    if let SinkSettings::Elasticsearch(options) = &prepared.settings.sink {
        findings.extend(match EsSink::new((**options).clone()) {
            Ok(sink) => sink.inspect(columns.ok().flatten().as_deref()),
            Err(error) => vec![Finding::wrong("sink servers", &error)],
        });
    }
    findings
}

/// One finding for each of the problems that the error holds.
fn each_problem(error: &Error) -> Vec<Finding> {
    let what = "parameters";
    let mut lines = error.message().lines();
    let (first, rest): (Option<&str>, Vec<&str>) = (lines.next(), lines.collect());
    if first.is_none() || rest.is_empty() {
        return vec![Finding::wrong(what, error)];
    }
    let problems = rest.into_iter().map(|line| {
        let (detail, next) = line.trim().rsplit_once("; ").unwrap_or((line.trim(), ""));
        let coded = detail.starts_with("MS-");
        let detail = match coded {
            true => detail.to_owned(),
            false => format!("{}: {detail}", error.code()),
        };
        Finding {
            verdict: Verdict::Wrong,
            next: next.to_owned(),
            ..Finding::well(what, detail)
        }
    });
    problems.collect()
}

fn noted(note: &str) -> Finding {
    Finding::warning("parameters", note, "")
}

/// The columns that would be written, once everything has been declared as at a start.
fn columns(environment: &Environment, prepared: &Prepared) -> Result<Option<SchemaRef>> {
    let settings = without_effects(prepared.settings.clone());
    let columns = pipeline::declare(environment, &settings)?;
    environment.graph(crate::NAME)?;
    Ok(columns.written)
}

fn shown(columns: Option<&Schema>) -> String {
    let Some(columns) = columns else {
        return "records go on with the fields that they have".to_owned();
    };
    let fields = columns.fields().iter();
    let fields: Vec<String> = fields
        .map(|field| format!("{} {}", field.name(), type_in_words(field.data_type())))
        .collect();
    fields.join(", ")
}

fn source_files(prepared: &Prepared, remotes: &Remotes) -> Vec<Finding> {
    use millstream_connectors::files_source::{AfterCommit, Bad};
    let (path, intake) = match &prepared.settings.source {
        SourceSettings::Text(text) => (&text.path, &text.intake),
        SourceSettings::Columns(columns) => (&columns.path, &columns.intake),
        SourceSettings::Kafka(_) | SourceSettings::Hive(_) | SourceSettings::Table(_) => {
            return Vec::new();
        }
    };
    if ObjectUrl::of_path(path).is_some() {
        return source_objects(path, intake, &remotes.stores);
    }
    if HdfsUrl::of_path(path).is_some() {
        return hdfs::source(path, intake, &remotes.clusters);
    }
    let mut findings = vec![readable(path)];
    let directory = match path.is_dir() {
        true => path.as_path(),
        false => path.parent().unwrap_or(path),
    };
    let quarantine = match &intake.bad {
        Some(Bad::Quarantine(target)) => Some(("source.file.bad.path", target)),
        Some(Bad::Fail | Bad::Skip) | None => None,
    };
    let moved = match &intake.after_commit {
        AfterCommit::Move(target) => Some(("source.after.commit.path", target)),
        AfterCommit::Delete | AfterCommit::Keep => None,
    };
    let takes_away = quarantine.is_some() || intake.after_commit != AfterCommit::Keep;
    if takes_away {
        findings.push(writable("source.path", directory));
    }
    for (name, target) in quarantine.into_iter().chain(moved) {
        findings.push(writable(name, target));
        findings.extend(renamable(name, directory, target));
    }
    findings
}

/// The same of objects: what is taken away is copied within the bucket, and deleted.
fn source_objects(path: &Path, intake: &Intake, stores: &Stores) -> Vec<Finding> {
    use millstream_connectors::files_source::{AfterCommit, Bad};
    let mut findings = vec![objects::readable(path, stores)];
    let is_quarantined = matches!(intake.bad, Some(Bad::Quarantine(_)));
    if is_quarantined || intake.after_commit != AfterCommit::Keep {
        findings.push(objects::deletable("source.path", path, stores));
    }
    if let Some(Bad::Quarantine(target)) = &intake.bad {
        findings.push(objects::writable("source.file.bad.path", target, stores));
    }
    if let AfterCommit::Move(target) = &intake.after_commit {
        findings.push(objects::writable(
            "source.after.commit.path",
            target,
            stores,
        ));
    }
    findings
}

fn sink_files(prepared: &Prepared, remotes: &Remotes) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let SinkSettings::File(file) = &prepared.settings.sink {
        findings.push(target("sink.path", &file.path, remotes));
    }
    if let Some(DeadLetters::Files(path)) = prepared.settings.errors.place() {
        findings.push(target("error.dead-letter.path", path, remotes));
    }
    findings
}

/// Whether a directory can be written to, wherever it is.
fn target(what: &str, path: &Path, remotes: &Remotes) -> Finding {
    if ObjectUrl::of_path(path).is_some() {
        objects::writable(what, path, &remotes.stores)
    } else if HdfsUrl::of_path(path).is_some() {
        hdfs::writable(what, path, &remotes.clusters)
    } else {
        writable(what, path)
    }
}

/// Where snapshots go, if there are any.
/// Whether snapshots can be kept at a place.
fn keeps(environment: &Environment, what: &str, place: &Path) -> Finding {
    let checked = environment.configuration().and_then(|configuration| {
        millstream::directories::check_store(&configuration, &place.to_string_lossy())
    });
    match checked {
        Ok(false) => writable(what, place),
        Ok(true) => Finding::well(what, place.display().to_string()),
        Err(error) => Finding::wrong(what, &error),
    }
}

fn snapshots(environment: &Environment) -> Vec<Finding> {
    let directories = |configuration: &Configuration| {
        let interval = configuration.get(&CHECKPOINT_INTERVAL)?;
        let is_on = interval.is_some_and(|interval| !interval.is_zero());
        let directories = millstream::directories::snapshots(configuration)?;
        Ok((is_on, directories))
    };
    let found = environment
        .configuration()
        .and_then(|configuration| directories(&configuration));
    match found {
        Err(error) => vec![Finding::wrong("checkpoints", &error)],
        Ok((is_on, (checkpoints, savepoints))) => {
            let writable = |what: &str, place: &Path| keeps(environment, what, place);
            let mut findings = vec![writable("checkpoints", &checkpoints)];
            if !is_on {
                let detail = "off: a job that fails begins anew";
                let next = "leave stream.checkpoint.enable out, if that is not meant";
                findings.insert(0, Finding::warning("checkpoints", detail, next));
            }
            findings.push(writable("savepoints", &savepoints));
            findings
        }
    }
}
