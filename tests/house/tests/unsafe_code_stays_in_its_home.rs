//! Unsafe code is in two modules of one crate, which call C and are called by it.

use millstream_house::files::{TextFile, root, text_files};

/// Where unsafe code is allowed.
const HOMES: &[&str] = &["crates/gssapi/src/library.rs", "crates/gssapi/src/sasl.rs"];

/// The crate that they are in.
const CRATE: &str = "crates/gssapi/Cargo.toml";

fn crates() -> Vec<TextFile> {
    let files = text_files(&root()).expect("the repository can be read");
    let of_crates = |file: &TextFile| file.path.starts_with("crates/");
    files.into_iter().filter(of_crates).collect()
}

#[test]
fn every_other_crate_forbids_it() {
    let mut wrong = Vec::new();
    for file in crates() {
        let is_package = file.path.ends_with("/Cargo.toml") && file.text.contains("[package]");
        let forbids = file.text.contains("[lints]\nworkspace = true")
            || file.text.contains("unsafe_code = \"forbid\"");
        if is_package && file.path != CRATE && !forbids {
            wrong.push(file.path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn it_is_allowed_in_its_home_alone() {
    let allowed = concat!("allow(unsafe", "_code");
    let wrong: Vec<String> = crates()
        .into_iter()
        .filter(|file| file.path.ends_with(".rs") && file.text.contains(allowed))
        .filter(|file| !HOMES.contains(&file.path.as_str()))
        .map(|file| file.path)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
