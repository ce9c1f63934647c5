//! A file can be read once those that it names are known: there are no circles among the files of a crate.

use millstream_house::files::{root, text_files};
use millstream_house::modules::circles;

#[test]
fn no_two_files_need_each_other_but_parents_and_children() {
    let crates = std::fs::read_dir(root().join("crates")).expect("the crates can be listed");
    let mut found = Vec::new();
    let mut looked_at = 0;
    for entry in crates {
        let package = entry.expect("an entry").path();
        let files = text_files(&package.join("src")).expect("sources can be read");
        looked_at += files.len();
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        for circle in circles(&files) {
            let files: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            found.push(format!("{name}: {}", files.join(", ")));
        }
    }
    assert!(looked_at > 100, "only {looked_at} files were found");
    assert!(
        found.is_empty(),
        "files that name each other in a circle (move what both need below both): {found:#?}"
    );
}
