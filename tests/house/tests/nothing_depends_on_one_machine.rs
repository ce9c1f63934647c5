//! No file names a place on somebody's machine, or a package registry other than the public one.

use millstream_house::files::{TextFile, root, text_files};

/// Where paths of machines begin. Put together here so that this file does not hold them.
const MACHINES: &[&str] = &[
    concat!("/", "root/"),
    concat!("/", "work/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
];

/// What names a registry or its stand-in. The public one stands in Cargo.lock without being named anywhere else.
const REGISTRIES: &[&str] = &[
    concat!("replace", "-with"),
    concat!("index", "-url"),
    concat!("sparse", "+http"),
    concat!("registry", "+http"),
    concat!("[reg", "istries"),
];

/// The registry that Cargo.lock may name.
const PUBLIC: &str = concat!(
    "source = \"registry",
    "+https://github.com/rust-lang/crates.io-index\""
);

fn repository() -> Vec<TextFile> {
    text_files(&root()).expect("the repository can be read")
}

#[test]
fn no_file_names_a_path_of_a_machine() {
    let mut wrong = Vec::new();
    for file in repository() {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(path) = MACHINES.iter().find(|path| begins_path(line, path)) {
                wrong.push(format!("{}:{} names {path}", file.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether `line` holds `path` as the beginning of a path, not in the middle of one.
fn begins_path(line: &str, path: &str) -> bool {
    let in_path = |c: char| {
        c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | ')' | '>' | '~' | '$')
    };
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(in_path)
    })
}

#[test]
fn no_file_names_a_registry() {
    let mut wrong = Vec::new();
    for file in repository() {
        for (number, line) in file.text.lines().enumerate() {
            let is_public = file.path.ends_with("Cargo.lock") && line == PUBLIC;
            if !is_public && REGISTRIES.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{} {line}", file.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
