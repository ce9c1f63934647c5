//! Files that survive a crash of the machine whole, or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use millstream_core::{Error, Result, codes};
use millstream_process::regular;
pub(crate) use millstream_process::regular::at_once;
use millstream_storage::may_pass;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What helps where a file can't be understood: no crash leaves a part of one.
const CHANGED: &str = "something other than Millstream has changed it, which writes it whole or not at all: put it back as it was";

/// Why a file can't be used.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) error: Error,
    /// Whether the same may work a moment later: nothing is wrong with the file.
    pub(crate) may_pass: bool,
}

impl Trouble {
    /// `path` can't be used: `verb` names what was tried.
    pub(crate) fn of(path: &Path, verb: &str, cause: io::Error) -> Self {
        let may_pass = may_pass(cause.kind());
        Self {
            error: unusable(path, verb, cause),
            may_pass,
        }
    }

    /// What is there is wrong, and stays so.
    pub(crate) fn lasting(error: Error) -> Self {
        Self {
            error,
            may_pass: false,
        }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        trouble.error
    }
}

/// What can't be done with a file or directory of the server.
pub(crate) fn unusable(
    path: &Path,
    verb: &str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    let path = path.display();
    Error::new(&codes::SERVER_DIRECTORY, format!("{path} can't be {verb}"))
        .cause(cause.into())
        .next("see that it belongs to the user of the server, and that its disk is there and not full")
}

/// Makes a directory that only its owner can look into, with those above it.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|cause| unusable(path, "created", cause))
}

/// Puts `value` in place as JSON that only its owner can read.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), Trouble> {
    let text = serde_json::to_vec(value)
        .map_err(|cause| Trouble::lasting(unusable(path, "written", cause)))?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .custom_flags(at_once())
            .open(temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(temporary, path)?;
        path.parent().map_or(Ok(()), sync)
    };
    written().map_err(|cause| {
        // A piece of it would take the place that a full disk lacks. There may be none.
        drop(fs::remove_file(temporary));
        Trouble::of(path, "written", cause)
    })
}

/// Makes what was put into or taken from a directory last.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Reads JSON; `None`: there is no such file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Trouble> {
    let mut bytes = Vec::new();
    match open(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Trouble::of(path, "read", cause)),
    }
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|cause| Trouble::lasting(unusable(path, "understood", cause).next(CHANGED)))
}

/// Whether there is something of that name. What can't be looked at is not absent.
pub(crate) fn is_there(path: &Path) -> Result<bool, Trouble> {
    match path.try_exists() {
        Err(cause) if cause.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(cause) => Err(Trouble::of(path, "looked at", cause)),
        Ok(there) => Ok(there),
    }
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Trouble> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(Trouble::of(path, "deleted", cause))
        }
        _ => Ok(()),
    }
}

/// Puts a file under another name of the same directory.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Trouble> {
    fs::rename(from, to)
        .and_then(|()| to.parent().map_or(Ok(()), sync))
        .map_err(|cause| Trouble::of(to, "written", cause))
}

/// Copies a file so that under the new name there is the whole of it, on disk, or nothing.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut temporary = to.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    // It may be left over, or a link that somebody has put there, which would be written through.
    match fs::remove_file(temporary) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let copied = copy_anew(from, temporary).and_then(|()| fs::rename(temporary, to));
    if copied.is_err() {
        // There may be none.
        drop(fs::remove_file(temporary));
    }
    copied
}

/// Copies a file and its permissions under a name that there is not yet.
fn copy_anew(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = regular::open_required(from)?;
    let mut copy = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(to)?;
    io::copy(&mut from, &mut copy)?;
    copy.set_permissions(from.metadata()?.permissions())?;
    copy.sync_all()
}

/// Lets only its owner use a file or directory, where it is this user's.
pub(crate) fn keep_private(path: &Path, mode: u32) -> Result<()> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(unusable(path, "looked at", cause)),
    };
    if metadata.permissions().mode() & 0o777 & !mode == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        // A volume that somebody else has made: whoever did decides who may look into it.
        Err(cause) if cause.kind() == ErrorKind::PermissionDenied => Ok(()),
        set => set.map_err(|cause| unusable(path, "kept private", cause)),
    }
}

