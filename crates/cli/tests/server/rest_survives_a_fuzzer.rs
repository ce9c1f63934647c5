//! The REST interface does what its OpenAPI document says, whatever it is asked: schemathesis makes thousands of requests of the
//! document, good and bad ones, about a running job, an ended one, operations, packages and processes, and holds each answer against it.
//!
//! Checked: no status of 500 and above, no status that the document does not name, bodies, content types and headers as it says, other
//! methods answered with 405. Not checked: whether bad requests are refused, since unknown fields are ignored, as Flink does.
//! `DELETE /cluster` is left out: it ends the server, and the fuzzing with it.
//!
//! `scripts/schemathesis` brings the program (from PyPI) where it is not there yet; `fuzzer/hooks.py` tells it what there is.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::running::{self, Said};
use crate::common::server::{Server, first_file};
use serde_json::{Value, json};

/// Printed by schemathesis too, with what it found.
const SEED: &str = "20261121";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,unsupported_method,allow_header_conformance";
/// An id of nothing.
const NOBODY: &str = "0123456789abcdef0123456789abcdef";
const ENDS_THE_SERVER: &str = "/cluster";

struct Play {
    directory: tempfile::TempDir,
    server: Server,
    program: String,
}

impl Play {
    fn new() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/schemathesis");
        let brought = running::run(Command::new(script));
        assert_eq!(brought.code, Some(0), "{}", brought.err);
        let directory = tempfile::tempdir().expect("a directory");
        first_file(directory.path());
        let server = Server::started(directory.path(), &["-Djobstore.max-capacity=1000"]);
        Self {
            directory,
            server,
            program: brought.out.trim().to_owned(),
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The arguments of a job that reads what is there; `once`: and then ends.
    fn arguments(&self, name: &str, once: bool) -> Vec<String> {
        let watch = if once {
            "PROCESS_ONCE"
        } else {
            "PROCESS_CONTINUOUSLY"
        };
        vec![
            format!("--job.name={name}"),
            "--source.type=csv".to_owned(),
            "--source.firstLine.schema=true".to_owned(),
            format!("--source.path={}", self.place("in").display()),
            format!("--source.watch.type={watch}"),
            "--sink.type=file".to_owned(),
            format!("--sink.path={}", self.place(name).display()),
        ]
    }

    /// Starts a job; answers its id.
    fn submit(&mut self, name: &str, once: bool) -> String {
        let body = json!({
            "programArgsList": self.arguments(name, once),
            "parallelism": 2,
            "flinkConfiguration": { "execution.checkpointing.interval": "100 ms" },
        });
        let answer = self.server.post("/jars/ingest/run", &body);
        let id = answer["jobid"].as_str().expect("an id").to_owned();
        let status = if once { "FINISHED" } else { "RUNNING" };
        self.server.await_status(&id, status);
        id
    }

    /// Uploads this program as a package; answers its id.
    fn upload(&self) -> String {
        let content = format!(
            "#!/bin/sh\nexec '{}' \"$@\"\n",
            env!("CARGO_BIN_EXE_millstream")
        );
        self.server.upload("package", &content)
    }

    /// Triggers an operation; answers its id.
    fn trigger(&self, path: &str, body: &Value) -> String {
        let answer = self.server.post(path, body);
        answer["request-id"].as_str().expect("an id").to_owned()
    }

    /// What there is, for the hooks.
    fn facts(&mut self) -> Value {
        let running = self.submit("running", false);
        let ended = self.submit("ended", true);
        let victims: Vec<String> = ["one", "two", "three"]
            .map(|name| self.submit(name, false))
            .into();
        let savepoint = self.trigger(&format!("/jobs/{running}/savepoints"), &json!({}));
        self.server.succeed(&["checkpoint", &running]);
        let checkpoint = self.trigger(&format!("/jobs/{running}/checkpoints"), &json!({}));
        let gone = json!({ "savepoint-path": self.place("gone") });
        let disposal = self.trigger("/savepoint-disposal", &gone);
        let (package, deleted) = (self.upload(), self.upload());
        let job = self.server.get(&format!("/jobs/{running}"));
        let checkpoints = self.server.get(&format!("/jobs/{running}/checkpoints"));
        let processes = self.server.get("/taskmanagers");
        let mut vertices = ids(&job["vertices"]);
        vertices.push(NOBODY.into());
        let once =
            |name| json!({ "programArgsList": self.arguments(name, true), "parallelism": 1 });
        let mut changed = victims;
        changed.extend([ended.clone(), NOBODY.to_owned()]);
        json!({
            "directory": self.place("fuzzed"),
            "directories": [self.place("savepoints")],
            "hidden": "",
            "get": {
                "jobid": [running, ended, NOBODY],
                "vertexid": vertices,
                "triggerid": [savepoint, checkpoint, disposal, NOBODY],
                "jarid": ["ingest", package],
                "taskmanagerid": ids(&processes["taskmanagers"]),
                "filename": ["job.log", "job.out", "server.log"],
                "checkpointid": ids(&checkpoints["history"]),
                "subtaskindex": [0, 1],
                "attempt": [0, 1],
            },
            "other": {
                "jobid": changed,
                "jarid": ["ingest", package, deleted],
            },
            "paths": {
                // An endless job that has ended would run again and again.
                "/jobs/{jobid}/restart": { "jobid": [running, ended, NOBODY] },
                "/jars/{jarid}": { "jarid": [deleted, "ingest", "nothing"] },
            },
            "bodies": {
                "/jars/{jarid}/run": once("run"),
                "/jars/{jarid}/run-application": once("application"),
                "/jars/{jarid}/plan": once("plan"),
                "/jobs/{jobid}/restart": { "parallelism": 2 },
            },
        })
    }

    /// Fuzzes what `options` choose.
    fn fuzz(&self, facts: &Value, options: &[&str]) -> Said {
        fs::write(self.place("facts.json"), facts.to_string()).expect("written");
        fs::write(self.place("schemathesis.toml"), "").expect("written");
        let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzzer");
        let mut command = Command::new(&self.program);
        command
            .args(["--config-file", "schemathesis.toml", "run"])
            .arg(format!("http://{}/openapi.json", self.server.address()))
            // With more workers it ends now and then with an error of its own: Python 3.11 can't parse in two threads.
            .args(["--checks", CHECKS, "--seed", SEED, "--workers", "1"])
            .args(["--generation-database", "none", "--warnings", "off"])
            .args(["--request-timeout", "30", "--no-color"])
            .args(["--exclude-path", ENDS_THE_SERVER])
            .args(options)
            .current_dir(self.directory.path())
            .env("MILLSTREAM_FUZZED", self.place("facts.json"))
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", hooks)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUTF8", "1")
            .env("COLUMNS", "200");
        running::run(command)
    }
}

