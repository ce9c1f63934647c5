//! The directory of uploaded packages. What lies there is run, so nobody else may put anything there.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_core::options::WEB_UPLOAD_DIRECTORY;
use millstream_core::{Configuration, Error, Result, codes};

use crate::data_directory::CLOSE;
use crate::package_names::UNFINISHED;
use crate::registry::Registry;
use crate::whose::{OTHERS, bits_of_others, is_others, own};
use crate::{clock, files};

impl Registry {
    /// Where uploaded packages are kept. A file that is to be given to [`Self::upload`] is best written here.
    ///
    /// # Errors
    /// The directory can't be made, or others may write into it.
    pub fn upload_directory(&self) -> Result<PathBuf> {
        let directory = self.located_upload_directory()?;
        files::make_directory(&directory)?;
        close(&directory)?;
        Ok(directory)
    }

    /// The same without making it.
    pub(super) fn located_upload_directory(&self) -> Result<PathBuf> {
        match named(&self.shared.settings)? {
            Some(named) => Ok(named),
            None => absolute(&self.shared.data.packages()),
        }
    }
}

/// The upload directory that the configuration names.
fn named(configuration: &Configuration) -> Result<Option<PathBuf>> {
    let named = configuration.get(&WEB_UPLOAD_DIRECTORY)?;
    // The name of the directory in it is Flink's.
    let directory = named.map(|named| Path::new(&named).join("flink-web-upload"));
    directory.as_deref().map(absolute).transpose()
}

fn absolute(directory: &Path) -> Result<PathBuf> {
    std::path::absolute(directory).map_err(|cause| files::unusable(directory, "located", cause))
}

/// Before anything is begun: refuses an upload directory of the configuration that is open to others. That of the data directory is
/// looked at when the latter has been closed to others.
///
/// # Errors
/// Others may write into the directory.
pub(crate) fn check_named(configuration: &Configuration) -> Result<()> {
    named(configuration)?.map_or(Ok(()), |directory| check(&directory))
}

/// What nobody has written to for so long is not being received any more: an upload may take half an hour.
const GIVEN_UP: Duration = Duration::from_secs(60 * 60);

/// Before the server answers: refuses an upload directory that is open to others, closes it to the group, and takes away what was being received when a
/// server died. One that the configuration names may be another server's, too, which may be receiving: there it must be old.
///
/// # Errors
/// Others may write into the directory.
pub(crate) fn tidy_uploads(registry: &Registry) -> Result<()> {
    let directory = registry.located_upload_directory()?;
    close(&directory)?;
    let is_shared = named(&registry.shared.settings)?.is_some();
    let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
    for entry in entries {
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let is_left = is_unfinished && (!is_shared || is_given_up(&entry));
        if is_left && let Err(trouble) = files::remove(&entry.path()) {
            tracing::warn!("{}", trouble.error);
        }
    }
    Ok(())
}

/// Whether nobody has written to a file for long. Where the clock was set back, that can't be told.
fn is_given_up(entry: &DirEntry) -> bool {
    let written = entry.metadata().ok().map(|about| about.mtime());
    let written = written.and_then(|seconds| u64::try_from(seconds).ok());
    let age = written.and_then(|written| (clock::now() / 1_000).checked_sub(written));
    age.is_some_and(|age| age > GIVEN_UP.as_secs())
}

/// [Checks](check) the directory, and closes it to the group where it is the server's. One that others may write into is refused as it is:
/// what they have put there stays, whatever its mode is made.
fn close(directory: &Path) -> Result<()> {
    check(directory)?;
    let is_own = fs::metadata(directory).is_ok_and(|about| about.uid() == own());
    if is_own {
        files::keep_private(directory, 0o700)?;
    }
    Ok(())
}

/// Refuses a directory into which others may write, or that they may put another one in the place of. One that is not there is none such
/// where nobody else may make it.
fn check(directory: &Path) -> Result<()> {
    check_of(own(), directory)
}

/// The same for the server of a user.
fn check_of(own: u32, directory: &Path) -> Result<()> {
    look_at(directory, directory, own)?;
    // Where a link leads on the way counts as well as where it lies.
    let real = directory.ancestors().find_map(|p| fs::canonicalize(p).ok());
    let real = real.iter().flat_map(|real| real.ancestors());
    for above in directory.ancestors().skip(1).chain(real) {
        if above != directory {
            look_at(directory, above, own)?;
        }
    }
    Ok(())
}

const STICKY: u32 = 0o1000;

