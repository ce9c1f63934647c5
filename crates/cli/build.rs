//! Finds the commit that is built, for `millstream --version`, fixes the program's place in memory, and takes in the pages of the
//! errors.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=MILLSTREAM_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    take_in_pages();
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

/// Writes what `millstream explain` includes: the code and the text of every page of `docs/errors/`.
fn take_in_pages() {
    // Asked for when this runs: compiled in, it would be that of the checkout which a shared build directory was filled from.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate lies");
    let directory = Path::new(&here).join("../../docs/errors");
    println!("cargo::rerun-if-changed={}", directory.display());
    let entries = std::fs::read_dir(&directory).expect("docs/errors can be listed");
    let mut pages: Vec<_> = entries
        .map(|entry| entry.expect("an entry of docs/errors").path())
        .filter(|page| page.file_stem().is_some_and(|stem| stem != "README"))
        .collect();
    pages.sort();
    let mut text = String::from("&[\n");
    for page in pages {
        let code = page.file_stem().unwrap_or_default().to_string_lossy();
        text.push_str(&format!("({code:?}, include_str!({page:?})),\n"));
    }
    text.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo says where output goes");
    let target = Path::new(&out).join("pages.rs");
    std::fs::write(target, text).expect("the list of pages can be written");
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
