//! Where the command is that is tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

/// The variable that names the command to try.
pub(crate) const VARIABLE: &str = "MILLSTREAM_BINARY";

/// The command that is tried: the one of the environment, else what cargo has built beside this program, from the
/// sources as they are.
pub(crate) fn find() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return fs::canonicalize(&path).with_context(|| format!("{VARIABLE}={}", path.display()));
    }
    let own = std::env::current_exe()?;
    let directory = own.parent().context("a directory")?;
    let path = directory.join("millstream");
    ensure!(
        path.exists(),
        "{} is not there; build it: cargo build --release --workspace",
        path.display()
    );
    is_new(&path)?;
    Ok(path)
}

/// Refuses a program that is older than one of its sources, which cargo names beside it.
fn is_new(path: &Path) -> Result<()> {
    let changed = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let built = changed(path);
    let list = fs::read_to_string(path.with_extension("d")).unwrap_or_default();
    let sources = list.split_once(':').map_or("", |(_, sources)| sources);
    let mut sources = sources
        .split_whitespace()
        .filter(|source| source.ends_with(".rs"));
    let newer = sources.find(|source| changed(Path::new(source)) > built);
    ensure!(
        newer.is_none(),
        "{} is older than {}; build it: cargo build --release --workspace",
        path.display(),
        newer.unwrap_or_default()
    );
    Ok(())
}
