//! A replay of dead letters is killed with SIGKILL at random moments and asked for again: into a sink that is exactly once each
//! letter is written once. Into one that is not, what an interrupted replay may have sent is not sent again unless that is asked
//! for.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::letters::committed;
use crate::common::{ONCE, Running, command, ingest, lines, put, running};
use datagen::random::Random;
use millstream_services::kafka::Kafka;

const LETTERS: usize = 40_000;

fn letters(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = command(directory);
    command.args(["dead-letters", "-Dmillstream.data-dir=data"]);
    command.args(arguments);
    command
}

/// A job that sets all of its records aside, and then one of the same name that would take them.
fn set_aside(directory: &Path, sink: &[&str]) {
    let rows: String = (0..LETTERS).map(|id| format!("{id},x{id}\n")).collect();
    put(directory, "in/a.csv", format!("id,name\n{rows}"));
    for schema in ["struct<id:Int,name:Int>", "struct<id:Int,name:String>"] {
        let schema = format!("--stream.sql.schema={schema}");
        let parameters = [
            ONCE,
            "--source.type=csv",
            "--source.firstLine.schema=true",
            "--stream.sql.enable=true",
            &schema,
            "--stream.sql=select id, name from t1",
            "--error.policy=dead-letter",
            "--error.dead-letter.path=dead",
        ];
        let parameters = [&parameters[..], sink].concat();
        let said = running::run(ingest(directory, &[], &parameters));
        // Only what the first has set aside is of interest.
        put(directory, "in/a.csv", "id,name\n");
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    assert_eq!(lines(&directory.join("dead")).len(), LETTERS);
}

/// Replays, is killed at a random moment, and so on; the last one is left alone.
#[allow(
    clippy::disallowed_methods,
    reason = "the random moment of the kill is a time"
)]
fn kill_again_and_again(directory: &Path, rounds: u64, latest_ms: u64) {
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(3);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let mut random = Random::new(seed);
    for round in 0..rounds {
        let running = Running::start(letters(directory, &["replay", "job"]));
        let moment = Duration::from_millis(random.below(latest_ms));
        std::thread::sleep(moment);
        let said = running.kill();
        println!(
            "round {round}: killed after {moment:?}, code {:?}",
            said.code
        );
        assert!(!said.err.contains("MS-"), "round {round}: {}", said.err);
    }
    let last = running::run(letters(directory, &["replay", "job"]));
    assert_eq!(last.code, Some(0), "{}", last.err);
}

fn compare(mut ids: Vec<usize>) {
    ids.sort_unstable();
    let wrong = (0..LETTERS).zip(&ids).find(|(right, id)| right != *id);
    assert_eq!((ids.len(), wrong), (LETTERS, None));
}

fn id_of(line: &str) -> Option<usize> {
    let (id, _) = line.strip_prefix("{\"id\":")?.split_once(',')?;
    id.parse().ok()
}

#[test]
fn into_files() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    set_aside(directory, &["--sink.type=file", "--sink.path=out"]);
    kill_again_and_again(directory, 8, 250);
    let out = lines(&directory.join("out"));
    compare(out.iter().filter_map(|line| id_of(line)).collect());
    let again = running::run(letters(directory, &["replay", "job"]));
    assert_eq!(
        (again.code, again.out.as_str()),
        (Some(0), "Nothing to replay.\n")
    );
}

#[test]
fn into_kafka() {
    let kafka = Kafka::start().expect("a broker");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let brokers = format!("--sink.kafka.brokers={}", kafka.brokers());
    let sink = [
        "--sink.type=kafka",
        "--sink.kafka.topic=out",
        "--sink.kafka.create=partitions=2,replication=1",
        "--stream.checkpoint.mode=EXACTLY_ONCE",
        brokers.as_str(),
    ];
    set_aside(directory, &sink);
    kill_again_and_again(directory, 4, 1_200);
    let out = committed(&kafka, "out", LETTERS);
    compare(out.iter().filter_map(|out| id_of(&out.value)).collect());
    let listed = kafka
        .tool("TransactionsCommand", &["list"], "")
        .expect("listed");
    assert!(!listed.contains("Ongoing"), "{listed}");
}

#[test]
fn into_standard_output() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    set_aside(directory, &["--sink.type=print"]);
    // Whoever does not read holds it up in the middle.
    let mut stuck = letters(directory, &["replay", "job"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let is_begun = || {
        let said = running::run(letters(directory, &["list", "job", "--json"]));
        said.out.contains(&format!("\"begun\": {LETTERS}"))
    };
    while !is_begun() {
        assert!(matches!(stuck.try_wait(), Ok(None)), "it runs");
    }
    stuck.kill().expect("killed");
    stuck.wait().expect("gone");
    let said = running::run(letters(directory, &["replay", "job"]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = format!(
        "{LETTERS} letters of a replay that was interrupted may have been sent or not; --unclear sends again.\nNothing to replay.\n"
    );
    assert_eq!(said.out, told);
    let said = running::run(letters(
        directory,
        &["replay", "job", "--unclear", "--limit", "5"],
    ));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let printed = said.out.lines().filter(|line| line.starts_with('{'));
    assert_eq!(printed.count(), 5, "{}", said.out);
    assert!(said.out.ends_with("5 letters replayed.\n"), "{}", said.out);
    let said = running::run(letters(directory, &["list", "job", "--json"]));
    let left = LETTERS - 5;
    assert!(
        said.out.contains(&format!("\"unclear\": {left}")),
        "{}",
        said.out
    );
    assert!(said.out.contains("\"replayed\": 5"), "{}", said.out);
}
