//! Whether a job would start: parameters, schema and SQL, and what it reads and writes. Nothing is started and nothing is
//! changed.

mod files;
mod hdfs;
mod kerberos;
mod objects;
mod patience;

use std::path::Path;

use arrow::datatypes::{Schema, SchemaRef};
use millstream::{Environment, RunOptions};
use millstream_connectors::elasticsearch::EsSink;
use millstream_connectors::files_source::Intake;
use millstream_connectors::hdfs::HdfsUrl;
use millstream_connectors::objects::{ObjectUrl, Stores};
use millstream_core::options::CHECKPOINT_INTERVAL;
use millstream_core::type_names::type_in_words;
use millstream_core::{Configuration, Error, Finding, Result, Verdict, codes};

use crate::dry_run::without_effects;
use crate::parameters::{DeadLetters, SinkSettings, SourceSettings};
use crate::pipeline::{self, Remotes};
use crate::run::{Prepared, prepare};
use files::{readable, renamable, writable};
pub use patience::Patience;

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
    let patience = Patience::default();
    let remotes = pipeline::remotes(&environment);
    let source = match &remotes {
        Ok(remotes) => source_files(&prepared, remotes, &patience),
        Err(_) => Vec::new(),
    };
    // They are looked for in the files of the source, for as long as a job would: not where nobody answers.
    let is_asked = !is_silent(&prepared, &patience);
    let columns = is_asked.then(|| columns(&environment, &prepared));
    let of_columns = columns.as_ref();
    findings.extend(of_columns.and_then(|columns| pipeline_of(columns, &source)));
    match remotes {
        Ok(remotes) => {
            findings.extend(kerberos::check(&prepared, &remotes, &environment));
            findings.extend(source);
            findings.extend(sink_files(&prepared, &remotes, &patience));
        }
        Err(error) => findings.push(Finding::wrong("object stores", &error)),
    }
    findings.extend(snapshots(&environment, &patience));
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
            Ok(sink) => sink.inspect(columns.and_then(Result::ok).flatten().as_deref()),
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

/// What is told of the columns. `None`: what is wrong with the files in which they are looked for is told already.
fn pipeline_of(columns: &Result<Option<SchemaRef>>, source: &[Finding]) -> Option<Finding> {
    let what = "pipeline";
    // The first finding is whether the source can be read; columns may lack for other reasons than the others tell.
    let is_unread = source
        .first()
        .is_some_and(|found| found.verdict == Verdict::Wrong);
    match columns {
        Ok(columns) => Some(Finding::well(what, shown(columns.as_deref()))),
        Err(error) if is_unread && error.code() == codes::SOURCE_PATH.id => None,
        Err(error) => Some(Finding::wrong(what, error)),
    }
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

/// The files that the job reads, and how; `None`: it reads others than those of a path, or none.
fn input(prepared: &Prepared) -> Option<(&Path, &Intake)> {
    match &prepared.settings.source {
        SourceSettings::Text(text) => Some((text.path.as_path(), &text.intake)),
        SourceSettings::Columns(columns) => Some((columns.path.as_path(), &columns.intake)),
        SourceSettings::Kafka(_) | SourceSettings::Hive(_) | SourceSettings::Table(_) => None,
    }
}

/// Whether the files that the job reads are in a cluster that has not answered.
fn is_silent(prepared: &Prepared, patience: &Patience) -> bool {
    let place = input(prepared).and_then(|(path, _)| HdfsUrl::of_path(path));
    place.is_some_and(|place| patience.is_silent(&place))
}

fn source_files(prepared: &Prepared, remotes: &Remotes, patience: &Patience) -> Vec<Finding> {
    use millstream_connectors::files_source::{AfterCommit, Bad};
    let Some((path, intake)) = input(prepared) else {
        return Vec::new();
    };
    if ObjectUrl::of_path(path).is_some() {
        return source_objects(path, intake, &remotes.stores);
    }
    if HdfsUrl::of_path(path).is_some() {
        return hdfs::source(path, intake, (&remotes.clusters, patience));
    }
    let mut findings = vec![readable(path)];
    let directory = match path.is_dir() {
        true => path,
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

fn sink_files(prepared: &Prepared, remotes: &Remotes, patience: &Patience) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let SinkSettings::File(file) = &prepared.settings.sink {
        findings.push(target("sink.path", &file.path, remotes, patience));
    }
    if let Some(DeadLetters::Files(path)) = prepared.settings.errors.place() {
        findings.push(target("error.dead-letter.path", path, remotes, patience));
    }
    findings
}

/// Whether a directory can be written to, wherever it is.
fn target(what: &str, path: &Path, remotes: &Remotes, patience: &Patience) -> Finding {
    if ObjectUrl::of_path(path).is_some() {
        objects::writable(what, path, &remotes.stores)
    } else if HdfsUrl::of_path(path).is_some() {
        hdfs::writable(what, path, (&remotes.clusters, patience))
    } else {
        writable(what, path)
    }
}

/// Whether snapshots can be kept at a place.
fn keeps(environment: &Environment, patience: &Patience, what: &str, place: &Path) -> Finding {
    let checked = environment
        .configuration()
        .and_then(|configuration| patience.check_store(&configuration, &place.to_string_lossy()));
    match checked {
        Ok(false) => writable(what, place),
        Ok(true) => Finding::well(what, place.display().to_string()),
        Err(error) => Finding::wrong(what, &error),
    }
}

/// Where snapshots go, if there are any.
fn snapshots(environment: &Environment, patience: &Patience) -> Vec<Finding> {
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
            let writable = |what: &str, place: &Path| keeps(environment, patience, what, place);
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