/// The ids of the things in a list.
fn ids(things: &Value) -> Vec<Value> {
    let things = things.as_array().expect("a list").iter();
    let ids: Vec<_> = things.map(|thing| thing["id"].clone()).take(3).collect();
    assert!(!ids.is_empty(), "there is nothing to ask for");
    ids
}

#[test]
fn every_answer_is_as_documented() {
    let mut play = Play::new();
    let facts = play.facts();
    let said = play.fuzz(&facts, &["--max-examples", "12", "--continue-on-failure"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let document = play.server.get("/openapi.json");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.values().flat_map(|methods| {
        let is_there = |method: &&str| methods.get(method).is_some();
        ["get", "post", "put", "patch", "delete"]
            .into_iter()
            .filter(is_there)
    });
    // All but what ends the server, and the document, which schemathesis leaves out by itself.
    let tested = format!("Tested: {}\n", operations.count() - 2);
    assert!(said.out.contains(&tested), "{tested}\n{}", said.out);
    // It is the same server still, and what was asked about goes on.
    let running = facts["get"]["jobid"][0].as_str().expect("an id");
    assert_eq!(play.server.status(running), "RUNNING");
    let log = fs::read_to_string(play.place("server/server.log")).expect("a log");
    assert!(!log.contains("panicked"), "{log}");
    play.server.end();
}

#[test]
fn an_answer_that_is_not_documented_is_found() {
    let mut play = Play::new();
    let mut facts = play.facts();
    facts["hidden"] = "404".into();
    let said = play.fuzz(
        &facts,
        &[
            "--include-path",
            "/jobs/{jobid}/status",
            "--phases",
            "coverage",
        ],
    );
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("Undocumented status code"),
        "{}",
        said.out
    );
    play.server.end();
}
