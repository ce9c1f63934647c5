//! Where checkpoints go that were given no place: into HDFS where that is configured, as those of the CSP operator do.

use std::fs;
use std::path::{Path, PathBuf};

use millstream::RunOptions;
use millstream::directories::data_directory;
use millstream_connectors::hdfs::{HdfsSettings, HdfsUrl};
use millstream_core::options::{CHECKPOINT_DIRECTORY, CHECKPOINT_INTERVAL, SAVEPOINT_DIRECTORY};
use millstream_core::{Configuration, Error, JobId, Result, codes};
use serde::Deserialize;

use crate::parameters::{SourceSettings, lies_among_input};

/// The CSP operator's default, in the cluster that is meant where none is named.
const PLACE: &str = "/tmp/csp/flink/checkpoints";

/// How what is told of the place of checkpoints begins.
const TOLD: [&str; 2] = ["checkpoints go to ", "checkpoints stay in "];

/// The file in a job's directory that is there once the job has begun to run.
const STARTED: &str = "started";
/// The file among a job's checkpoints that says who runs the job, or ran it last.
const OWNER: &str = "_owner";

/// A job that has begun, and where it has had checkpoints on this machine that were given no place, if it has.
#[derive(Debug, PartialEq, Eq)]
struct Past {
    own: PathBuf,
    is_there: bool,
}

/// What is wanted of [`OWNER`].
#[derive(Deserialize)]
struct Owner {
    held: Option<String>,
}

/// Gives checkpoints their place in HDFS if `configuration` has them taken, names none, and Hadoop's settings tell of a cluster.
/// Answers what is worth telling about that. A `job` that has begun and has had them on this machine keeps them there: Hadoop's settings
/// may have come since, and it has to find what it did.
///
/// # Errors
/// There are to be settings, and they can't be read: checkpoints that went elsewhere then would not be found again.
pub(crate) fn place(
    configuration: &mut Configuration,
    job: Option<JobId>,
) -> Result<Option<String>> {
    let are_taken = match configuration.get(&CHECKPOINT_INTERVAL) {
        // What it stands for only the process knows that runs the job; a place harms nobody who takes none.
        Err(error) if error.code() == codes::REFERENCE.id => true,
        interval => interval?.is_some_and(|interval| !interval.is_zero()),
    };
    // It may be written as a reference, and whatever that stands for is a place.
    if !are_taken || configuration.is_set(&CHECKPOINT_DIRECTORY) {
        return Ok(None);
    }
    let past = job.and_then(|job| past(configuration, job));
    let unknown = Error::new(
        &codes::HADOOP_SETTINGS,
        "it can't be told whether checkpoints go to HDFS",
    );
    let unknown = unknown.next(
        "correct HADOOP_CONF_DIR, HADOOP_HOME or hadoop.home.dir, or give stream.checkpoint.dir",
    );
    let settings = match HdfsSettings::of(configuration) {
        Err(cause) if cause.code() == codes::REFERENCE.id => return Err(unknown.cause(cause)),
        settings => settings?,
    };
    let cluster = settings.default_cluster();
    let cluster = cluster.map_err(|cause| unknown.cause(cause))?;
    Ok(cluster.map(|cluster| {
        let (place, note) = chosen(&cluster, past.as_ref());
        if let Some(place) = place {
            configuration.set(CHECKPOINT_DIRECTORY.name, place);
        }
        note
    }))
}

/// Whether a note is of the place of checkpoints: whoever only looks at what a job would do takes none.
pub(crate) fn is_of_place(note: &str) -> bool {
    TOLD.iter().any(|told| note.starts_with(told))
}

/// The place in a cluster, if checkpoints go there, and what is worth telling.
fn chosen(cluster: &HdfsUrl, past: Option<&Past>) -> (Option<String>, String) {
    let place = format!("hdfs://{}{PLACE}", cluster.authority());
    let [go_to, stay_in] = TOLD;
    if let Some(Past { own, is_there }) = past
        && *is_there
    {
        let note = format!(
            "{stay_in}{}, where the job has had them; those of a new one would go to {place}",
            own.display()
        );
        return (None, note);
    }
    let mut note = format!(
        "{go_to}{place}: Hadoop's settings name that cluster, and stream.checkpoint.dir is not given"
    );
    // What is away can't be told from what never was. Where the job waits in the cluster for checkpoints that are here, this says why.
    if let Some(Past { own, .. }) = past {
        let more = format!(
            "; {} is not there: a job that has had them in it finds them once that is back and the job's process begins again",
            own.display()
        );
        note.push_str(&more);
    }
    (Some(place), note)
}

/// Where `job`, which has begun, has had checkpoints on this machine if it has.
fn past(configuration: &Configuration, job: JobId) -> Option<Past> {
    let all = data_directory(configuration).ok()?.join("checkpoints");
    let own = all.join(job.to_string());
    // Whoever has ever held them has left something there.
    let is_there = own.read_dir().is_ok_and(|mut left| left.next().is_some());
    (!is_of_ended_job(&own)).then_some(Past { own, is_there })
}

/// Whether checkpoints are those of a job that has ended: then they are not this one's, which was given the id of that.
fn is_of_ended_job(own: &Path) -> bool {
    let text = fs::read(own.join(OWNER)).unwrap_or_default();
    let owner: Option<Owner> = serde_json::from_slice(&text).ok();
    owner.is_some_and(|owner| owner.held.as_deref() == Some("ended"))
}

/// The job that is run if it may have had checkpoints: that of its own id, or the one in whose directory a server runs it, once that has
/// begun.
pub(crate) fn job_of(options: &RunOptions) -> Option<JobId> {
    if options.job.is_some() {
        return options.job;
    }
    let directory = options.job_directory.as_deref()?;
    let job: JobId = directory.file_name()?.to_str()?.parse().ok()?;
    // What can't be looked at is not absent.
    let is_new = matches!(directory.join(STARTED).try_exists(), Ok(false));
    (!is_new).then_some(job)
}

/// Refuses snapshots in the directory that is read: the job would take them for input, and with source.file.bad quarantine move
/// its own checkpoints away. Names that the source leaves out are another matter.
///
/// # Errors
/// Checkpoints or savepoints would lie there.
pub(crate) fn refuse_among_input(
    configuration: &Configuration,
    source: &SourceSettings,
) -> Result<()> {
    let source = match source {
        SourceSettings::Text(text) => &text.path,
        SourceSettings::Columns(columns) => &columns.path,
        SourceSettings::Table(_) | SourceSettings::Kafka(_) | SourceSettings::Hive(_) => {
            return Ok(());
        }
    };
    for option in [&CHECKPOINT_DIRECTORY, &SAVEPOINT_DIRECTORY] {
        // What a reference stands for only the process knows that runs the job: it asks again.
        let Ok(Some(directory)) = configuration.get(option) else {
            continue;
        };
        if lies_among_input(&directory, source) {
            let message = format!(
                "{} is {directory}, which lies in source.path, so the job would read its own snapshots",
                option.name
            );
            return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                .next("give a directory outside of source.path"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
