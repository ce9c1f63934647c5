//! A file has at most 1,000 lines and a production file at most 600; a function has at most 100.

use millstream_house::files::{TextFile, root, text_files};
use millstream_house::rust_source::{code_only, functions};

/// Lines of any Rust file.
const LARGEST_FILE: usize = 1_000;
/// Lines of a file that is no test.
const LARGEST_PRODUCTION_FILE: usize = 600;
/// Lines of a function.
const LARGEST_FUNCTION: usize = 100;
/// Production files that may be larger, each with its reason. To stay empty.
const LARGER: &[(&str, &str)] = &[];

fn rust_files() -> Vec<TextFile> {
    let mut files = text_files(&root()).expect("the repository can be read");
    files.retain(|file| file.path.ends_with(".rs"));
    assert!(files.len() > 100, "only {} Rust files found", files.len());
    files
}

#[test]
fn files_stay_small() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        let is_test = file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
        let excepted = is_test || LARGER.iter().any(|(path, _)| *path == file.path);
        let limit = if excepted {
            LARGEST_FILE
        } else {
            LARGEST_PRODUCTION_FILE
        };
        let lines = file.text.lines().count();
        if lines > limit {
            wrong.push(format!(
                "{} has {lines} lines, more than {limit}",
                file.path
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn exceptions_are_needed() {
    let files = rust_files();
    for (path, reason) in LARGER {
        assert!(!reason.is_empty(), "{path} needs a reason");
        let file = files.iter().find(|file| file.path == *path);
        let lines = file.map_or(0, |file| file.text.lines().count());
        assert!(
            lines > LARGEST_PRODUCTION_FILE,
            "{path} has {lines} lines: take it off the list"
        );
    }
}

#[test]
fn functions_stay_small() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        for function in functions(&code_only(&file.text)) {
            if function.lines > LARGEST_FUNCTION {
                let (path, line) = (&file.path, function.line);
                wrong.push(format!(
                    "{path}:{line} {} has {} lines",
                    function.name, function.lines
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "functions of more than {LARGEST_FUNCTION} lines: {wrong:#?}"
    );
}
