//! Where the snapshots of a job go, and what lies there.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::options::{
    CHECKPOINT_DIRECTORY, DATA_DIRECTORY, JOB_NAME, SAVEPOINT_DIRECTORY,
};
use millstream_core::{Configuration, Error, JobId, JobStatus, Result, codes};
use millstream_storage::{
    Location, METADATA_FILE, discard_incomplete, ended_jobs, is_in_store, is_there, job_names,
    newest, notes, subdirectories,
};

use crate::clock::{random_number, time_of_day};

/// How the names of probes begin; when each was put follows, in milliseconds.
const PROBE: &str = "_millstream-doctor-";
/// A probe that is this old, in milliseconds, was left behind by a look that was cut off.
const LEFT_BEHIND: u64 = 60 * 60 * 1_000;

/// The directories of one job.
pub(crate) struct Directories {
    pub(crate) checkpoints: Location,
    pub(crate) savepoints: Location,
}

impl Directories {
    /// Those that the configuration names, else `checkpoints` and `savepoints` below the data directory.
    ///
    /// Paths of object stores and of HDFS mean what the configuration describes from here on.
    pub(crate) fn of(configuration: &Configuration) -> Result<Self> {
        millstream_remote::give(configuration)?;
        Self::named(configuration)
    }

    /// The same of another job: its paths of object stores mean those of this process.
    pub(crate) fn named(configuration: &Configuration) -> Result<Self> {
        let place = |set: Option<String>, name: &str| match set {
            Some(text) => text.parse::<Location>(),
            None => Location::from_path(data_directory(configuration)?.join(name)),
        };
        Ok(Self {
            checkpoints: place(configuration.get(&CHECKPOINT_DIRECTORY)?, "checkpoints")?,
            savepoints: place(configuration.get(&SAVEPOINT_DIRECTORY)?, "savepoints")?,
        })
    }
}

/// Where the checkpoints and the savepoints of a job with this configuration go that runs in this process: paths, or URLs of stores.
///
/// # Errors
/// A place is none of this machine's, or there is no data directory.
pub fn snapshots(configuration: &Configuration) -> Result<(PathBuf, PathBuf)> {
    let Directories {
        checkpoints,
        savepoints,
    } = Directories::of(configuration)?;
    Ok((checkpoints.path().to_owned(), savepoints.path().to_owned()))
}

/// Whether snapshots can be kept at `place`, which is a path or a URL, if that is in a store or a cluster: a file is put there that
/// must be new, put once more, which must be refused, and deleted, with what a look that was cut off has left. `false`: it is on a disk,
/// and nothing was looked at.
///
/// # Errors
/// They can't be kept there.
pub fn check_store(configuration: &Configuration, place: &str) -> Result<bool> {
    millstream_remote::give(configuration)?;
    let location: Location = place.parse()?;
    if !is_in_store(location.path()) {
        return Ok(false);
    }
    let now = time_of_day();
    let name = format!("{PROBE}{now}-{:016x}", random_number());
    let failed = |cause: io::Error| {
        let next = millstream_remote::next_step(&cause);
        let message = format!("snapshots can't be kept in {location}");
        Error::new(&codes::SNAPSHOT_WRITE, message)
            .cause(cause)
            .next(next)
    };
    let probe = probe(location.path(), &name).map_err(failed)?;
    clear_left(&probe, now);
    let again = notes::put_new(&probe, b"two");
    notes::remove(&probe).map_err(failed)?;
    match again {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
        Err(error) => Err(failed(error)),
        Ok(()) => {
            let message =
                format!("the store of {location} knows no conditional puts (If-None-Match)");
            Err(Error::new(&codes::SNAPSHOT_WRITE, message)
                .next("keep snapshots in a store that does, or on a disk"))
        }
    }
}

/// Puts a file of this name in a place of a store, or in the nearest directory above it that is there: where there are directories,
/// a job makes its own. Answers where.
fn probe(place: &Path, name: &str) -> io::Result<PathBuf> {
    let mut answer = Err(io::ErrorKind::NotFound.into());
    for directory in place.ancestors().take_while(|above| is_in_store(above)) {
        let path = directory.join(name);
        match notes::put_new(&path, b"one") {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => answer = Err(error),
            Err(error) => return Err(error),
        }
    }
    answer
}

