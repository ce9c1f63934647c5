//! Whoever asks for a job is told everything that is wrong with the request and with the job, one entry each: bad fields do not
//! hide what the built-in package has to say, and nothing is told that comes of another problem alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::server::{Server, endless};

/// What is wrong with `body`, by what stands in `errors`.
#[track_caller]
fn problems(server: &Server, path: &str, body: &Value) -> Vec<String> {
    let (status, answer) = server.call("POST", path, Some(body));
    assert_eq!(status, 400, "{path} {body}: {answer}");
    let errors = answer.get("errors").and_then(Value::as_array);
    let lines = errors.into_iter().flatten().filter_map(Value::as_str);
    lines.map(str::to_owned).collect()
}

/// Whether that is what is told, and nothing besides.
#[track_caller]
fn are_told(told: &[String], expected: &[&str]) {
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for problem in expected {
        assert!(told.iter().any(|line| line.contains(problem)), "{told:?}");
    }
}

/// The path of a package that does what the built-in one does.
fn uploaded(server: &Server) -> String {
    let program = env!("CARGO_BIN_EXE_millstream");
    let package = server.upload("package", &format!("#!/bin/sh\nexec '{program}' \"$@\"\n"));
    format!("/jars/{package}")
}

#[test]
fn of_its_snapshot_and_its_restarts() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let well = endless(path);
    let bad = ["--source.type=nope", "--sink.type=nix", "--source.path=/in"];
    let (none, empty, foreign) = (path.join("none"), path.join("empty"), path.join("foreign"));
    for directory in [&empty, &foreign] {
        fs::create_dir(directory).expect("made");
    }
    fs::write(foreign.join("_metadata"), "text").expect("written");
    let strategy = "restart-strategy.type is `bogus`";
    for (place, why) in [
        (&none, "none does not exist"),
        (&empty, "empty holds no _metadata"),
        (&foreign, "foreign/_metadata"),
    ] {
        let body = |arguments: Value| {
            json!({
                "savepointPath": place,
                "programArgsList": arguments,
                "flinkConfiguration": {"restart-strategy.type": "bogus"},
            })
        };
        let run = "/jars/ingest/run";
        let told = problems(&server, run, &body(json!(well)));
        are_told(&told, &[why, strategy]);
        let told = problems(&server, run, &body(json!(bad)));
        let of_bad = ["source.type is `nope`", "sink.type is `nix`"];
        are_told(&told, &[why, strategy, of_bad[0], of_bad[1]]);
        // Alone it is told as well.
        let alone = json!({"savepointPath": place, "programArgsList": well});
        are_told(&problems(&server, run, &alone), &[why]);
    }
}

#[test]
fn of_what_would_hold_the_server_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let well = endless(path);
    let (pipe, device, none) = (path.join("pipe"), path.join("device"), path.join("none"));
    for directory in [&pipe, &device] {
        fs::create_dir(directory).expect("made");
    }
    let made = Command::new("mkfifo").arg(pipe.join("_metadata")).status();
    assert!(made.expect("runs").success(), "a pipe is made");
    symlink("/dev/zero", device.join("_metadata")).expect("linked");
    let told = |place: &Path, interval: &str| {
        let body = json!({
            "savepointPath": place,
            "programArgsList": well,
            "flinkConfiguration": {
                "restart-strategy.type": "bogus",
                "execution.checkpointing.interval": interval,
            },
        });
        problems(&server, "/jars/ingest/run", &body)
    };
    let strategy = "restart-strategy.type is `bogus`";
    // More of them than are looked at together.
    for place in [&pipe, &device, &pipe, &device, &pipe, &pipe, &pipe] {
        are_told(&told(place, "1 s"), &[strategy, "it is no file"]);
    }
    let read = format!("${{file:{}}}", pipe.join("_metadata").display());
    let why = "which is no regular file";
    are_told(&told(&none, &read), &[strategy, "none does not exist", why]);
}

