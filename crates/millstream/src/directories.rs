//! Where the snapshots of a job go, and what lies there.

use std::path::PathBuf;

use millstream_core::options::{
    CHECKPOINT_DIRECTORY, DATA_DIRECTORY, JOB_NAME, SAVEPOINT_DIRECTORY,
};
use millstream_core::{Configuration, Error, JobId, JobStatus, Result, codes};
use millstream_storage::{
    Location, METADATA_FILE, discard_incomplete, ended_jobs, is_in_store, is_there, job_names,
    newest, notes, subdirectories,
};

use crate::clock::random_number;

/// The directories of one job.
pub(crate) struct Directories {
    pub(crate) checkpoints: Location,
    pub(crate) savepoints: Location,
}

impl Directories {
    /// Those that the configuration names, else `checkpoints` and `savepoints` below the data directory.
    ///
    /// Paths of object stores mean the one that the configuration describes from here on.
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

/// Whether snapshots can be kept at `place`, which is a path or a URL, if that is in a store: an object is put there that must be
/// new, put once more, which must be refused, and deleted. `false`: it is on a disk, and nothing was looked at.
///
/// # Errors
/// They can't be kept there.
pub fn check_store(configuration: &Configuration, place: &str) -> Result<bool> {
    millstream_remote::give(configuration)?;
    let location: Location = place.parse()?;
    if !is_in_store(location.path()) {
        return Ok(false);
    }
    let name = format!("_millstream-doctor-{:016x}", random_number());
    let probe = location.path().join(name);
    let failed = |cause: std::io::Error| {
        Error::new(&codes::SNAPSHOT_WRITE, format!("snapshots can't be kept in {location}"))
            .cause(cause)
            .next("see that the store runs, and that s3.endpoint, the keys and what they may do are right")
    };
    notes::put_new(&probe, b"one").map_err(failed)?;
    let again = notes::put_new(&probe, b"two");
    notes::remove(&probe).map_err(failed)?;
    match again {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(true),
        Err(error) => Err(failed(error)),
        Ok(()) => {
            let message =
                format!("the store of {location} knows no conditional puts (If-None-Match)");
            Err(Error::new(&codes::SNAPSHOT_WRITE, message)
                .next("keep snapshots in a store that does, or on a disk"))
        }
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
