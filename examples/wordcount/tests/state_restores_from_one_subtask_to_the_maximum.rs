//! A job that is suspended goes on at parallelism 1, 7, 128 and 3 with every count where it was; above the maximum it is
//! refused.

#[path = "../../../crates/cli/tests/common/running.rs"]
mod running;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use running::Running;

const WORDS: usize = 500;

fn word_count(directory: &Path, parallelism: usize, options: &[&str], address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wordcount"));
    command
        .current_dir(directory)
        .args(["-p", &parallelism.to_string(), "-Dmillstream.data-dir=data"])
        .args(options)
        .args(["--socket", address]);
    command
}

/// `word` and count of a printed line, and the subtask that printed it.
fn parse(line: &str) -> (String, usize, usize) {
    let (subtask, pair) = line.split_once("> ").unwrap_or(("1", line));
    let pair = pair
        .trim_matches(['(', ')'])
        .split_once(',')
        .expect("word and count");
    let number = |text: &str| text.parse().expect("a number");
    (pair.0.to_owned(), number(pair.1), number(subtask))
}

#[test]
fn every_count_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut from: Option<String> = None;
    for (round, parallelism) in [1, 7, 128, 3].into_iter().enumerate() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let options: Vec<&str> = from.iter().flat_map(|from| ["-s", from]).collect();
        let job = word_count(directory.path(), parallelism, &options, &address);
        let mut job = Running::start(job);
        let mut socket = listener.accept().expect("the source connects").0;
        let words: String = (0..WORDS).map(|word| format!("word-{word} ")).collect();
        writeln!(socket, "{words}").expect("the source reads");
        let mut subtasks = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for _ in 0..WORDS {
            let (word, count, subtask) = parse(&job.await_print());
            assert_eq!(count, round + 1, "{word} at parallelism {parallelism}");
            assert!(subtask <= parallelism);
            assert_eq!(counts.insert(word, count), None);
            subtasks.insert(subtask, ());
        }
        // A word belongs to one subtask; with this many all but a few have some.
        assert!(
            subtasks.len() > parallelism * 3 / 4,
            "{subtasks:?} at {parallelism}"
        );
        let said = job.suspend();
        from = Some(said.savepoint().to_owned());
    }
}

#[test]
fn above_the_maximum_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let mut job = Running::start(word_count(directory.path(), 2, &[], &address));
    let mut socket = listener.accept().expect("the source connects").0;
    writeln!(socket, "word").expect("the source reads");
    job.await_print();
    let said = job.suspend();
    let from = said.savepoint();
    for (parallelism, options, expected) in [
        (
            129,
            &[][..],
            "MS-4002: parallelism of Source: Lines is 129, not 1 to 128; ",
        ),
        (
            129,
            &["-Dpipeline.max-parallelism=256"],
            "MS-3007: snapshot ",
        ),
        (2, &["-Dpipeline.max-parallelism=64"], "MS-3007: snapshot "),
    ] {
        let options = [&["-s", from], options].concat();
        let command = word_count(directory.path(), parallelism, &options, &address);
        let said = running::run(command);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(1), ""),
            "{options:?}: {said:?}"
        );
        let error = said.error();
        assert!(error.starts_with(expected), "{error}");
        if expected.starts_with("MS-3007") {
            assert!(
                error.contains(from) && error.ends_with("set pipeline.max-parallelism to 128"),
                "{error}"
            );
        }
    }
}
