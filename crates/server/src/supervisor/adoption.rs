//! Jobs that no record names: those of a server whose records are lost. What lies in their directories, and what their processes
//! say, is enough to look after those that run, and to list those that have ended until they are forgotten.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use millstream_core::options::JOB_NAME;
use millstream_core::{Error, JobId, JobStatus, Result};
use millstream_protocol::link::{
    JobReport, LAUNCH_FILE, LOCK_FILE, Launch, OUTCOME_FILE, STARTED_FILE, SUBMISSION_FILE,
    Submission,
};
use millstream_protocol::supervision::Outcome;

use super::holder::Holders;
use super::{past, process};
use crate::background::blocking;
use crate::files::{self, Trouble};
use crate::packages::BUILT_IN;
use crate::registry::Registry;
use crate::store::{JobRecord, save_job};

/// So long after a directory could not be looked into it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// A directory below `jobs/` that no record names.
enum Found {
    /// A process runs its job.
    Running(Box<JobRecord>),
    /// Its job has ended, and has left how.
    Ended(Box<JobRecord>),
    /// Its job had begun, has left no outcome, and no process runs it: how it has ended may not have come onto the disk.
    Begun,
    /// Its job never began, and no process runs it.
    NotBegun,
}

/// Takes up the jobs whose processes run or that have ended, and that no record names, and tells of those that may have to be gone on
/// from. `known`: those that records name; `holders`: the processes that were there when the server started.
pub(crate) async fn adopt(registry: &Registry, known: HashSet<JobId>, holders: &Holders) {
    let jobs = registry.shared.data.jobs();
    let unknown = blocking(move || Ok(unknown_in(&jobs, &known))).await;
    let unknown = unknown.unwrap_or_else(|error| {
        tracing::error!("It is not known whether jobs run that no record names: {error}");
        Vec::new()
    });
    for (id, directory) in unknown {
        if let Err(trouble) = take_up(registry, id, &directory, holders).await {
            not_known(id, &directory, &trouble).await;
            if trouble.may_pass {
                look_again(registry.clone(), id, directory, holders.clone());
            }
        }
    }
}

/// Takes up the job of a directory where a process runs it, or where it has ended.
async fn take_up(
    registry: &Registry,
    id: JobId,
    directory: &Path,
    holders: &Holders,
) -> Result<(), Trouble> {
    let place = directory.to_path_buf();
    let looked = blocking(move || Ok(look_at(id, &place))).await;
    match looked.map_err(Trouble::lasting)?? {
        Found::Running(record) => adopt_one(registry, *record, holders, "A process runs job").await,
        Found::Ended(mut record) => {
            // One that was refused is forgotten; of one that was not, more tells so.
            record.accepted = false;
            adopt_one(registry, *record, holders, "There is an ended job").await;
        }
        Found::Begun => {
            let directory = directory.display();
            tracing::warn!(
                "{directory} is of a job that no record names, that no process runs, and that has left no outcome. If it is to go on, run it again \
                 with the arguments in {directory}/{SUBMISSION_FILE} from its newest checkpoint (`millstream run -s latest …`); then delete the directory."
            );
        }
        Found::NotBegun => {
            let directory = directory.display();
            tracing::warn!(
                "{directory} is of a job that no record names, and that never began. If it is to run, submit it again with the arguments in \
                 {directory}/{SUBMISSION_FILE}; then delete the directory."
            );
        }
    }
    Ok(())
}

/// Looks into a directory again and again until that works: its disk may be away.
fn look_again(registry: Registry, id: JobId, directory: PathBuf, holders: Holders) {
    // Nobody else gets the id before it is known whether its job runs.
    let reservation = registry.shared.reserve(id).ok();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(AGAIN).await;
            match take_up(&registry, id, &directory, &holders).await {
                Ok(()) => break,
                Err(trouble) => {
                    not_known(id, &directory, &trouble).await;
                    if !trouble.may_pass {
                        break;
                    }
                }
            }
        }
        drop(reservation);
    });
}

async fn not_known(id: JobId, directory: &Path, trouble: &Trouble) {
    let pid = process_of(directory).await;
    tracing::error!("{}", untold(id, directory, pid, &trouble.error));
}

async fn process_of(directory: &Path) -> Option<u32> {
    let directory = directory.to_path_buf();
    let found = blocking(move || Ok(process::running(&directory))).await;
    found.ok().flatten()
}

/// What is told of a job that is not taken up. Nothing but a signal ends it then: no record names it, so the server can't be asked to.
fn untold(id: JobId, directory: &Path, pid: Option<u32>, error: &Error) -> String {
    let end = process::ended_by(directory, pid);
    match pid {
        Some(pid) => format!(
            "Process {pid} runs job {id}, which no record names, and it can't be taken up: {error}. {end} ends it."
        ),
        None => format!(
            "It can't be told whether job {id} runs, which no record names: {error}. If it does, {end} ends it."
        ),
    }
}

