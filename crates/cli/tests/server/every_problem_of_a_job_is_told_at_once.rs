//! Whoever asks for a job is told everything that is wrong with the request and with the job, one entry each: bad fields do not
//! hide what the built-in package has to say, and nothing is told that comes of another problem alone.

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
