//! What services are made of: libraries from Maven Central, in a cache.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Doing, Failure, Result};

/// A Java program: the directory with its libraries.
#[derive(Debug, Clone)]
pub(crate) struct Libraries {
    directory: PathBuf,
}

impl Libraries {
    /// The libraries of `project`, a pom.xml with the property `wanted` for the version, fetched if the cache does not
    /// have them.
    ///
    /// # Errors
    /// There is no Maven, or it can't get them.
    pub(crate) fn resolve(name: &str, project: &str, version: &str) -> Result<Self> {
        let directory = cache()?.join(format!("{name}-{version}"));
        // Several tests may want the same at the same time.
        let _lock = lock(&format!("{name}-{version}"))?;
        if !directory.is_dir() {
            fetch(&directory, project, version)?;
        }
        Ok(Self { directory })
    }

    /// What `java` takes as its class path.
    pub(crate) fn class_path(&self) -> String {
        format!("{}/*", self.directory.display())
    }
}

/// Waits until nobody else on this machine has the lock of this name; it is held until what is answered is dropped.
///
/// # Errors
/// The cache can't be used.
pub(crate) fn lock(name: &str) -> Result<File> {
    let cache = cache()?;
    let doing = || format!("make {}", cache.display());
    fs::create_dir_all(&cache).doing(doing)?;
    let lock = cache.join(format!("{name}.lock"));
    let lock = File::create(&lock).doing(|| format!("make {}", lock.display()))?;
    lock.lock().doing(|| "lock the cache".to_owned())?;
    Ok(lock)
}

fn fetch(directory: &Path, project: &str, version: &str) -> Result<()> {
    let work = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
    fs::write(work.path().join("pom.xml"), project).doing(|| "write pom.xml".to_owned())?;
    let partial = directory.with_extension("partial");
    if partial.is_dir() {
        fs::remove_dir_all(&partial).doing(|| format!("remove {}", partial.display()))?;
    }
    let output = Command::new("mvn")
        .current_dir(work.path())
        .args(["-q", "-B", "dependency:copy-dependencies"])
        .arg(format!("-Dwanted={version}"))
        .arg(format!("-DoutputDirectory={}", partial.display()))
        .output()
        .doing(|| "run mvn (scripts/setup test installs it)".to_owned())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let why = format!(
            "mvn could not get the libraries for {}: {said}",
            directory.display()
        );
        return Err(Failure::new(why));
    }
    fs::rename(&partial, directory).doing(|| format!("make {}", directory.display()))
}

/// `MILLSTREAM_SERVICES`, else a place in the user's cache.
fn cache() -> Result<PathBuf> {
    if let Some(own) = env::var_os("MILLSTREAM_SERVICES") {
        return Ok(own.into());
    }
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let cache = cache.ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set"))?;
    Ok(cache.join("millstream").join("services"))
}

/// The program `java`, of `JAVA_HOME` if that is set.
pub(crate) fn java() -> String {
    match env::var("JAVA_HOME") {
        Ok(home) if !home.is_empty() => format!("{home}/bin/java"),
        _ => "java".to_owned(),
    }
}
