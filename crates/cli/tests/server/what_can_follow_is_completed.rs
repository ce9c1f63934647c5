//! The shells complete what can follow on a line: actions, options and their values, jobs of the server that the line names,
//! keys of `-D`, parameters of the ingestion job, codes of errors. Whatever a job is called, its name is completed as a word that means
//! nothing but that name.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::server::{Server, first_file};
use crate::common::{environment, millstream, running};

/// What can follow behind these words, the last of which is being written.
fn candidates(words: &[&str]) -> Vec<String> {
    let said = millstream(&[&["__complete", "fish", "millstream"], words].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{words:?}");
    let lines = said.out.lines();
    let words = lines.map(|line| line.split('\t').next().unwrap_or_default().to_owned());
    words.collect()
}

#[track_caller]
fn assert_follows(words: &[&str], expected: &[&str]) {
    assert_eq!(candidates(words), expected, "{words:?}");
}

#[test]
fn actions_and_options() {
    assert_follows(&["savep"], &["savepoint"]);
    assert_follows(&["checkpoint"], &["checkpoint", "checkpoints"]);
    assert_follows(&["--verbose", "expl"], &["explain"]);
    assert_follows(&["stop", "--dr"], &["--drain"]);
    // As Flink's users write it.
    assert_follows(&["stop", "-savep"], &["-savepointPath"]);
    assert_follows(&["list", "--js"], &["--json"]);
    assert_follows(&["nothing", ""], &[]);
}

#[test]
fn values_of_options() {
    assert_follows(&["run", "--target", ""], &["remote", "local"]);
    assert_follows(&["run", "--target=lo"], &["--target=local"]);
    assert_follows(&["savepoint", "-type", "N"], &["NATIVE"]);
    assert_follows(&["run", "-s", ""], &["latest"]);
    assert_follows(&["completion", "z"], &["zsh"]);
    assert_follows(&["server", "sto"], &["stop"]);
    assert_follows(&["server", "b"], &["backup"]);
    assert_follows(&["server", "r"], &["restore"]);
    let verbs = ["list", "commit", "abort"];
    assert_follows(&["transactions", "-b", "h:1", ""], &verbs);
    let places = ["stdout", "file", "both"];
    assert_follows(&["server", "--log-to", ""], &places);
    // Left to the shell, which knows of files.
    assert_follows(&["list", "--config", ""], &[]);
    assert_follows(&["man", ""], &[]);
}

#[test]
fn keys_of_settings() {
    let expected = ["rest.address="];
    assert_follows(&["list", "-D", "rest.addr"], &expected);
    assert_follows(&["list", "-Drest.addr"], &["-Drest.address="]);
    let enabled = "security.ssl.rest.enabled";
    assert_follows(
        &["server", "-D", &format!("{enabled}=")],
        &[&format!("{enabled}=true"), &format!("{enabled}=false")],
    );
    assert!(candidates(&["run", "-D", ""]).len() > 50);
}

#[test]
fn parameters_of_the_ingestion_job() {
    for action in ["run", "run-application", "info", "doctor"] {
        assert_follows(&[action, "in"], &["ingest"]);
        let words = [action, "-p", "2", "ingest", "--source.firstLine"];
        assert_follows(&words, &["--source.firstLine.schema"]);
    }
    let schema = "--source.firstLine.schema";
    assert_follows(&["run", "ingest", schema, ""], &["true", "false"]);
    assert_follows(
        &["run", "ingest", &format!("{schema}=t")],
        &[&format!("{schema}=true")],
    );
    let words = ["run", "ingest", schema, "true", "--job.na"];
    assert_follows(&words, &["--job.name"]);
    // A package has arguments of its own.
    assert_follows(&["run", "./wordcount", "--in"], &[]);
}

#[test]
fn parameters_of_the_source_behind_what_infer_looks_at() {
    let schema = "--source.firstLine.schema";
    let infer = |words: &[&'static str]| [&["infer", "-r", "5", "in"], words].concat();
    assert_follows(&infer(&["--source.firstLine"]), &[schema]);
    assert_follows(&infer(&[schema, ""]), &["true", "false"]);
    assert_follows(&infer(&["--sink."]), &[]);
    // Left to the shell, which knows of files.
    assert_follows(&["infer", "in"], &[]);
}

#[test]
fn codes_of_errors_as_they_are_begun() {
    let ten = |begin: &str| {
        (1010..1020)
            .map(|number| format!("{begin}{number}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(candidates(&["explain", "MS-101"]), ten("MS-"));
    assert_eq!(candidates(&["explain", "101"]), ten(""));
    assert_follows(&["explain", "ms-1016"], &["ms-1016"]);
}

#[test]
fn jobs_of_the_server_that_the_line_names() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let orders = server.submit("orders of today", &[]);
    server.await_status(&orders, "RUNNING");
    let old = server.submit("old", &["-Dparallelism.default=1"]);
    server.await_status(&old, "RUNNING");
    server.succeed(&["cancel", &old]);
    let address = server.address().to_owned();
    let at = |action: &str, begun: &str| candidates(&[action, "-m", &address, begun]);
    assert_eq!(at("stop", ""), ["orders of today"]);
    assert_eq!(at("savepoint", "or"), ["orders of today"]);
    assert_eq!(at("cancel", &orders[..6]), [orders.as_str()]);
    // What has ended has logs, and nothing to be stopped.
    assert_eq!(at("stop", "ol"), [""; 0]);
    assert_eq!(at("logs", "ol"), ["old"]);
    let said = millstream(&["__complete", "fish", "m", "logs", "-m", &address, "ol"]);
    assert_eq!(said.out, format!("old\tCANCELED {old}\n"));
    bash_completes_a_job(directory.path(), &address);
    let name = "x $(touch ran)`touch ran`\"'\\!e";
    let harmful = server.submit(name, &[]);
    server.await_status(&harmful, "RUNNING");
    assert_eq!(at("stop", "x "), [name]);
    bash_runs_nothing_of_a_name(directory.path(), &address, name);
    powershell_completes_what_is_quoted_its_way(&address, name);
    a_name_is_no_option(&server, &address);
    server.end();
    // Nobody is there: nothing to choose from, and no complaint on the line that is written.
    assert_follows(&["stop", "-m", "127.0.0.1:1", ""], &[]);
}

fn bash_completes_a_job(directory: &Path, address: &str) {
    let line = format!("{} stop -m {address} ord", env!("CARGO_BIN_EXE_millstream"));
    assert_eq!(in_bash(directory, &line), ["orders\\ of\\ today"]);
}

/// In it a backslash is one, quotes are doubled, and a backtick escapes what is not in single quotes.
fn powershell_completes_what_is_quoted_its_way(address: &str, name: &str) {
    for begun in [
        r#"'x $(touch ran)`touch ran`"''\"#,
        r#""x `$(touch ran)``touch ran``""'\"#,
        r#"x` `$`(touch` ran`)``touch` ran```"`'\"#,
    ] {
        let line = format!("millstream stop -m {address} {begun}");
        let said = millstream(&["__complete", "powershell", &line]);
        assert!(
            said.out.starts_with(&format!("{name}\t")),
            "{line}: {said:?}"
        );
    }
}

/// A job whose name begins as an option does is completed by its id, and by its name where no option can stand.
fn a_name_is_no_option(server: &Server, address: &str) {
    let id = server.submit("-savepointPath", &[]);
    server.await_status(&id, "RUNNING");
    let stops = |words: &[&str]| candidates(&[&["stop", "-m", address], words].concat());
    let all = stops(&[""]);
    assert!(all.contains(&id), "{all:?}");
    assert!(all.iter().all(|word| !word.starts_with('-')), "{all:?}");
    assert_eq!(stops(&["--", "-"]), ["-savepointPath"]);
    server.succeed(&["cancel", "--", "-savepointPath"]);
}

/// Whoever asks for the rest of `x` and presses Enter names that job, in whatever quotes.
fn bash_runs_nothing_of_a_name(directory: &Path, address: &str, name: &str) {
    let program = env!("CARGO_BIN_EXE_millstream");
    for quotes in ["", "\"", "'"] {
        let line = format!("{program} cancel -m {address} {quotes}x");
        let found = in_bash(directory, &line);
        let [rest] = found.as_slice() else {
            unreachable!("one job: {found:?}")
        };
        // Bash closes the quotes itself. Lines that were entered before are looked up before a line is taken apart.
        let word = in_single_quotes(&format!("{quotes}{rest}{quotes}"));
        let program = format!(
            "set -o history -o histexpand; word={word}; \
             [[ $(history -p \"$word\") == \"$word\" ]] || echo expanded; \
             eval \"words=($word)\"; printf '%s\\n' \"${{#words[@]}}\" \"${{words[@]}}\""
        );
        let words = offered(directory, "bash", &["--norc"], &program);
        assert_eq!(words, ["1", name], "in {quotes}");
    }
    assert!(!directory.join("ran").exists(), "a part of it was run");
}

fn in_single_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What the shell offers for a line, with the script in force.
fn offered(directory: &Path, shell: &str, options: &[&str], program: &str) -> Vec<String> {
    environment::assert_is_there(shell);
    let script = millstream(&["completion", shell]).out;
    fs::write(directory.join(format!("script.{shell}")), script).expect("written");
    let mut command = Command::new(shell);
    command.args(options).args(["-c", program]);
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = Path::new(env!("CARGO_BIN_EXE_millstream")).parent();
    let bin = bin.expect("a directory").display();
    command
        .env("PATH", format!("{bin}:{path}"))
        .env("HOME", directory);
    command.current_dir(directory);
    let said = running::run(command);
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(0), ""),
        "{shell}: {}",
        said.out
    );
    said.out.lines().map(str::to_owned).collect()
}

/// What bash offers for `line` with the cursor at its end. It breaks words at `=` and `:` too.
fn in_bash(directory: &Path, line: &str) -> Vec<String> {
    let line = in_single_quotes(line);
    let program = format!(
        "source script.bash; COMP_LINE={line}; COMP_POINT=${{#COMP_LINE}}; \
         read -ra COMP_WORDS <<<\"$COMP_LINE\"; COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         _millstream; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    offered(directory, "bash", &["--norc"], &program)
}

#[test]
fn bash_offers_them() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let bash = |line: &str| in_bash(directory.path(), line);
    assert_eq!(bash("millstream savep"), ["savepoint"]);
    assert_eq!(bash("millstream run --target=lo"), ["local"]);
    assert_eq!(bash("millstream list -D rest.addr"), ["rest.address="]);
    assert_eq!(bash("millstream run ingest --job.na"), ["--job.name"]);
    assert_eq!(bash("millstream explain MS-1016"), ["MS-1016"]);
}

#[test]
fn fish_offers_them() {
    let directory = tempfile::tempdir().expect("temporary directory");
    fs::write(directory.path().join("orders.yaml"), "").expect("written");
    let fish = |line: &str| {
        let program = format!("source script.fish; complete -C '{line}'");
        offered(directory.path(), "fish", &["--no-config"], &program)
    };
    let savepoint = fish("millstream savep");
    assert!(
        savepoint[0].starts_with("savepoint\tTriggers "),
        "{savepoint:?}"
    );
    assert!(fish("millstream list -D rest.addr")[0].starts_with("rest.address="));
    assert_eq!(
        fish("millstream explain MS-1016"),
        ["MS-1016\tRequest not allowed"]
    );
    assert_eq!(fish("millstream list --config ord"), ["orders.yaml"]);
}

#[test]
fn zsh_offers_them() {
    let directory = tempfile::tempdir().expect("temporary directory");
    // What the completion system of zsh hands to a function, and what it takes from it.
    let zsh = |words: &[&str]| {
        let (current, _) = words.split_last().expect("a word");
        let program = format!(
            "compdef() {{ }}; _files() {{ print -r -- files }}; \
             _describe() {{ print -rl -- \"${{(@P)4}}\" \"${{@[5,-1]}}\" }}; \
             source ./script.zsh; words=({}); CURRENT=$#words; PREFIX={current:?}; _millstream",
            words
                .iter()
                .map(|word| format!("{word:?} "))
                .collect::<String>()
        );
        offered(directory.path(), "zsh", &["--no-rcs"], &program)
    };
    let savepoint = zsh(&["millstream", "savep"]);
    assert!(
        savepoint[0].starts_with("savepoint:Triggers "),
        "{savepoint:?}"
    );
    let keys = zsh(&["millstream", "list", "-D", "rest.addr"]);
    assert!(keys[0].starts_with("rest.address=:"), "{keys:?}");
    // No blank behind it.
    assert_eq!(keys[1..], ["-S", ""], "{keys:?}");
    assert_eq!(zsh(&["millstream", "list", "--config", "ord"]), ["files"]);
}
