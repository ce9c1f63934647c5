//! The server's data directory: what is where, and that one server has it.
//!
//! | entry | holds |
//! |---|---|
//! | `server.lock` | nothing; locked for as long as a server uses the directory |
//! | `server.json` | [`RunningServer`] |
//! | `server.log` | the server's log; older parts are `server.log.1`, … |
//! | `millstream.db` | the server's records |
//! | `millstream.restoring` | the files that a restore of a backup puts there, for as long as it goes on |
//! | `millstream.reserve` | space for a full disk; see `store::reserve` |
//! | `jobs/<job id>/` | what `millstream_protocol::link` says, and `program`: the job's executable |
//! | `packages/` | uploaded packages, unless `web.upload.dir` says otherwise |
//! | `checkpoints/` | checkpoints of jobs that name no place |
//! | `dead-letters/` | how jobs are run that have dead letters, and what was done about those: the ingestion job's |

pub(crate) mod kinds;
mod looks;
mod planted;
mod proof;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_core::options::DATA_DIRECTORY;
use millstream_core::{Configuration, Error, JobId, Result, codes};
use millstream_storage::REACHED_DIRECTORY;
use serde::{Deserialize, Serialize};

use crate::{files, package_names, whose};

/// The log of a server; see [`crate::logs`].
pub(crate) const SERVER_LOG: &str = "server.log";
const LOCK: &str = "server.lock";
const DATABASE: &str = "millstream.db";
const RESERVE: &str = "millstream.reserve";
const RUNNING: &str = "server.json";
/// Is there while a backup is being restored; see [`crate::backup`].
pub(crate) const RESTORING: &str = "millstream.restoring";

/// What to do about a directory that others may write into, as a part of a sentence.
pub(crate) const CLOSE: &str = "let nobody else write there (`chmod go-w`; where that changes nothing, as on CIFS and Azure Files, mount it with the server's uid, \
                                dir_mode=0700,file_mode=0700)";

/// A server that runs, as it tells others on its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Its process.
    pub pid: u32,
    /// Where it listens, for example `http://127.0.0.1:8081`.
    pub address: String,
    /// When it started: milliseconds since 1970-01-01T00:00:00Z.
    pub started: u64,
    /// Its version.
    pub version: String,
    /// The address and port that it listens at, for example `0.0.0.0:8081`.
    #[serde(default)]
    pub bound: String,
    /// Whom it answers there, in words that finish "it answers …".
    #[serde(default)]
    pub answers: String,
    /// Whether somebody could run programs there, or read a token on its way, whom nobody has allowed to.
    #[serde(default)]
    pub open: bool,
}

impl RunningServer {
    /// Whether programs of other machines may reach it.
    pub fn is_exposed(&self) -> bool {
        let bound: Result<SocketAddr, _> = self.bound.parse();
        bound.is_ok_and(|bound| !bound.ip().is_loopback())
    }

    /// What whoever looks at a server that others may reach must know, as a line; `None`: there is nothing.
    pub fn exposure(&self) -> Option<String> {
        let is_told = self.open || self.is_exposed();
        is_told.then(|| format!("It listens at {} and answers {}.", self.bound, self.answers))
    }
}

/// The data directory, held by this server.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

/// The data directory that a configuration means: `millstream.data-dir`, else below the user's home.
///
/// # Errors
/// None is named, and the user has no home.
pub fn locate(configuration: &Configuration) -> Result<PathBuf> {
    let absolute = |path: PathBuf| {
        std::path::absolute(&path).map_err(|cause| files::unusable(&path, "located", cause))
    };
    if let Some(directory) = configuration.get(&DATA_DIRECTORY)? {
        return absolute(PathBuf::from(directory));
    }
    let home = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let directory = home("XDG_DATA_HOME")
        .map(|data| data.join("millstream"))
        .or_else(|| home("HOME").map(|home| home.join(".local/share/millstream")));
    let directory = directory.ok_or_else(|| {
        Error::new(
            &codes::OPTION_CONFLICT,
            "no data directory: neither HOME nor XDG_DATA_HOME is set",
        )
        .next(format!("set {}", DATA_DIRECTORY.name))
    })?;
    absolute(directory)
}

