//! A directory that holds more files than are looked at in one turn is read to its end without waiting for the next regular look.

use std::time::Duration;

use crate::files_source_support::{Attempt, source};
use millstream_connectors::files_source::Watch;
use millstream_connectors::rows::Parsed;

/// More than are taken up in one look.
const FILES: usize = (1 << 16) + 100;

#[test]
fn in_a_directory_that_is_watched() {
    let directory = tempfile::tempdir().expect("a directory");
    for file in 0..FILES {
        std::fs::write(directory.path().join(format!("{file:06}")), "1\n").expect("is written");
    }
    let source = source(directory.path(), |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_secs(3_600),
        };
        options.intake.settle = Some(Duration::ZERO);
    });
    let mut attempt = Attempt::start(&source, 1);
    // Fails where nothing comes for a while.
    let found = attempt.read_until(|found| rows(found) >= FILES);
    assert_eq!(rows(&found.expect("can be read")), FILES);
}

fn rows(found: &[Parsed]) -> usize {
    let rows = found.iter().map(|parsed| match parsed {
        Parsed::Rows(rows) => rows.len(),
        _ => 0,
    });
    rows.sum()
}
