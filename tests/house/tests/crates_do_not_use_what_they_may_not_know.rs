//! What a dependency list can't hold: parts of the standard library, and modules within a crate.

use millstream_house::files::{TextFile, root, text_files};
use millstream_house::rust_source::code_only;

/// What the pure crates may not use of the standard library and of the language.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::io",
    "std::process",
    "std::env",
    "std::thread",
    "Instant",
    "SystemTime",
    "async fn",
    ".await",
];
/// The sources of the pure crates.
const PURE: &[&str] = &["crates/core/src/", "crates/protocol/src/"];

/// Where the engine may know timely.
const TIMELY: &[&str] = &[
    "crates/engine/src/task.rs",
    "crates/engine/src/task/",
    "crates/engine/src/attempt.rs",
    "crates/engine/src/attempt/",
    "crates/engine/src/time.rs",
];

/// Modules of the connectors crate that are not connectors but what connectors share.
const SHARED_BY_CONNECTORS: &[&str] = &[
    "commit_nothing",
    "conformance",
    "directories",
    "formats",
    "looking",
    "rows",
    "waiting",
];

/// Connectors that are another one in a simpler shape, or make columns of text as it does: the first is built on the
/// second.
const BUILT_ON: &[(&str, &str)] = &[
    ("collection", "iterator_source"),
    ("text", "files_source"),
    ("kafka", "files_source"),
    // Tables of Hive are files.
    ("hive", "files_source"),
];

fn production(prefix: &str) -> Vec<TextFile> {
    let files = text_files(&root().join("crates")).expect("sources can be read");
    let files = files.into_iter().map(|file| TextFile {
        path: format!("crates/{}", file.path),
        ..file
    });
    files
        .filter(|file| {
            file.path.starts_with(prefix) && file.path.ends_with(".rs") && !is_test(&file.path)
        })
        .map(|file| TextFile {
            text: code_only(&file.text),
            ..file
        })
        .collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

#[test]
fn pure_crates_know_no_input_output_clock_or_thread() {
    let mut wrong = Vec::new();
    for prefix in PURE {
        for file in production(prefix) {
            for (number, line) in file.text.lines().enumerate() {
                if let Some(word) = IMPURE.iter().find(|word| has_word(line, word)) {
                    wrong.push(format!("{}:{} uses {word}", file.path, number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether `line` holds `word` and not just a longer word that `word` is a part of.
fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let behind = line
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        let begins = word.starts_with('.') || !before.is_some_and(is_word);
        begins && !behind.is_some_and(is_word)
    })
}

#[test]
fn timely_stays_in_tasks_and_attempts() {
    let mut wrong = Vec::new();
    let mut uses = 0;
    for file in production("crates/engine/src/") {
        let at_home = TIMELY.iter().any(|home| file.path.starts_with(home));
        for (number, line) in file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains("timely::"))
        {
            uses += 1;
            if !at_home || line.trim_start().starts_with("pub use") {
                wrong.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    assert!(
        uses > 0,
        "the engine has no use of timely: is this test looking at the right folder?"
    );
    assert!(
        wrong.is_empty(),
        "timely is used outside of its home: {wrong:#?}"
    );
}

/// Whether a file names the module `module` of its crate: by `crate::`, by as many `super::` as lead to the root, or
/// in a group of one of both.
fn uses_module(file: &TextFile, module: &str) -> bool {
    let inner = file.path.split("/src/").nth(1).unwrap_or_default();
    let is_mod = inner.ends_with("/mod.rs");
    let depth = inner.split('/').count() - usize::from(is_mod);
    let text: String = file.text.split_whitespace().collect::<Vec<_>>().join(" ");
    ["crate::".to_owned(), "super::".repeat(depth)]
        .iter()
        .any(|root| names_behind(&text, root).any(|name| name == module))
}

/// The modules that stand right behind `root`, alone or in a group: `a` and `b` of `root{a::x, b}`.
fn names_behind<'a>(text: &'a str, root: &'a str) -> impl Iterator<Item = &'a str> {
    let ends_a_word = |c: char| !(c.is_alphanumeric() || c == '_');
    let first = move |text: &'a str| text.split(ends_a_word).next().unwrap_or_default();
    text.match_indices(root)
        // `super::super::x` is not `super::x`.
        .filter(|(at, _)| !text.get(..*at).unwrap_or_default().ends_with("::"))
        .filter_map(|(at, root)| text.get(at + root.len()..))
        .flat_map(move |rest| match rest.strip_prefix('{') {
            None => vec![first(rest)],
            Some(group) => members(group).into_iter().map(first).collect(),
        })
}

/// The members of a group whose opening brace has been passed.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut found) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(group.get(from..at).unwrap_or_default().trim());
                from = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_use_is_found_however_it_is_written() {
    let file = |path: &str, text: &str| TextFile {
        path: format!("crates/connectors/src/{path}"),
        text: text.to_owned(),
    };
    for (path, text) in [
        ("print.rs", "use crate::socket::Lines;"),
        ("print.rs", "use super::socket::Lines;"),
        (
            "print.rs",
            "use crate::{\n    rows::{Rows, Origin},\n    socket::Lines,\n};",
        ),
        ("print/rows.rs", "use super::super::{socket, rows};"),
        ("print.rs", "let lines = crate::socket::lines();"),
    ] {
        assert!(uses_module(&file(path, text), "socket"), "{path}: {text}");
    }
    for (path, text) in [
        ("print.rs", "use crate::rows::socket;"),
        ("print/rows.rs", "use super::socket::Lines;"),
        ("print.rs", "use crate::{rows::{socket, Rows}, sockets};"),
        ("print.rs", "use std::socket;"),
    ] {
        assert!(!uses_module(&file(path, text), "socket"), "{path}: {text}");
    }
}

#[test]
fn connectors_do_not_know_each_other() {
    const SOURCES: &str = "crates/connectors/src/";
    let files = production(SOURCES);
    let module = |path: &str| {
        let inner = path.trim_start_matches(SOURCES);
        inner
            .split(['/', '.'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let mut connectors: Vec<String> = files.iter().map(|file| module(&file.path)).collect();
    connectors.retain(|name| name != "lib" && !SHARED_BY_CONNECTORS.contains(&name.as_str()));
    connectors.dedup();
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !file.path.ends_with("/lib.rs")) {
        let own = module(&file.path);
        for other in connectors.iter().filter(|other| **other != own) {
            let built_on = BUILT_ON.contains(&(own.as_str(), other.as_str()));
            if !built_on && uses_module(file, other) {
                wrong.push(format!("{} knows the connector {other}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