impl DataDirectory {
    /// Takes the directory, and makes what is missing in it.
    ///
    /// # Errors
    /// It can't be used, another server has it, or it holds what is not Millstream's, or half of a backup.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        refuse_half(path)?;
        prepare(path)?;
        let directory = Self::lock(path)?;
        // A restore may have been cut off while the lock was waited for.
        refuse_half(path)?;
        directory.furnish()?;
        Ok(directory)
    }

    /// Closes a directory that has been [prepared](prepare) to others, and takes it, also in the middle of a restore.
    pub(crate) fn lock(path: &Path) -> Result<Self> {
        files::keep_private(path, 0o700)?;
        if let Some(what) = whose::why_open(path)? {
            return Err(shared(path, &what));
        }
        // What was put there until now counts as well.
        planted::refuse(path)?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .custom_flags(files::at_once())
            .open(&lock_path)
            .map_err(|cause| files::unusable(&lock_path, "opened", cause))?;
        match take(&lock) {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(taken(path)),
            Err(fs::TryLockError::Error(cause)) => {
                return Err(files::unusable(&lock_path, "locked", cause));
            }
        }
        Ok(Self {
            path: path.to_path_buf(),
            _lock: lock,
        })
    }

    /// Makes what is missing in it, and takes away what a server that crashed has told: its process id may be somebody else's by now.
    pub(crate) fn furnish(&self) -> Result<()> {
        files::remove(&self.path.join(RUNNING))?;
        self.keep_private()?;
        files::make_directory(&self.jobs())
    }

    /// Files that were there before may be open to others.
    fn keep_private(&self) -> Result<()> {
        let database = self.database();
        let beside = |ending: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let open = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .custom_flags(files::at_once())
            .open(&database);
        open.map_err(|cause| files::unusable(&database, "opened", cause))?;
        let log = self.path.join(SERVER_LOG);
        for file in [beside(""), beside("-wal"), beside("-shm"), log] {
            files::keep_private(&file, 0o600)?;
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn jobs(&self) -> PathBuf {
        self.path.join("jobs")
    }

    pub(crate) fn job(&self, job: JobId) -> PathBuf {
        self.jobs().join(job.to_string())
    }

    pub(crate) fn packages(&self) -> PathBuf {
        self.path.join("packages")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    pub(crate) fn tell(&self, server: &RunningServer) -> Result<()> {
        Ok(files::write(&self.path.join(RUNNING), server)?)
    }

    /// The server goes: what it told is not true any more.
    pub(crate) fn untell(&self) {
        if let Err(trouble) = files::remove(&self.path.join(RUNNING)) {
            tracing::warn!("{}", trouble.error);
        }
    }
}

/// Takes the lock. One that seems to be held may be free a moment later: somebody looks whether it is, or a process that the
/// last server was about to start has not yet closed its files.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing announces that a lock is free"
)]
fn take(lock: &File) -> Result<(), fs::TryLockError> {
    const PATIENCE: Duration = Duration::from_secs(2);
    const STEP: Duration = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    loop {
        match lock.try_lock() {
            Err(fs::TryLockError::WouldBlock) if waited < PATIENCE => {
                std::thread::sleep(STEP);
                waited += STEP;
            }
            taken => return taken,
        }
    }
}

fn taken(path: &Path) -> Error {
    let who = match files::read::<RunningServer>(&path.join(RUNNING)) {
        Ok(Some(server)) => format!(" (process {}, {})", server.pid, server.address),
        _ => String::new(),
    };
    Error::new(
        &codes::SERVER_RUNNING,
        format!("another server uses {}{who}", path.display()),
    )
    .next(format!(
        "use that one, stop it with `millstream server stop`, or name another directory with -D {}=DIRECTORY",
        DATA_DIRECTORY.name
    ))
}

/// Makes the directory where it is not there.
///
/// # Errors
/// It can't be made, or holds what is not Millstream's, what somebody else may have put there, or something else in the place of a file
/// or directory of the server.
pub(crate) fn prepare(path: &Path) -> Result<()> {
    refuse_shared(path)?;
    files::make_directory(path)?;
    refuse_foreign(path)?;
    planted::refuse(path)?;
    kinds::refuse(path)
}

/// Refuses half of a backup.
fn refuse_half(path: &Path) -> Result<()> {
    let is_restoring = match files::is_there(&path.join(RESTORING)) {
        Err(trouble) if trouble.may_pass => return Err(trouble.error),
        // What is wrong with the directory is found next.
        there => there.unwrap_or(false),
    };
    if !is_restoring {
        return Ok(());
    }
    let message = format!(
        "{} holds a part of a backup: its restore was cut off",
        path.display()
    );
    Err(Error::new(&codes::SERVER_DIRECTORY, message)
        .next("run `millstream server restore FILE` again; it begins anew"))
}

/// Programs are run from the data directory, so nobody else may have a hand in it. Its mode is set when it is taken.
fn refuse_shared(path: &Path) -> Result<()> {
    whose::who_else(path)?.map_or(Ok(()), |what| Err(shared(path, &what)))
}

fn shared(path: &Path, what: &str) -> Error {
    let message = format!(
        "others may put programs into the data directory {}: {what}",
        path.display()
    );
    Error::new(&codes::SERVER_DIRECTORY, message).next(format!(
        "make it the server's user's (`chown`), or start the server as its owner, and {CLOSE}; or name another directory with -D {}=DIRECTORY",
        DATA_DIRECTORY.name
    ))
}