/// Takes a job up that no record names; `what` is it, in words that go on with its id.
async fn adopt_one(registry: &Registry, record: JobRecord, holders: &Holders, what: &str) {
    let (id, row) = (record.id, record.clone());
    let kept = registry
        .shared
        .store
        .durable(move |transaction| save_job(transaction, &row))
        .await;
    if let Err(error) = kept {
        let directory = registry.shared.data.job(id);
        let end = match process_of(&directory).await {
            Some(pid) => format!(
                "End it with {}, or start",
                process::ended_by(&directory, Some(pid))
            ),
            None => "Start".to_owned(),
        };
        tracing::error!(
            "{what} {id}, which no record names, and it can't be taken up: {error}. {end} the server again."
        );
        return;
    }
    tracing::warn!("{what} {id}, which no record names: it is taken up.");
    past::resume(registry, record, Vec::new(), holders);
}

/// The directories of jobs that are not `known`. What can't be listed is told, and listed by the next server.
fn unknown_in(jobs: &Path, known: &HashSet<JobId>) -> Vec<(JobId, PathBuf)> {
    let failed = |cause: io::Error| {
        let error = files::unusable(jobs, "listed", cause);
        tracing::error!("It is not known whether all jobs that run are named by records: {error}");
    };
    let entries = fs::read_dir(jobs).map_err(failed).into_iter().flatten();
    let unknown = entries.filter_map(|entry| {
        let entry = entry.map_err(failed).ok()?;
        let id: JobId = entry.file_name().to_str()?.parse().ok()?;
        (!known.contains(&id)).then(|| (id, entry.path()))
    });
    unknown.collect()
}

fn look_at(id: JobId, directory: &Path) -> Result<Found, Trouble> {
    if files::is_locked(&directory.join(LOCK_FILE))? {
        return Ok(Found::Running(Box::new(record(id, directory)?)));
    }
    // The outcome is looked for after the process: one that ends in between has left it.
    if has_ended(directory)? {
        return Ok(Found::Ended(Box::new(record(id, directory)?)));
    }
    Ok(match process::has_started(directory)? {
        true => Found::Begun,
        false => Found::NotBegun,
    })
}

/// Whether the job has ended, as what its last process or its server has left says; whoever takes it up then starts no other.
fn has_ended(directory: &Path) -> Result<bool, Trouble> {
    let told = || -> Result<bool, Trouble> {
        let outcome: Option<JobReport> = files::read(&directory.join(OUTCOME_FILE))?;
        match outcome.as_ref().map(Outcome::of) {
            Some(outcome) => Ok(outcome.is_over()),
            None => process::is_ending(directory),
        }
    };
    match told() {
        // What is damaged makes it FAILED, with that as the reason.
        Err(trouble) if !trouble.may_pass => Ok(true),
        told => told,
    }
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
fn record(id: JobId, directory: &Path) -> Result<JobRecord, Trouble> {
    let submission: Option<Submission> = match files::read(&directory.join(SUBMISSION_FILE)) {
        Ok(submission) => submission,
        Err(trouble) if trouble.may_pass => return Err(trouble),
        Err(trouble) => {
            let error = trouble.error;
            tracing::error!("What job {id} was submitted as is lost: {error}");
            None
        }
    };
    let launch: Option<Launch> = match files::read(&directory.join(LAUNCH_FILE)) {
        // Without it checkpoints that are behind the newest could be gone back to.
        Err(trouble) if trouble.may_pass => return Err(trouble),
        launch => launch.ok().flatten(),
    };
    let launch = launch.unwrap_or_default();
    let begun = begun(directory);
    // Of an uploaded one the name is lost.
    let package = if files::is_there(&directory.join(process::PROGRAM))? {
        process::PROGRAM
    } else {
        BUILT_IN
    };
    let name = submission.and_then(|submission| {
        let named = submission.configuration.get(&JOB_NAME).ok().flatten();
        named.or(submission.entry)
    });
    Ok(JobRecord {
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
        // Its process tells them, and what was submitted says what is known until then.
        followed: None,
        checkpoints: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn what_is_not_taken_up_is_told_with_what_ends_that_process_alone() {
        let id = JobId::from_bytes([7; 16]);
        let directory = Path::new("/data/jobs/07");
        let file = directory.join(LAUNCH_FILE);
        let error = Trouble::of(&file, "read", ErrorKind::TimedOut.into()).error;
        let told = untold(id, directory, Some(4_711), &error);
        assert!(told.starts_with("Process 4711 runs job 0707"), "{told}");
        assert!(told.ends_with(". `kill 4711` ends it."), "{told}");
        let told = untold(id, directory, None, &error);
        let end = ". If it does, `fuser -k /data/jobs/07/lock` ends it.";
        assert!(told.ends_with(end), "{told}");
    }
}
