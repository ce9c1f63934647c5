//! Finds the commit that is built, for `millstream --version`, and fixes the program's place in memory.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=MILLSTREAM_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    // A program that may lie anywhere has its 140,000 pointers adjusted at every start, which takes longer than all of
    // `millstream list`. The libraries, the heap and the stack still lie at random places.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
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
