//! Taking files away: into another directory, or for good.
//!
//! Between a look at a file and the call that takes it away another file may have been put in its place. So a file is
//! first renamed to a hidden name that nobody else uses, and looked at there: it goes on from there if it is the one
//! that is meant, and is put back otherwise. What a crash leaves under a hidden name is found by the next listing. No
//! file is ever replaced.

mod hdfs;
mod objects;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::hash::stable_hash;
use millstream_core::{Error, JobId, Result, codes};

use super::listing::volume::Volume;
use super::listing::{Identity, Root};
use super::name::{Name, shown};

pub(crate) use objects::{find_copy, take_object};

/// The most names that are tried for one file.
const NAMES: u32 = 10_000;

/// What became of a file that was to be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is gone: now, or somebody else has taken it before.
    Away,
    /// It was none that was meant, and is where it was.
    PutBack,
    /// The same, but another file has its name by now: it waits under its hidden name.
    Held,
}

/// Takes files of a directory away, for one attempt.
#[derive(Debug, Clone)]
pub(crate) struct Taker {
    volume: Volume,
    directory: PathBuf,
    mark: u32,
}

impl Taker {
    /// Takes files of `directory` in `volume` away, for the attempt `run` of `job`.
    pub(crate) fn new(volume: Volume, directory: PathBuf, job: JobId, run: u64) -> Self {
        let mark = stable_hash(format!("{job} {run}").as_bytes()) as u32;
        Self {
            volume,
            directory,
            mark,
        }
    }

    /// Takes the file `name` away that lies under the name `lies`, which is its own or a hidden one: into the directory
    /// `target`, or for good. `is_meant` looks at what there is to be read and says whether it is the one.
    ///
    /// # Errors
    /// It can't be taken away, and is where it was.
    pub(crate) fn take(
        &self,
        name: &Name,
        lies: &Name,
        target: Option<&Path>,
        is_meant: impl FnOnce(&Path) -> bool,
    ) -> io::Result<Taken> {
        let hidden = name.held(self.mark).below(&self.directory);
        let from = lies.below(&self.directory);
        if from != hidden {
            match self.volume.rename_new(&from, &hidden) {
                Ok(()) => {}
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Err(_) if lies == name => return Ok(Taken::Away),
                // Somebody else has put it back.
                Err(_) => return Ok(Taken::PutBack),
            }
        }
        if !is_meant(&self.volume.content(&self.directory, &hidden)) {
            return self.put_back(name, &hidden);
        }
        let taken = match target {
            None => self.volume.remove(&hidden),
            Some(target) => move_into(&self.volume, &hidden, name, target),
        };
        match taken {
            Ok(()) => Ok(Taken::Away),
            Err(error) => self.put_back(name, &hidden).and(Err(error)),
        }
    }

    /// Puts a file back that lies under the hidden name `lies`.
    ///
    /// # Errors
    /// It can't be; it is still there.
    pub(crate) fn release(&self, name: &Name, lies: &Name) -> io::Result<Taken> {
        self.put_back(name, &lies.below(&self.directory))
    }

    fn put_back(&self, name: &Name, hidden: &Path) -> io::Result<Taken> {
        match self.volume.rename_new(hidden, &name.below(&self.directory)) {
            Ok(()) => Ok(Taken::PutBack),
            // Somebody else has put it back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Taken::PutBack),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Taken::Held),
            Err(error) => Err(error),
        }
    }
}

/// Puts the file back that is to lie at `path` and lies under a hidden name. Whether it has.
pub(crate) fn put_back(volume: &Volume, path: &Path) -> bool {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return false;
    };
    let hidden = volume.find_held(directory, &Name::of(name));
    let put_back = |hidden: Name| volume.rename_new(&hidden.below(directory), path);
    hidden.is_some_and(|hidden| put_back(hidden).is_ok())
}

/// Moves a file into `target` under its name; where that is taken, `name.1`, `name.2`, …
fn move_into(volume: &Volume, from: &Path, name: &Name, target: &Path) -> io::Result<()> {
    for number in 0..NAMES {
        match volume.rename_new(from, &candidate(target, name, number)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            moved => return moved,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn candidate(target: &Path, name: &Name, number: u32) -> PathBuf {
    if number == 0 {
        return name.below(target);
    }
    let bytes = [name.bytes(), format!(".{number}").as_bytes()].concat();
    Name::new(&bytes).below(target)
}

/// Where in `target` a file lies that was moved there, if it does.
pub(crate) fn find_in(
    volume: &Volume,
    target: &Path,
    name: &Name,
    identity: Identity,
) -> Option<PathBuf> {
    (0..NAMES)
        .map(|number| candidate(target, name, number))
        .map_while(|path| volume.identity(&path).ok().map(|found| (path, found)))
        .find(|(_, found)| *found == identity)
        .map(|(path, _)| path)
}

/// Makes the directory `target`, if the one in which it is to lie is there, and checks that files of `root` can be
/// moved there at once and whole.
///
/// # Errors
/// It can't be made, or lies on another file system.
pub(crate) fn prepare(root: &Root, target: &Path, parameter: &str) -> Result<()> {
    if root.store.is_some() {
        return objects::prepare(root, target, parameter);
    }
    if let Volume::Hdfs(cluster) = &root.volume {
        return hdfs::prepare(cluster, root, target, parameter);
    }
    let directory = root.directory.as_path();
    let refused = |what: String| Error::new(&codes::OPTION_VALUE, what);
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev());
    // No more than one level: where a disk is away, a path would stand in its place.
    let looked = device(target).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => fs::create_dir(target).and_then(|()| device(target)),
        _ => Err(error),
    });
    let there = looked.map_err(|error| {
        refused(format!("{parameter} {} can't be used", shown(target)))
            .cause(error)
            .next("name a directory that can be written, or whose parent can: no more than one level is made")
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
mod tests;
