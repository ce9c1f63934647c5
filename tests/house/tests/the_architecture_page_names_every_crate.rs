//! ARCHITECTURE.md has a row for every crate, and states its invariants.

use std::fs;

use millstream_house::files::root;
use millstream_house::packages::packages;

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there")
}

#[test]
fn every_crate_has_a_row() {
    let page = page();
    let packages = packages().expect("cargo tells about the workspace");
    let missing: Vec<&str> = packages
        .iter()
        .filter_map(|package| package.folder.strip_prefix("crates/"))
        .filter(|name| !page.contains(&format!("| `{name}` |")))
        .collect();
    assert!(missing.is_empty(), "no row in ARCHITECTURE.md: {missing:?}");
}

#[test]
fn invariants_are_stated() {
    let stated = page().matches("**Architecture Invariant:**").count();
    assert!(stated >= 15, "{stated} invariants");
}