/// Refuses `directory` because of `place`, which is itself or above it, where that is not the server's (or root's, above it) or others may
/// write into it.
fn look_at(directory: &Path, place: &Path, own: u32) -> Result<()> {
    let about = match fs::metadata(place) {
        Ok(about) => about,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(files::unusable(place, "looked at", cause)),
    };
    let is_itself = place == directory;
    let owners = [own, if is_itself { own } else { 0 }];
    let is_next = directory.parent() == Some(place);
    let writable = if !is_itself && about.mode() & STICKY != 0 {
        // What is in a sticky one is its owner's to move, as in `/tmp`.
        0
    } else if is_next && about.uid() == own {
        // Nobody but the server's user has let a group in there. Further up is what a umask of 002 leaves, with a group of that user alone.
        OTHERS
    } else {
        bits_of_others(&about)
    };
    let Some(what) = is_others(&about, &owners, writable) else {
        return Ok(());
    };
    let above = if is_itself {
        String::new()
    } else {
        format!("above it is {}, and ", place.display())
    };
    let message = format!(
        "others may put programs into the upload directory {}: {above}{what}",
        directory.display()
    );
    Err(Error::new(&codes::SERVER_DIRECTORY, message).next(format!(
        "make it the server's user's (`chown`) and {CLOSE}, or name another directory with {}",
        WEB_UPLOAD_DIRECTORY.name
    )))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;
    use crate::whose::why_open;

    #[test]
    fn a_directory_that_others_may_write_into_is_refused() {
        let root = tempfile::tempdir().expect("a directory");
        let above = root.path().join("above");
        let directory = above.join("flink-web-upload");
        fs::create_dir_all(&directory).expect("made");
        let group = rustix::process::getegid().as_raw();
        for path in [root.path(), &above, &directory] {
            chown(path, None, Some(group)).expect("a group of this user");
        }
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        };
        for (mode_above, mode, is_well) in [
            (0o755, 0o700, true),
            (0o755, 0o755, true),
            (0o1777, 0o700, true),
            (0o755, 0o777, false),
            (0o777, 0o700, false),
            (0o755, 0o1777, false),
            // The group is one of this user, and so are the directories.
            (0o755, 0o2770, true),
            (0o2775, 0o700, false),
        ] {
            set(&above, mode_above);
            set(&directory, mode);
            let checked = check(&directory);
            assert_eq!(checked.is_ok(), is_well, "{mode_above:o} {mode:o}");
            let Err(error) = checked else { continue };
            assert_eq!(error.code(), "MS-1010");
        }
        set(&above, 0o755);
        set(&directory, 0o700);
        check(&above.join("none/flink-web-upload")).expect("it is not there");
        for (mode_far, is_well) in [(0o755, true), (0o777, false), (0o1777, true)] {
            let far = root.path();
            set(far, mode_far);
            assert_eq!(check(&directory).is_ok(), is_well, "{mode_far:o}");
        }
    }

    #[test]
    fn a_group_that_somebody_else_has_let_in_is_judged_as_that_of_the_data_directory() {
        const SERVER: u32 = 4_711;
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        let packages = data.join("packages");
        fs::create_dir_all(&packages).expect("made");
        if chown(&packages, Some(SERVER), None).is_err() || !rustix::process::geteuid().is_root() {
            eprintln!("NOT TRIED: only root can give a directory away");
            return;
        }
        for group in [rustix::process::getegid().as_raw(), 65_533] {
            chown(&data, None, Some(group)).expect("root may");
            for mode in [0o700, 0o755, 0o770, 0o2775, 0o777] {
                fs::set_permissions(&data, fs::Permissions::from_mode(mode)).expect("set");
                let is_open = why_open(&data).expect("it is there").is_some();
                let is_refused = check_of(SERVER, &packages).is_err();
                assert_eq!(is_refused, is_open, "{mode:o} {group}");
            }
        }
    }

    #[test]
    fn a_directory_of_the_servers_is_closed_to_its_group() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("flink-web-upload");
        close(&directory).expect("it is not there");
        fs::create_dir(&directory).expect("made");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o2775)).expect("set");
        close(&directory).expect("it is its own");
        let mode = fs::metadata(&directory)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn how_it_is_closed_is_said_where_modes_are_forced_too() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("flink-web-upload");
        fs::create_dir(&directory).expect("made");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("set");
        let error = check(&directory).expect_err("it is open");
        let next = error.next_step();
        assert!(next.contains("chmod") && next.contains("CIFS"), "{next}");
    }

    #[test]
    fn where_a_link_leads_counts() {
        let root = tempfile::tempdir().expect("a directory");
        let open = root.path().join("open");
        fs::create_dir_all(open.join("uploads/flink-web-upload")).expect("made");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("set");
        let link = root.path().join("link");
        std::os::unix::fs::symlink(open.join("uploads"), &link).expect("linked");
        let error = check(&link.join("flink-web-upload")).expect_err("others may move it");
        assert!(error.message().contains("its mode is 777"), "{error}");
    }
}
