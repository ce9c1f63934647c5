//! Apache Flink's own command-line client, unmodified, pointed at our server: lists, takes checkpoints and savepoints, disposes
//! of one, stops with and without drain, cancels with and without a savepoint.
//!
//! `scripts/flink-client` brings the client (from PyPI) and a Java runtime where they are not there yet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::common::server::Server;
use serde_json::json;

struct Play {
    directory: tempfile::TempDir,
    server: Server,
    jars: String,
    /// What the client's environment has it send as FLINK_REST_CLIENT_HEADERS.
    headers: Option<String>,
}

/// A token that is long enough.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

impl Play {
    /// `token`: whether the server wants [`TOKEN`].
    fn new(token: bool) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/flink-client");
        let brought = Command::new(script)
            .stderr(Stdio::inherit())
            .output()
            .expect("scripts/flink-client runs");
        assert!(brought.status.success(), "Flink's client can't be brought");
        let jars = String::from_utf8(brought.stdout)
            .expect("text")
            .trim()
            .to_owned();
        let directory = tempfile::tempdir().expect("a directory");
        let mut server = Server::new(directory.path());
        if token {
            server.options.push(format!("-Drest.auth.token={TOKEN}"));
            server.token = Some(TOKEN.to_owned());
        }
        server.start();
        for name in ["in", "conf"] {
            fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        fs::write(directory.path().join("in/a.csv"), "id,name\n1,n1\n").expect("the input");
        let configuration = format!("rest.address: 127.0.0.1\nrest.port: {}\n", server.port());
        fs::write(directory.path().join("conf/config.yaml"), configuration).expect("written");
        Self {
            directory,
            server,
            jars,
            headers: None,
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the client; answers what it says on both streams.
    fn flink(&self, arguments: &[&str]) -> (bool, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new("java")
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
            .arg(format!("{}/*", self.jars))
            .arg("org.apache.flink.client.cli.CliFrontend")
            .args(arguments)
            .env("FLINK_CONF_DIR", self.place("conf"))
            .envs(
                self.headers
                    .iter()
                    .map(|h| ("FLINK_REST_CLIENT_HEADERS", h)),
            )
            .output()
            .expect("java runs");
        let said = [stdout, stderr].concat();
        (
            status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    /// Starts the job; answers its id.
    fn submit(&self, from: Option<&str>) -> String {
        let body = json!({
            "entryClass": "ingest",
            "programArgsList": [
                "--job.name=flink", "--source.type=csv", "--source.firstLine.schema=true", "--sink.type=file",
                format!("--source.path={}", self.place("in").display()),
                format!("--sink.path={}", self.place("out").display()),
            ],
            "savepointPath": from,
            "flinkConfiguration": {
                "execution.checkpointing.savepoint-dir": self.place("default").display().to_string(),
            },
        });
        self.server.run_job("ingest", &body)
    }
}

/// The savepoint in what the client said.
fn savepoint(said: &str) -> String {
    let path = said
        .split("file:")
        .nth(1)
        .unwrap_or_else(|| unreachable!("no path: {said}"));
    let end = path.find(|c: char| c.is_whitespace()).unwrap_or(path.len());
    let path = path.get(..end).expect("a path").trim_end_matches('.');
    assert!(Path::new(path).join("_metadata").exists(), "{said}");
    path.to_owned()
}

#[test]
fn it_lists_snapshots_stops_and_cancels() {
    let play = Play::new(false);
    let target = play.place("sp").display().to_string();
    let says = |arguments: &[&str], wanted: &str| {
        let (success, said) = play.flink(arguments);
        assert!(success && said.contains(wanted), "{arguments:?}: {said}");
        said
    };
    let job = play.submit(None);
    says(&["list"], &format!("{job} : flink (RUNNING)"));
    says(&["checkpoint", &job], &format!("for job {job} completed."));

    let first = savepoint(&says(
        &["savepoint", &job, &target],
        "Savepoint completed. Path: file:",
    ));
    says(&["savepoint", "-dispose", &first], "disposed.");
    assert!(!Path::new(&first).exists(), "{first} is still there");
    let (success, said) = play.flink(&["savepoint", "-dispose", &first]);
    assert!(
        !success && said.contains("Failed to dispose the savepoint"),
        "{said}"
    );
    // The cause comes from our server: the client could read it.
    assert!(said.contains("MS-3001"), "{said}");

    let suspended = savepoint(&says(
        &["stop", "-p", &target, &job],
        "Savepoint completed. Path: file:",
    ));
    play.server.await_status(&job, "FINISHED");
    let job = play.submit(Some(&suspended));
    let drained = savepoint(&says(&["stop", "--drain", &job], "Draining job"));
    assert!(
        drained.contains("/default/"),
        "not in the default directory: {drained}"
    );
    play.server.await_status(&job, "FINISHED");

    let job = play.submit(Some(&drained));
    savepoint(&says(
        &["cancel", "-s", &target, &job],
        "Savepoint stored in",
    ));
    play.server.await_status(&job, "CANCELED");
    let job = play.submit(None);
    says(&["cancel", &job], &format!("Cancelled job {job}."));
    play.server.await_status(&job, "CANCELED");
    says(&["list", "-a"], "(CANCELED)");

    let (success, said) = play.flink(&["savepoint", &job, &target]);
    assert!(
        !success && said.contains("Failed to trigger a savepoint"),
        "{said}"
    );
}

#[test]
fn it_sends_the_token_of_its_environment() {
    let mut play = Play::new(true);
    let job = play.submit(None);
    let (success, said) = play.flink(&["list"]);
    assert!(!success, "{said}");
    // It can read why, and what to do.
    assert!(
        said.contains("The token is missing or wrong;") && said.contains("Authorization: Bearer"),
        "{said}"
    );
    // As docs/guide/server.md says it.
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/server.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let way = "FLINK_REST_CLIENT_HEADERS=\"Authorization:Bearer $MILLSTREAM_TOKEN\" flink list";
    assert!(guide.contains(way));
    play.headers = Some("Authorization:Bearer another-one".to_owned());
    assert!(!play.flink(&["cancel", &job]).0);
    play.server.await_status(&job, "RUNNING");
    play.headers = Some(format!("Authorization:Bearer {TOKEN}"));
    let target = play.place("sp").display().to_string();
    for (arguments, wanted) in [
        (vec!["list"], format!("{job} : flink (RUNNING)")),
        (
            vec!["stop", "-p", &target, &job],
            "Savepoint completed. Path: file:".to_owned(),
        ),
        (vec!["list", "-a"], "(FINISHED)".to_owned()),
    ] {
        let (success, said) = play.flink(&arguments);
        assert!(success && said.contains(&wanted), "{arguments:?}: {said}");
    }
}
