//! Jobs that no record names: those of a server whose records are lost. What lies in their directories, and what their processes
//! say, is enough to look after those that run.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use millstream_core::options::JOB_NAME;
use millstream_core::{JobId, JobStatus, Result};
use millstream_protocol::link::{
    LAUNCH_FILE, LOCK_FILE, Launch, OUTCOME_FILE, STARTED_FILE, SUBMISSION_FILE, Submission,
};

use super::{past, process};
use crate::background::blocking;
use crate::files;
use crate::packages::BUILT_IN;
use crate::registry::Registry;
use crate::store::{JobRecord, save_job};

/// A directory below `jobs/` that no record names.
enum Found {
    /// A process runs its job.
    Running(Box<JobRecord>),
    /// Its job had begun, has left no outcome, and no process runs it: it may have been cancelled while it had none.
    Begun(PathBuf),
}

/// Takes up the jobs whose processes run and that no record names, and tells of those that may have to be gone on from.
/// `known`: those that records name.
pub(crate) async fn adopt(registry: &Registry, known: HashSet<JobId>) {
    let jobs = registry.shared.data.jobs();
    let found = blocking(move || Ok(unknown_in(&jobs, &known))).await;
    let found = found.unwrap_or_else(|error| {
        tracing::error!("It is not known whether jobs run that no record names: {error}");
        Vec::new()
    });
    for found in found {
        match found {
            Found::Running(record) => adopt_one(registry, *record).await,
            Found::Begun(directory) => {
                let directory = directory.display();
                tracing::warn!(
                    "{directory} is of a job that no record names, that no process runs, and that has left no outcome. If it is to go on, run it again \
                     with the arguments in {directory}/{SUBMISSION_FILE} from its newest checkpoint (`millstream run -s latest …`); then delete the directory."
                );
            }
        }
    }
}

async fn adopt_one(registry: &Registry, record: JobRecord) {
    let (id, row) = (record.id, record.clone());
    let kept = registry
        .shared
        .store
        .durable(move |transaction| save_job(transaction, &row))
        .await;
    if let Err(error) = kept {
        let directory = registry.shared.data.job(id);
        tracing::error!(
            "A process runs job {id}, which no record names, and it can't be taken up: {error}. End it with `pkill -f {}`, or start the server again.",
            directory.display()
        );
        return;
    }
    tracing::warn!("A process runs job {id}, which no record names: it is taken up.");
    past::resume(registry, record, Vec::new());
}

fn unknown_in(jobs: &Path, known: &HashSet<JobId>) -> Vec<Found> {
    let entries = fs::read_dir(jobs).into_iter().flatten().flatten();
    let unknown = entries.filter_map(|entry| {
        let id: JobId = entry.file_name().to_str()?.parse().ok()?;
        (!known.contains(&id)).then(|| (id, entry.path()))
    });
    unknown.filter_map(|(id, path)| look_at(id, path)).collect()
}

fn look_at(id: JobId, directory: PathBuf) -> Option<Found> {
    let has = |file: &str| directory.join(file).exists();
    let runs = files::is_locked(&directory.join(LOCK_FILE)).unwrap_or_else(|trouble| {
        tracing::error!(
            "It can't be told whether job {id} runs, which no record names: {}",
            trouble.error
        );
        false
    });
    if runs {
        return Some(Found::Running(Box::new(record(id, &directory))));
    }
    (has(STARTED_FILE) && !has(OUTCOME_FILE)).then_some(Found::Begun(directory))
}

/// When the job was submitted, in milliseconds since 1970, as far as the times of its files tell: the earliest of them.
fn begun(directory: &Path) -> u64 {
    let files = [SUBMISSION_FILE, STARTED_FILE, LAUNCH_FILE, LOCK_FILE];
    let files = files.iter().map(|file| directory.join(file));
    // A directory changes with its files, so only its birth tells something.
    let times = files.filter_map(|file| fs::metadata(file).ok()?.modified().ok());
    let born = fs::metadata(directory).and_then(|about| about.created());
    let earliest = times.chain(born).min();
    let since = earliest.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

/// What a record of the job would say, as far as its directory tells it. Its process tells the rest.
fn record(id: JobId, directory: &Path) -> JobRecord {
    let read: Result<Option<Submission>> =
        files::read(&directory.join(SUBMISSION_FILE)).map_err(Into::into);
    let submission = read.unwrap_or_else(|error| {
        tracing::error!("What job {id} was submitted as is lost: {error}");
        None
    });
    let launch: Launch = files::read(&directory.join(LAUNCH_FILE))
        .ok()
        .flatten()
        .unwrap_or_default();
    let begun = begun(directory);
    // Of an uploaded one the name is lost.
    let package = if directory.join(process::PROGRAM).exists() {
        process::PROGRAM
    } else {
        BUILT_IN
    };
    let name = submission.and_then(|submission| {
        let named = submission.configuration.get(&JOB_NAME).ok().flatten();
        named.or(submission.entry)
    });
    JobRecord {
        id,
        name: name.unwrap_or_else(|| package.to_owned()),
        package: package.to_owned(),
        accepted: true,
        status: JobStatus::Running,
        submitted: begun,
        ended: None,
        modified: begun,
        timestamps: BTreeMap::from([(JobStatus::Initializing, begun)]),
        failures: Vec::new(),
        totals: Default::default(),
        present: Default::default(),
        completed_up_to: launch.completed_up_to,
        next_checkpoint: launch.next_checkpoint,
        launches: launch.earlier.saturating_add(1),
        checkpoints: Vec::new(),
    }
}