/// A directory with what is somebody else's is no data directory: it would be closed to others, and written into. One that has
/// been one is known by its records; without them by holding nothing but what jobs without a server leave there, and what a server
/// does whose records are lost. Names alone do not tell that: directories of Flink's snapshots have the same.
fn refuse_foreign(path: &Path) -> Result<()> {
    for name in [DATABASE, RESTORING] {
        if files::is_there(&path.join(name))? {
            return Ok(());
        }
    }
    // Others have files of this name, too, so it proves nothing of what lies beside it that has no name of ours.
    let has_lock = files::is_there(&path.join(LOCK))?;
    let found = look_into(path, has_lock)?;
    let (what, why) = match found {
        Contents::Ours => return Ok(()),
        Contents::LikeOurs(_) if has_lock || proof::is_there(path)? => return Ok(()),
        Contents::LikeOurs(first) => (
            first,
            ", and nothing there tells that it is Millstream's".to_owned(),
        ),
        Contents::Foreign(foreign) => {
            let link = kinds::link_to_nothing(&path.join(&foreign));
            (
                foreign,
                link.map_or_else(String::new, |link| format!(", {link}")),
            )
        }
    };
    let message = format!(
        "{} is no data directory of Millstream: it holds {}{why}",
        path.display(),
        what.to_string_lossy().escape_debug()
    );
    Err(Error::new(&codes::SERVER_DIRECTORY, message).next(format!(
        "name an empty directory, or one that is not there yet, with -D {}=DIRECTORY",
        DATA_DIRECTORY.name
    )))
}

/// What a directory holds, by the names; paths go on from there.
enum Contents {
    /// At most what nobody but Millstream calls so, directories with nothing in them, and what a disk of its own has.
    Ours,
    /// Besides, this, which Flink may call so as well: it counts as Millstream's where something proves that.
    LikeOurs(PathBuf),
    /// Also this, which Millstream has not put there.
    Foreign(PathBuf),
}

/// What the directory at `path` holds. `has_lock`: a server may have had the directory, and left its own files there.
fn look_into(path: &Path, has_lock: bool) -> Result<Contents> {
    let mut like_ours = None;
    for name in names(path)? {
        let is_ours: fn(&str) -> bool = match name.to_str() {
            Some("jobs") => |name| name.parse::<JobId>().is_ok(),
            Some("checkpoints") => {
                |name| name == REACHED_DIRECTORY || name.parse::<JobId>().is_ok()
            }
            Some("packages") => package_names::is_name,
            Some("dead-letters") => is_of_letters,
            Some("savepoints") => |name| name.starts_with("savepoint-"),
            Some("lost+found") => continue,
            Some(own) if has_lock && is_of_server(own) => continue,
            _ => return Ok(Contents::Foreign(PathBuf::from(name))),
        };
        let within = path.join(&name);
        if !within.is_dir() {
            return Ok(Contents::Foreign(PathBuf::from(name)));
        }
        for inner in names(&within)? {
            let is_ours = inner.to_str().is_some_and(is_ours);
            let inner = Path::new(&name).join(inner);
            if !is_ours {
                return Ok(Contents::Foreign(inner));
            }
            if !matches!(name.to_str(), Some("packages" | "dead-letters")) {
                like_ours.get_or_insert(inner);
            }
        }
    }
    Ok(like_ours.map_or(Contents::Ours, Contents::LikeOurs))
}

/// Whether a file of a server has this name, right in its directory: its log, what lies beside its records, and what it was about to
/// write when it died.
fn is_of_server(name: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_log = name.strip_prefix(SERVER_LOG).is_some_and(|part| {
        let number = part.strip_prefix('.');
        part.is_empty() || number.is_some_and(is_number)
    });
    let begins = ["millstream.", ".plan-", RUNNING];
    name == LOCK || is_log || begins.iter().any(|own| name.starts_with(own))
}

/// `<job>-<16 hexadecimal digits>`
fn is_of_letters(name: &str) -> bool {
    let hash = name.rsplit_once('-').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn names(directory: &Path) -> Result<Vec<OsString>> {
    let failed = |cause| files::unusable(directory, "read", cause);
    let entries = fs::read_dir(directory).map_err(failed)?;
    entries
        .map(|entry| Ok(entry.map_err(failed)?.file_name()))
        .collect()
}

/// The server that uses the data directory at `path`; `None`: none does.
///
/// # Errors
/// The directory can't be looked into.
pub fn running(path: &Path) -> Result<Option<RunningServer>> {
    if !files::is_locked(&path.join(LOCK))? {
        return Ok(None);
    }
    Ok(files::read(&path.join(RUNNING))?)
}

/// Whether the data directory at `path` is free.
pub(crate) fn is_free(path: &Path) -> Result<bool> {
    Ok(!files::is_locked(&path.join(LOCK))?)
}

#[cfg(test)]
mod tests;
