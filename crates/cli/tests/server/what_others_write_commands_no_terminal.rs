//! What records, names and programs hold is shown with its control characters written out: by the command always, and by what passes
//! data on where it goes to a terminal. A pipe gets data as it is, and JSON stays JSON.

use std::process::Command;

use crate::common::running::{Said, run};
use crate::common::server::Server;
use crate::common::{command, put};
use serde_json::Value;

/// Escape sequences of seven and of eight bits: colours, and the title of the window.
const HOSTILE: &str = "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}31m";

fn is_harmless(text: &str) {
    let commands = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r');
    assert!(!text.contains(commands), "{}", text.escape_debug());
}

#[test]
fn of_a_job_on_a_server() {
    let directory = tempfile::tempdir().expect("a directory");
    put(
        directory.path(),
        "in/1.csv",
        format!("id,name\n{HOSTILE},Ann\n"),
    );
    let server = Server::started(directory.path(), &[]);
    let failed = server.run(&[
        "run",
        "ingest",
        "--job.name=hostile",
        "--source.type=csv",
        "--source.path=in",
        "--source.firstLine.schema=true",
        "--stream.sql.enable=true",
        "--stream.sql.table=t",
        "--stream.sql.schema.json={\"id\":\"Int\",\"name\":\"String\"}",
        "--stream.sql=select id, name from t",
        "--error.policy=fail",
        "--sink.type=print",
    ]);
    assert_ne!(failed.code, Some(0), "{}", failed.out);
    is_harmless(&failed.err);
    let shown = server.succeed(&["exceptions", "hostile"]);
    assert!(shown.contains("\\u{1b}[31mred"), "{}", shown.escape_debug());
    is_harmless(&shown);
    let shown = server.run(&["exceptions", "--json", "hostile"]).out;
    is_harmless(&shown);
    let read: Value = serde_json::from_str(&shown).expect(&shown);
    assert!(read.to_string().contains("red"), "{read}");
    server.end();
}

/// A run of this process that prints.
fn printing(directory: &std::path::Path, more: &[&str]) -> Command {
    put(directory, "in/1.csv", format!("id,name\n1,{HOSTILE}\n"));
    let mut command = command(directory);
    command
        .args(["run", "-t", "local", "-Dmillstream.data-dir=data", "ingest"])
        .args(["--source.type=csv", "--source.path=in"])
        .args(["--source.firstLine.schema=true", "--sink.type=print"])
        .arg("--source.watch.type=PROCESS_ONCE")
        .args(more);
    command
}

/// What `command` says to a terminal.
fn on_a_terminal(directory: &std::path::Path, command: &Command) -> Said {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let mut script = Command::new("script");
    script
        .args([
            "-qec",
            &format!("{} 2>/dev/null", words.join(" ")),
            "/dev/null",
        ])
        .current_dir(directory);
    run(script)
}

#[test]
fn of_a_run_in_this_process() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = run(printing(directory.path(), &["--job.name=dry", "--dry-run"]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out.contains("\\u{9b}31m"),
        "{}",
        said.out.escape_debug()
    );
    is_harmless(&said.out);
    let piped = run(printing(directory.path(), &["--job.name=piped"]));
    assert_eq!(piped.code, Some(0), "{}", piped.err);
    assert!(piped.out.contains("\u{9b}31m"), "data stays as it is");
    // A job that has finished is not run again.
    let again = ["--job.name=again"];
    let shown = on_a_terminal(directory.path(), &printing(directory.path(), &again));
    assert!(
        shown.out.contains("\\u{9b}31m"),
        "{}",
        shown.out.escape_debug()
    );
    is_harmless(&shown.out);
}
