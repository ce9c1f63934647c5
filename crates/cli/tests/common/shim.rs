//! Libraries that are loaded into a program before its own: they answer for the system as a test wants.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the library of this source in C into a directory.
#[track_caller]
pub(crate) fn build(source: &str, directory: &Path) -> PathBuf {
    let (path, library) = (directory.join("shim.c"), directory.join("shim.so"));
    std::fs::write(&path, source).expect("written");
    // The linker of Rust is one of C as well.
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &path])
        .arg("-ldl")
        .status();
    assert!(built.expect("cc").success());
    library
}