/// Whether a process holds the lock of a file. Holding it for the moment of the question could get in the way of a
/// process that starts, so ask only where none does.
pub(crate) fn is_locked(path: &Path) -> Result<bool, Trouble> {
    let file = match open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(Trouble::of(path, "opened", cause)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(fs::TryLockError::WouldBlock) => Ok(true),
        Err(fs::TryLockError::Error(cause)) => Err(Trouble::of(path, "locked", cause)),
    }
}

/// Opens what is to be read or locked, where it is no pipe. A directory may be locked, too: nobody has locked it.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(at_once())
        .open(path)?;
    let about = file.metadata()?;
    match about.is_file() || about.is_dir() {
        true => Ok(file),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is no file")),
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let passes =
            |number: Errno| Trouble::of(Path::new("/data"), "read", number.into()).may_pass;
        // There is too little of something, or the disk or share does not answer, is not there, or can't be written at present.
        for number in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::INTR,
            Errno::NOMEM,
            Errno::AGAIN,
            Errno::IO,
            Errno::STALE,
            Errno::NOTCONN,
            Errno::TIMEDOUT,
            Errno::HOSTDOWN,
            Errno::NODEV,
            Errno::NOLCK,
            Errno::NOSPC,
            Errno::DQUOT,
            Errno::ROFS,
        ] {
            assert!(passes(number), "{number}");
        }
        for number in [
            Errno::NOENT,
            Errno::ACCESS,
            Errno::PERM,
            Errno::ISDIR,
            Errno::NOTDIR,
            Errno::NAMETOOLONG,
        ] {
            assert!(!passes(number), "{number}");
        }
    }

    #[test]
    fn what_can_not_be_looked_at_is_not_absent() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        assert!(!is_there(&file).expect("it can be looked at"));
        fs::write(&file, "text").expect("a file");
        assert!(is_there(&file).expect("it can be looked at"));
        assert!(!is_there(&file.join("below")).expect("a file is no directory"));
        let long = directory.path().join("x".repeat(300));
        let trouble = is_there(&long).expect_err("no name is that long");
        assert!(!trouble.may_pass, "{}", trouble.error);
    }

    #[test]
    fn a_copy_is_written_through_no_link() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name);
        fs::write(path("from"), "records").expect("a file");
        fs::set_permissions(path("from"), fs::Permissions::from_mode(0o700)).expect("set");
        fs::write(path("theirs"), "years of work").expect("a file");
        std::os::unix::fs::symlink(path("theirs"), path("to.tmp")).expect("linked");
        copy(&path("from"), &path("to")).expect("copied");
        let text = |name| fs::read_to_string(path(name)).expect("text");
        assert_eq!(text("to"), "records");
        assert_eq!(text("theirs"), "years of work");
        let about = fs::symlink_metadata(path("to")).expect("it is there");
        assert!(about.is_file(), "it is no link");
        assert_eq!(about.permissions().mode() & 0o777, 0o700);
        assert!(!path("to.tmp").exists());
    }

    #[test]
    fn a_lock_that_is_a_pipe_holds_nobody_up() {
        let directory = tempfile::tempdir().expect("a directory");
        let pipe = directory.path().join("lock");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        let trouble = is_locked(&pipe).expect_err("it is no lock");
        assert!(!trouble.may_pass, "{}", trouble.error);
        assert!(trouble.error.message().ends_with("lock can't be opened"));
    }

    #[test]
    fn a_note_that_is_a_pipe_holds_nobody_up() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name);
        let mut make = std::process::Command::new("mkfifo");
        let made = make.args([path("note"), path("other.tmp")]).status();
        assert!(made.expect("mkfifo").success());
        let trouble = read::<u32>(&path("note")).expect_err("it is no note");
        assert!(!trouble.may_pass, "{}", trouble.error);
        assert!(trouble.error.message().ends_with("note can't be read"));
        let trouble = write(&path("other"), &1).expect_err("nobody reads it");
        assert!(trouble.error.message().ends_with("can't be written"));
        write(&path("other"), &1).expect("what was in the way is gone");
    }

    #[test]
    fn what_others_could_read_is_closed_to_them() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        keep_private(&file, 0o600).expect("there is none yet");
        fs::write(&file, "text").expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
        keep_private(&file, 0o600).expect("it is ours");
        let mode = fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
