//! A file can be read once those that it names are known: there are no circles among the files of a crate.

use millstream_house::files::{root, text_files};
use millstream_house::modules::circles;
use millstream_house::packages::packages;

#[test]
fn no_two_files_need_each_other_but_parents_and_children() {
    let mut found = Vec::new();
    let mut looked_at = 0;
    let packages = packages().expect("the packages of the workspace");
    for package in &packages {
        let sources = root().join(&package.folder).join("src");
        let files = text_files(&sources).expect("sources can be read");
        looked_at += files.len();
        let folder = &package.folder;
        for circle in circles(&files) {
            let files: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            found.push(format!("{folder}: {}", files.join(", ")));
        }
    }
    assert!(looked_at > 100, "only {looked_at} files were found");
    for place in ["crates/", "tests/", "bench/", "examples/"] {
        let is_there = packages.iter().any(|own| own.folder.starts_with(place));
        assert!(is_there, "no package below {place} was found");
    }
    assert!(
        found.is_empty(),
        "files that name each other in a circle (move what both need below both): {found:#?}"
    );
}