#[test]
fn of_the_entry_class_of_an_uploaded_package() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let package = uploaded(&server);
    for verb in ["run", "plan", "run-application"] {
        let path = format!("{package}/{verb}");
        let entry = "no entry class com.example.Nope";
        let body = json!({"entryClass": "com.example.Nope", "parallelism": 0, "jobId": 7});
        let told = problems(&server, &path, &body);
        are_told(&told, &[entry, "parallelism must be", "jobId"]);
        let told = problems(&server, &path, &json!({"entryClass": "com.example.Nope"}));
        are_told(&told, &[entry]);
    }
}

#[test]
fn and_what_would_not_run_is_not_planned() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let well = endless(directory.path());
    for package in ["/jars/ingest", &uploaded(&server)] {
        for settings in [
            json!({"restart-strategy": "bogus"}),
            json!({"restart-strategy.type": "exponential-delay", "restart-strategy.exponential-delay.max-backoff": "1 ms"}),
            json!({"execution.checkpointing.max-concurrent-checkpoints": "2"}),
            json!({"execution.state-recovery.claim-mode": "MINE"}),
            json!({"execution.state-recovery.path": directory.path().join("none")}),
        ] {
            let body = json!({"programArgsList": well, "flinkConfiguration": settings});
            let told = ["run", "plan"].map(|verb| {
                let told = problems(&server, &format!("{package}/{verb}"), &body);
                assert_eq!(told.len(), 1, "{verb} {settings}: {told:?}");
                told
            });
            assert_eq!(told[0], told[1], "{settings}");
        }
    }
}

#[test]
fn of_the_request_and_of_the_built_in_package() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let well = endless(directory.path());
    let bad = ["--source.type=nope", "--sink.type=nix", "--source.path=/in"];
    let text = bad.join(" ");
    let of_bad = ["source.type is `nope`", "sink.type is `nix`"];
    for (body, expected) in [
        (
            json!({"parallelism": 0, "programArgs": text}),
            &["parallelism must be", of_bad[0], of_bad[1]][..],
        ),
        (
            json!({"entryClass": "com.example.Nope", "programArgsList": bad}),
            &["no entry class com.example.Nope", of_bad[0], of_bad[1]],
        ),
        (
            json!({"jobId": 7, "flinkConfiguration": {"no.such": "1"}, "programArgsList": bad}),
            &["jobId", "`no.such`", of_bad[0], of_bad[1]],
        ),
        // Nobody knows what these would have been: that they are missing is not told.
        (
            json!({"parallelism": 0, "programArgs": {}}),
            &["parallelism must be", "programArgs: invalid type"],
        ),
        (
            json!({"programArgs": text, "programArgsList": bad, "parallelism": 0}),
            &["parallelism must be", "Confusing request"],
        ),
        // Nothing is wrong with the job.
        (
            json!({"parallelism": 0, "programArgsList": well}),
            &["parallelism must be"],
        ),
        (
            json!({"entryClass": "com.example.Nope", "programArgsList": well}),
            &["no entry class com.example.Nope"],
        ),
    ] {
        for path in ["/jars/ingest/run", "/jars/ingest/plan"] {
            let told = problems(&server, path, &body);
            assert_eq!(told.len(), expected.len(), "{path} {body}: {told:?}");
            for problem in expected {
                let is_told = told.iter().any(|line| line.contains(problem));
                assert!(is_told, "{path} {body}: {told:?}");
            }
        }
    }
}

#[test]
fn and_no_other_package_is_started_for_that() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let mark = directory.path().join("planned");
    let program = format!(
        "#!/bin/sh\n[ \"$1\" = --millstream-plan-of ] && touch '{}'\nexec '{}' \"$@\"\n",
        mark.display(),
        env!("CARGO_BIN_EXE_millstream")
    );
    let package = server.upload("package", &program);
    let plan = format!("/jars/{package}/plan");
    let told = problems(&server, &plan, &json!({"parallelism": 0}));
    assert!(
        matches!(told.as_slice(), [one] if one.contains("parallelism must be")),
        "{told:?}"
    );
    assert!(!mark.exists(), "it was started");
    problems(&server, &plan, &json!({}));
    assert!(mark.exists(), "it is, where the request is well");
}
