//! Finds the commit that is built, for `millstream --version`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=MILLSTREAM_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    // The log of HEAD grows with every commit and every switch of branches.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    if let Some(log) = log.filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    // Packagers who build without the repository name the commit themselves.
    let named = std::env::var("MILLSTREAM_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty());
    let commit = named.or_else(|| git(&["rev-parse", "--short", "HEAD"]));
    println!(
        "cargo::rustc-env=MILLSTREAM_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}
