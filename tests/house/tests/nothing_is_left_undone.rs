//! No stub in any source, no test that is switched off.

use millstream_house::files::{root, text_files};
use millstream_house::rust_source::code_only;

/// What says that something was not done. Blanks do not matter.
const UNDONE: &[&str] = &["todo!", "unimplemented!", "#[ignore]", "#[ignore="];

#[test]
fn no_source_holds_a_stub_or_an_ignored_test() {
    let mut wrong = Vec::new();
    for file in text_files(&root()).expect("the repository can be read") {
        if !file.path.ends_with(".rs") {
            continue;
        }
        for (number, line) in code_only(&file.text).lines().enumerate() {
            let dense: String = line.split_whitespace().collect();
            if let Some(word) = UNDONE.iter().find(|word| dense.contains(**word)) {
                wrong.push(format!("{}:{} {word}", file.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
