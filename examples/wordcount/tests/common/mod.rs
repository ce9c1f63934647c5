//! The truth about a word count, worked out without the engine.

#![allow(clippy::panic, unreachable_pub, reason = "a shared part of tests")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Asserts that every running count of every word of `input` is in the files of `output` once, and that no hidden file is left.
pub fn every_count_is_there_once(input: &Path, output: &Path) {
    let text = fs::read_to_string(input).expect("the input");
    let mut truth: HashMap<&str, Vec<bool>> = HashMap::new();
    for word in text.split_ascii_whitespace() {
        truth.entry(word).or_default().push(false);
    }
    for entry in fs::read_dir(output).expect("the output") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(!name.starts_with('.'), "{name} was left behind");
        for line in fs::read_to_string(&path).expect("lines").lines() {
            let (word, count) = line.split_once('\t').expect("word and count");
            let count: usize = count.parse().expect("a number");
            let counts = truth
                .get_mut(word)
                .unwrap_or_else(|| panic!("`{word}` never came"));
            let slot = counts
                .get_mut(count - 1)
                .unwrap_or_else(|| panic!("{word} {count}: too many"));
            assert!(!*slot, "{word} {count} was handed out twice");
            *slot = true;
        }
    }
    for (word, counts) in truth {
        assert!(
            counts.iter().all(|seen| *seen),
            "a count of `{word}` is missing"
        );
    }
}
