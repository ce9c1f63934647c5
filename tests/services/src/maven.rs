//! What services are made of: libraries from Maven Central, in a cache.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Doing, Failure, Result};

/// A Java program: the directory with its libraries.
#[derive(Debug, Clone)]
pub(crate) struct Libraries {
    directory: PathBuf,
    /// The files in the order in which classes are looked for; empty: whatever the directory says.
    order: Vec<String>,
}

impl Libraries {
    /// The libraries of `project`, a pom.xml with the property `wanted` for the version, fetched if the cache does not
    /// have them.
    ///
    /// # Errors
    /// There is no Maven, or it can't get them.
    pub(crate) fn resolve(name: &str, project: &str, version: &str) -> Result<Self> {
        Self::cached(name, version, |directory| {
            fetch(directory, project, version)
        })
    }

    /// The libraries that the cache has under a name, which `get` puts into a directory if there are none.
    fn cached(name: &str, version: &str, get: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let directory = cache()?.join(format!("{name}-{version}"));
        // Several tests may want the same at the same time.
        let _lock = lock(&format!("{name}-{version}"))?;
        if !directory.is_dir() {
            get(&directory)?;
        }
        Ok(Self {
            directory,
            order: Vec::new(),
        })
    }

    /// The libraries of a list, one a line: `group:artifact:version` with `:classifier` where it has one. Nothing is looked
    /// up: what they need is in the list, too, and several are fetched side by side.
    ///
    /// # Errors
    /// There is no Maven, or it can't get them.
    pub(crate) fn listed(name: &str, list: &str, version: &str) -> Result<Self> {
        let lines = list.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines: Vec<&str> = lines.collect();
        let found = Self::cached(name, version, |directory| copy(directory, &lines))?;
        // Some classes are in several of them; directories list files in no order.
        let order = lines.iter().map(|line| file_of(line)).collect();
        Ok(Self { order, ..found })
    }

    /// What `java` takes as its class path.
    pub(crate) fn class_path(&self) -> String {
        if self.order.is_empty() {
            return format!("{}/*", self.directory.display());
        }
        let paths = self.order.iter().map(|file| self.directory.join(file));
        let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
        paths.join(":")
    }
}

/// The file of a library: `artifact-version-classifier.jar`.
fn file_of(name: &str) -> String {
    let parts: Vec<&str> = name.split(':').skip(1).collect();
    format!("{}.jar", parts.join("-"))
}

/// So many programs fetch libraries side by side.
const SIDE_BY_SIDE: usize = 4;

/// How often that is tried: a registry may be away for a moment.
const ATTEMPTS: usize = 4;

/// Gets libraries by their names.
fn copy(directory: &Path, names: &[&str]) -> Result<()> {
    let partial = directory.with_extension("partial");
    if partial.is_dir() {
        fs::remove_dir_all(&partial).doing(|| format!("remove {}", partial.display()))?;
    }
    let work = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
    let mut projects = Vec::new();
    let size = names.len().div_ceil(SIDE_BY_SIDE).max(1);
    for (number, names) in names.chunks(size).enumerate() {
        let project = work.path().join(number.to_string());
        fs::create_dir_all(&project).doing(|| format!("make {}", project.display()))?;
        let text = copying(names, &partial)?;
        fs::write(project.join("pom.xml"), text).doing(|| "write pom.xml".to_owned())?;
        projects.push(project);
    }
    // The first one by itself: it brings what Maven needs to copy anything, and programs that get the same file at once damage it.
    let mut left = projects.split_off(projects.len().min(1));
    left.splice(0..0, copied(projects)?.failed);
    let mut why = String::new();
    for attempt in 0..ATTEMPTS {
        if left.is_empty() {
            break;
        }
        let outcome = if attempt == 0 {
            copied(left)?
        } else {
            one_by_one(left)?
        };
        (left, why) = (outcome.failed, outcome.why);
    }
    if !left.is_empty() {
        return Err(Failure::new(format!(
            "mvn could not get the libraries for {}: {why}",
            directory.display()
        )));
    }
    fs::rename(&partial, directory).doing(|| format!("make {}", directory.display()))
}

/// What did not come, and what Maven said.
#[derive(Default)]
struct Outcome {
    failed: Vec<PathBuf>,
    why: String,
}

/// Runs Maven for projects, side by side.
fn copied(projects: Vec<PathBuf>) -> Result<Outcome> {
    let mut running = Vec::new();
    for project in projects {
        let child = Command::new("mvn")
            .current_dir(&project)
            .args(["-q", "-B", "dependency:copy"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .doing(|| "run mvn (scripts/setup test installs it)".to_owned())?;
        running.push((project, child));
    }
    let mut outcome = Outcome::default();
    for (project, child) in running {
        let output = child
            .wait_with_output()
            .doing(|| "wait for mvn".to_owned())?;
        if !output.status.success() {
            outcome.why = String::from_utf8_lossy(&output.stdout).into_owned();
            outcome.failed.push(project);
        }
    }
    Ok(outcome)
}

/// Runs Maven for one project after the other.
fn one_by_one(projects: Vec<PathBuf>) -> Result<Outcome> {
    let mut all = Outcome::default();
    for project in projects {
        let one = copied(vec![project])?;
        if !one.failed.is_empty() {
            all.failed.extend(one.failed);
            all.why = one.why;
        }
    }
    Ok(all)
}

/// A pom.xml that has libraries copied into a directory.
fn copying(names: &[&str], directory: &Path) -> Result<String> {
    let mut items = String::new();
    for name in names {
        let mut parts = name.split(':');
        let (Some(group), Some(artifact), Some(version)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(Failure::new(format!("{name} names no library")));
        };
        let classifier = parts.next().map_or_else(String::new, |classifier| {
            format!("<classifier>{classifier}</classifier>")
        });
        items.push_str(&format!(
            "<artifactItem><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>\
             {classifier}</artifactItem>\n"
        ));
    }
    Ok(format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>millstream</groupId><artifactId>copy</artifactId><version>1</version><packaging>pom</packaging>\
         <build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>\
         <configuration><outputDirectory>{}</outputDirectory><artifactItems>\n{items}</artifactItems></configuration>\
         </plugin></plugins></build></project>\n",
        directory.display()
    ))
}

/// Ports that the system gives to no connection by itself: none that happens to begin takes one of them between its choice and its use.
const PORTS: Range<u16> = 20_000..32_000;

/// How many ports this process has looked at.
static LOOKED_AT: AtomicU32 = AtomicU32::new(0);

/// A port of 127.0.0.1 that nobody listens on, and no other process of tests is likely to choose.
pub(crate) fn free_port() -> Result<u16> {
    let own = std::process::id().wrapping_mul(7_919);
    let mut port = PORTS.start;
    for _ in PORTS {
        let next = own.wrapping_add(LOOKED_AT.fetch_add(1, Ordering::Relaxed));
        port = PORTS.start + (next % PORTS.len() as u32) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    let listener = TcpListener::bind(("127.0.0.1", port));
    listener.doing(|| "find a free port".to_owned())?;
    Ok(port)
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
pub(crate) fn cache() -> Result<PathBuf> {
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
