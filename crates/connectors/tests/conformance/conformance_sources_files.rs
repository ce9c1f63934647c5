//! The sources of files keep the promises of a source whose position is state, also when splits, blocks
//! and batches are tiny.

use std::fmt::Write;
use std::path::Path;

use arrow::array::{Array, AsArray};
use millstream_connectors::conformance::SourceSuite;
use millstream_connectors::files_source::{
    AfterCommit, FileSource, FileSourceOptions, Format, ReadSizes,
};
use millstream_connectors::rows::Parsed;
use millstream_connectors::text::{TextFileOptions, TextFileSource};

const SIZES: ReadSizes = ReadSizes {
    split: 1_000,
    block: 512,
    record: 65_536,
    rows: 100,
};

/// Three files of quoted CSV with line breaks and a bad record now and then, and the records in them.
fn csv(directory: &Path) -> Vec<String> {
    let mut truth = Vec::new();
    for file in 0..3 {
        let mut text = "id,word\n".to_owned();
        for row in 0..300 {
            let id = file * 1_000 + row;
            if row % 97 == 13 {
                writeln!(text, "{id},too,many").expect("memory");
                truth.push(format!("bad {id},too,many"));
            } else {
                let word = format!("a \"word\",\nnumber {row}");
                let quoted = word.replace('"', "\"\"");
                writeln!(text, "{id},\"{quoted}\"").expect("memory");
                truth.push(format!("{id}|{word}"));
            }
        }
        std::fs::write(directory.join(format!("{file}.csv")), text).expect("is written");
    }
    truth
}

fn records(parsed: Parsed) -> Vec<String> {
    match parsed {
        Parsed::Rows(rows) => {
            let ids = rows.batch.column(0).as_string::<i32>();
            let words = rows.batch.column(1).as_string::<i32>();
            (0..rows.len())
                .map(|row| {
                    assert!(words.is_valid(row));
                    format!("{}|{}", ids.value(row), words.value(row))
                })
                .collect()
        }
        Parsed::Bad(bad) => bad
            .iter()
            .map(|bad| format!("bad {}", String::from_utf8_lossy(&bad.raw)))
            .collect(),
        Parsed::LeftOut(rows) => unreachable!("{rows} rows of text are left out"),
    }
}

#[test]
fn files_of_rows_go_on_where_they_were() {
    let directory = tempfile::tempdir().expect("a directory");
    let truth = csv(directory.path());
    let source = || {
        let mut options = FileSourceOptions::new(directory.path());
        options.format = Format::csv();
        options.format.header = true;
        options.sizes = SIZES;
        Box::new(FileSource::new(options).expect("a source")) as _
    };
    SourceSuite::new(&source, &records, truth).rounds(40).run();
}

#[test]
fn files_of_lines_go_on_where_they_were() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines: Vec<String> = (0..2_000)
        .map(|line| format!("{line}{}", "-".repeat(line % 50)))
        .collect();
    for (number, part) in lines.chunks(700).enumerate() {
        let path = directory.path().join(number.to_string());
        std::fs::write(path, part.join("\n")).expect("is written");
    }
    let source = || {
        let mut options = TextFileOptions::new(directory.path());
        options.sizes = SIZES;
        Box::new(TextFileSource::<String>::new(options).expect("a source")) as _
    };
    SourceSuite::new(&source, &|line| vec![line], lines.clone())
        .rounds(40)
        .run();
}

#[test]
fn files_that_are_deleted_behind_their_commit_go_on_where_they_were() {
    let directory = tempfile::tempdir().expect("a directory");
    let truth = csv(directory.path());
    let source = || {
        let mut options = FileSourceOptions::new(directory.path());
        options.format = Format::csv();
        options.format.header = true;
        options.sizes = SIZES;
        options.intake.after_commit = AfterCommit::Delete;
        Box::new(FileSource::new(options).expect("a source")) as _
    };
    SourceSuite::new(&source, &records, truth)
        .before_each_life(&|| drop(csv(directory.path())))
        .rounds(40)
        .run();
}
