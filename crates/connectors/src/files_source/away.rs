//! Taking files away: into another directory, or for good. Each call may be repeated.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::listing::Identity;
use super::name::{Name, shown};

/// The most names that are tried for one file.
const NAMES: u32 = 10_000;

/// Moves a file into `target` under its name; where that is taken, `name.1`, `name.2`, … A file that is gone has been
/// moved. Nothing is ever replaced.
///
/// # Errors
/// It can't be moved.
pub(crate) fn move_into(directory: &Path, name: &Name, target: &Path) -> io::Result<()> {
    let from = name.below(directory);
    for number in 0..NAMES {
        let to = candidate(target, name, number);
        match rename_new(&from, &to) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if fs::symlink_metadata(&from).is_ok() {
                    Err(error)
                } else {
                    Ok(())
                };
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Some file systems can't. What is there is looked at first, then; nobody else moves files there.
        Err(Errno::INVAL | Errno::NOSYS) => match fs::symlink_metadata(to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, to),
        },
        Err(error) => Err(error.into()),
    }
}

fn candidate(target: &Path, name: &Name, number: u32) -> PathBuf {
    if number == 0 {
        return name.below(target);
    }
    let bytes = [name.bytes(), format!(".{number}").as_bytes()].concat();
    Name::new(&bytes).below(target)
}

/// Where in `target` a file lies that was moved there, if it does.
pub(crate) fn find_in(target: &Path, name: &Name, identity: Identity) -> Option<PathBuf> {
    (0..NAMES)
        .map(|number| candidate(target, name, number))
        .map_while(|path| fs::metadata(&path).ok().map(|metadata| (path, metadata)))
        .find(|(_, metadata)| Identity::of(metadata) == identity)
        .map(|(path, _)| path)
}

/// Deletes a file; one that is gone has been deleted.
///
/// # Errors
/// It can't be deleted.
pub(crate) fn delete(directory: &Path, name: &Name) -> io::Result<()> {
    match fs::remove_file(name.below(directory)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the directory `target` and checks that files of `directory` can be moved there at once and whole.
///
/// # Errors
/// It can't be made, or lies on another file system.
pub(crate) fn prepare(directory: &Path, target: &Path, parameter: &str) -> Result<()> {
    let refused = |what: String| Error::new(&codes::OPTION_VALUE, what);
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev());
    let looked = fs::create_dir_all(target).and_then(|()| device(target));
    let there = looked.map_err(|error| {
        refused(format!("{parameter} {} can't be used", shown(target)))
            .cause(error)
            .next("name a directory that can be written")
    })?;
    // Where the source is away nothing can be said, and nothing is moved.
    match device(directory) {
        Ok(here) if here != there => Err(refused(format!(
            "{parameter} {} is on another file system than {}, so files can't be moved there at once and whole",
            shown(target),
            shown(directory)
        ))
        .next("name a directory beside source.path")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{delete, find_in, move_into};
    use crate::files_source::listing::Identity;
    use crate::files_source::name::Name;

    #[test]
    fn files_are_moved_once_and_replace_nothing() {
        let (from, to) = (
            tempfile::tempdir().expect("made"),
            tempfile::tempdir().expect("made"),
        );
        let name = Name::new(b"\xff.csv");
        for content in ["a", "bb"] {
            fs::write(name.below(from.path()), content).expect("is written");
            move_into(from.path(), &name, to.path()).expect("is moved");
            move_into(from.path(), &name, to.path()).expect("has been moved");
        }
        assert_eq!(fs::read_dir(from.path()).expect("is there").count(), 0);
        assert_eq!(fs::read_dir(to.path()).expect("is there").count(), 2);
        for size in [1, 2] {
            let found = fs::read_dir(to.path())
                .expect("is there")
                .find_map(|entry| {
                    let metadata = entry.expect("is there").metadata().expect("is there");
                    (metadata.len() == size).then(|| Identity::of(&metadata))
                });
            let identity = found.expect("was moved");
            let path = find_in(to.path(), &name, identity).expect("is found");
            assert_eq!(fs::metadata(path).expect("is there").len(), size);
        }
        let other = Identity { size: 9, mtime: 1 };
        assert_eq!(find_in(to.path(), &name, other), None);
    }

    #[test]
    fn what_is_deleted_twice_is_deleted() {
        let directory = tempfile::tempdir().expect("made");
        let name = Name::new(b"a");
        fs::write(name.below(directory.path()), "a").expect("is written");
        delete(directory.path(), &name).expect("is deleted");
        delete(directory.path(), &name).expect("has been deleted");
    }
}