/// Removes the probes beside this one that looks that were cut off have left. Where it can't be done they stay: nobody reads them.
fn clear_left(probe: &Path, now: u64) {
    let Some(directory) = probe.parent() else {
        return;
    };
    let is_left = |name: &String| {
        let put = name.strip_prefix(PROBE).and_then(|rest| {
            let (time, _) = rest.split_once('-')?;
            time.parse::<u64>().ok()
        });
        put.is_some_and(|put| put.saturating_add(LEFT_BEHIND) < now)
    };
    let names = notes::names(directory).unwrap_or_default();
    for name in names.iter().filter(|name| is_left(name)) {
        drop(notes::remove(&directory.join(name)));
    }
}

/// The directory of everything that jobs keep, unless they are told otherwise.
///
/// # Errors
/// None is named, and there is no home either.
pub fn data_directory(configuration: &Configuration) -> Result<PathBuf> {
    if let Some(directory) = configuration.get(&DATA_DIRECTORY)? {
        return Ok(PathBuf::from(directory));
    }
    let home = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    home("XDG_DATA_HOME")
        .map(|data| data.join("millstream"))
        .or_else(|| home("HOME").map(|home| home.join(".local/share/millstream")))
        .ok_or_else(|| {
            Error::new(
                &codes::OPTION_CONFLICT,
                "no data directory: neither HOME nor XDG_DATA_HOME is set",
            )
            .next(format!("set {}", DATA_DIRECTORY.name))
        })
}

/// Refuses a data directory of another user, before a job that runs in this process makes anything in it: its owner could not
/// take away what is made, and a server would not start there any more.
///
/// # Errors
/// It belongs to somebody else, and snapshots would go there.
pub(crate) fn refuse_others(configuration: &Configuration) -> Result<()> {
    if configuration.is_set(&CHECKPOINT_DIRECTORY) && configuration.is_set(&SAVEPOINT_DIRECTORY) {
        return Ok(());
    }
    let directory = data_directory(configuration)?;
    // What can't be looked at is told of when it is used.
    let Ok(about) = std::fs::metadata(&directory) else {
        return Ok(());
    };
    let own = rustix::process::geteuid().as_raw();
    if [own, 0].contains(&about.uid()) {
        return Ok(());
    }
    let shown = directory.display();
    let message = format!(
        "the data directory {shown} belongs to user {}, and this job runs as user {own}",
        about.uid()
    );
    Err(Error::new(&codes::SERVER_DIRECTORY, message).next(format!(
        "run it as that user, or name another directory with -D {}=DIRECTORY",
        DATA_DIRECTORY.name
    )))
}

/// The names of the jobs that have checkpoints in the directory that `configuration` names, and whose ids begin with `begin`.
///
/// # Errors
/// That directory can't be read.
pub fn names_of_jobs(configuration: &Configuration, begin: &str) -> Result<Vec<String>> {
    let directories = Directories::of(configuration)?;
    let all = job_names(&directories.checkpoints)?.into_iter();
    let meant = all.filter(|(job, _)| job.to_string().starts_with(begin));
    Ok(meant.map(|(_, name)| name).collect())
}

/// Whether the job that `configuration` names has finished, by what lies in its directories.
///
/// # Errors
/// They can't be read.
pub fn has_finished(configuration: &Configuration) -> Result<bool> {
    let directories = Directories::of(configuration)?;
    let name = configuration.get(&JOB_NAME)?;
    let ended = ended_jobs(&directories.checkpoints)?;
    let finished = JobStatus::Finished.name();
    Ok(ended
        .iter()
        .any(|ended| Some(&ended.job_name) == name.as_ref() && ended.status == finished))
}

/// Takes away what a job that died left of checkpoints that it did not complete, for who begins it anew under its id.
///
/// # Errors
/// It can't be taken away.
pub fn clear_incomplete(configuration: &Configuration, job: JobId) -> Result<()> {
    let directories = Directories::of(configuration)?;
    let own = directories.checkpoints.path().join(job.to_string());
    let is_checkpoint = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("chk-"))
    };
    let directories = subdirectories(&own)?.into_iter();
    for path in directories.filter(is_checkpoint) {
        if !is_there(&path.join(METADATA_FILE))? {
            discard_incomplete(&path)?;
        }
    }
    Ok(())
}

/// Whether there is a snapshot that the job that `configuration` names can go on from.
///
/// # Errors
/// Its directories can't be read, or its newest snapshot is gone.
pub fn has_snapshot(configuration: &Configuration) -> Result<bool> {
    let directories = Directories::of(configuration)?;
    let name = configuration.get(&JOB_NAME)?.unwrap_or_default();
    let savepoints = std::slice::from_ref(&directories.savepoints);
    Ok(newest(Some(&directories.checkpoints), savepoints, &name)?.is_some())
}

#[cfg(test)]
mod tests;
