//! Whose files and directories are: what somebody else could change is neither run nor kept anything in.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use millstream_core::{Error, Result, codes};

use crate::files::{self, Trouble};

/// Who may write, but for the owner.
pub(crate) const OTHERS: u32 = 0o022;

/// What makes it somebody else's: it is none of `owners`', or one of the bits `writable` is in its mode.
pub(crate) fn is_others(about: &Metadata, owners: &[u32], writable: u32) -> Option<String> {
    if !owners.contains(&about.uid()) {
        return Some(format!("it belongs to user {}", about.uid()));
    }
    (about.mode() & writable != 0).then(|| format!("its mode is {:03o}", about.mode() & 0o7777))
}

/// What lets others write into a place where whoever set up a group of the server's has let that in, as Kubernetes does with volumes.
pub(crate) fn bits_of_others(about: &Metadata) -> u32 {
    if is_own_group(about.gid()) {
        0o002
    } else {
        OTHERS
    }
}

/// Whether the server's user is of a group.
pub(crate) fn is_own_group(group: u32) -> bool {
    let more = rustix::process::getgroups().unwrap_or_default();
    let mut own = std::iter::once(rustix::process::getegid()).chain(more);
    own.any(|own| own.as_raw() == group)
}

/// Why a directory that was to be closed to others is not; `None`: nobody else may write into it.
///
/// # Errors
/// It can't be looked at.
pub(crate) fn why_open(directory: &Path) -> Result<Option<String>> {
    let about =
        fs::metadata(directory).map_err(|cause| files::unusable(directory, "looked at", cause))?;
    Ok(is_others(&about, &[about.uid()], bits_of_others(&about)))
}

/// Why somebody else may have put something where it is: it is his, or leads elsewhere though it `must_be_itself`.
pub(crate) fn why_planted(about: &Metadata, must_be_itself: bool) -> Option<String> {
    let is_link = must_be_itself && about.is_symlink();
    is_others(about, &[own(), 0], 0).or_else(|| is_link.then(|| "it is a link".to_owned()))
}

/// The server's user.
pub(crate) fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Why a file is no program that the server's user alone has put there.
pub(crate) fn why_not_ours(about: &Metadata) -> Option<String> {
    match about.is_file() {
        true => is_others(about, &[own()], OTHERS),
        false => Some("it is no file".to_owned()),
    }
}

/// Refuses a program that somebody else could have put there or changed. `next`: what to do then.
///
/// # Errors
/// It is not there, or not the server's alone.
pub(crate) fn check_program(program: &Path, next: &'static str) -> Result<(), Trouble> {
    let about =
        fs::symlink_metadata(program).map_err(|cause| Trouble::of(program, "looked at", cause))?;
    let Some(what) = why_not_ours(&about) else {
        return Ok(());
    };
    let message = format!("{} is not run: {what}", program.display());
    let error = Error::new(&codes::SERVER_DIRECTORY, message).next(next);
    Err(Trouble::lasting(error))
}

/// Why somebody else has a hand in a directory whose mode is the server's to set: it, or a link on the way to it, is another user's,
/// who could put another one in its place. `None`: nobody has, or it is not there.
///
/// # Errors
/// It can't be looked at.
pub(crate) fn who_else(directory: &Path) -> Result<Option<String>> {
    let owners = [own(), 0];
    let failed = |path: &Path, cause| files::unusable(path, "looked at", cause);
    for place in directory.ancestors() {
        let about = match fs::symlink_metadata(place) {
            Ok(about) => about,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(failed(place, cause)),
        };
        let counts = place == directory || about.is_symlink();
        if let Some(what) = is_others(&about, &owners, 0).filter(|_| counts) {
            return Ok(Some(match place == directory {
                true => what,
                false => format!("above it is {}, and {what}", place.display()),
            }));
        }
    }
    match fs::metadata(directory) {
        Ok(about) => Ok(is_others(&about, &owners, 0)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(failed(directory, cause)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    #[test]
    fn a_directory_is_open_to_all_but_its_owner_and_a_group_of_the_servers() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        let group = rustix::process::getegid().as_raw();
        chown(path, None, Some(group)).expect("a group of this user");
        let is_open = |mode: u32| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
            why_open(path).expect("it is there").is_some()
        };
        for mode in [0o700, 0o755, 0o2770, 0o775] {
            assert!(!is_open(mode), "{mode:o}");
        }
        for mode in [0o777, 0o1777, 0o702] {
            assert!(is_open(mode), "{mode:o}");
        }
        // Only root can give it to a group that is not its own.
        if chown(path, None, Some(65_533)).is_ok() && !is_own_group(65_533) {
            for (mode, expected) in [(0o770, true), (0o2775, true), (0o755, false)] {
                assert_eq!(is_open(mode), expected, "{mode:o}");
            }
        }
    }
}
