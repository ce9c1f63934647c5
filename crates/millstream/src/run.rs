//! How a job is run: what stands on the command line before its own arguments.

use std::path::PathBuf;

use millstream_core::options::{
    JOB_NAME, RESTORE_CLAIM_MODE, RESTORE_IGNORE_UNCLAIMED_STATE, RESTORE_PATH,
};
use millstream_core::{Configuration, Error, JobId, Result, codes};
use millstream_protocol::ClaimMode;
use millstream_storage::{Location, is_in_store, newest, subdirectories};

use crate::directories::Directories;

/// How a job is run, whatever it does.
///
/// To a job package they travel as JSON in the environment variable [`RunOptions::VARIABLE`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunOptions {
    /// The entry point that was named (`-c`); `None`: the package has one only.
    pub entry: Option<String>,
    /// The settings of `-D`, with those of `-p`, `-s`, `-n` and `--claimMode` under their keys
    /// (`parallelism.default`, `execution.state-recovery.…`).
    pub configuration: Configuration,
    /// The job's directory, where a server runs it; `None`: it runs in a process of its own accord.
    #[serde(skip)]
    pub job_directory: Option<PathBuf>,
    /// The id that a job has that runs of its own accord; `None`: a new one. Who gives it sees to it that no two jobs have it, but
    /// one that begins anew in the place of one that died: what that left behind is its to remove.
    #[serde(skip)]
    pub job: Option<JobId>,
}

impl RunOptions {
    /// The environment variable that hands the options to a job package.
    pub const VARIABLE: &'static str = "MILLSTREAM_RUN_OPTIONS";
}

/// The snapshot that a job is to go on from, as the options say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// A path, a `file:` URL, or `latest`.
    pub(crate) path: String,
    /// Whether state that no operator takes is dropped.
    pub(crate) allow_non_restored: bool,
    /// Who owns the snapshot.
    pub(crate) claim: ClaimMode,
}

impl Recovery {
    /// Reads the options; `None`: a fresh start.
    pub(crate) fn from_configuration(configuration: &Configuration) -> Result<Option<Self>> {
        let allow_non_restored = configuration.require(&RESTORE_IGNORE_UNCLAIMED_STATE)?;
        let mode = configuration.require(&RESTORE_CLAIM_MODE)?;
        let claim = match mode.to_ascii_uppercase().replace('-', "_").as_str() {
            "NO_CLAIM" => ClaimMode::NoClaim,
            "CLAIM" => ClaimMode::Claim,
            "LEGACY" => {
                tracing::warn!(
                    "Claim mode LEGACY is deprecated and does what NO_CLAIM does; use NO_CLAIM or CLAIM."
                );
                ClaimMode::Legacy
            }
            _ => {
                let name = RESTORE_CLAIM_MODE.name;
                let shown = configuration.shown(&RESTORE_CLAIM_MODE, &mode);
                return Err(Error::new(
                    &codes::OPTION_VALUE,
                    format!("{name} is `{shown}`, which is not a claim mode"),
                )
                .next("give NO_CLAIM, CLAIM or LEGACY"));
            }
        };
        let path = configuration
            .get(&RESTORE_PATH)?
            .filter(|path| !path.is_empty());
        Ok(path.map(|path| Self {
            path,
            allow_non_restored,
            claim,
        }))
    }

    /// Whether the newest snapshot of the job's name is meant, whichever that is.
    pub(crate) fn is_latest(&self) -> bool {
        self.path == "latest"
    }

    /// Where the snapshot lies that the options name, for who only looks into it: what there is to say of it is said by who
    /// goes on from it. `None`: a fresh start.
    pub(crate) fn named(configuration: &Configuration) -> Result<Option<Location>> {
        let Some(recovery) = Self::from_configuration(configuration)? else {
            return Ok(None);
        };
        let job_name = configuration.get(&JOB_NAME)?.unwrap_or_default();
        let directories = Directories::of(configuration)?;
        let (location, _) = recovery.look_for(&job_name, &directories)?;
        Ok(Some(location))
    }

    /// Where the snapshot lies; of `latest` the newest completed one of the jobs called `job_name`.
    pub(crate) fn locate(&self, job_name: &str, directories: &Directories) -> Result<Location> {
        let (location, warnings) = self.look_for(job_name, directories)?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(location)
    }

    /// The same, and what the user is to be told about the choice.
    fn look_for(
        &self,
        job_name: &str,
        directories: &Directories,
    ) -> Result<(Location, Vec<String>)> {
        if !self.is_latest() {
            return Ok((self.path.parse()?, Vec::new()));
        }
        let savepoints = std::slice::from_ref(&directories.savepoints);
        let found = newest(Some(&directories.checkpoints), savepoints, job_name)?;
        let found = found.map(|newest| (newest.location, newest.warnings));
        match found {
            Some(found) => Ok(found),
            None => Err(nothing_found(job_name, directories)?),
        }
    }
}

/// The error of `latest` where there is nothing. A disk that is not mounted leaves nothing of any job behind, and who began anew then
/// would write all output again.
fn nothing_found(job_name: &str, directories: &Directories) -> Result<Error> {
    let Directories {
        checkpoints,
        savepoints,
    } = directories;
    let error = Error::new(
        &codes::SNAPSHOT_MISSING,
        format!("no completed snapshot of job `{job_name}` lies in {checkpoints} or {savepoints}"),
    );
    if !subdirectories(checkpoints.path())?.is_empty() {
        return Ok(error.next("name a snapshot with -s PATH, or start without -s to begin anew"));
    }
    let is_right = match is_in_store(checkpoints.path()) {
        true => "is the right place",
        false => "is the right place and its disk or share is mounted",
    };
    Ok(error.next(format!(
        "see first that {checkpoints}, where nothing of any job lies, {is_right}; \
         then name a snapshot with -s PATH, or, if the job has never run, start without -s"
    )))
}
