//! Bodies of requests are read as Jackson reads them for Flink: `"true"` and `"2"` are taken, an array is no object; and what is
//! named in a request must be there.

use crate::common::Server;
use serde_json::Value;

const JOB: &str = "/jobs/0123456789abcdef0123456789abcdef";

#[test]
fn what_means_something_is_taken_and_what_does_not_is_named() {
    let server = Server::start(&[]);
    let ask = |path: &str, body: &str| {
        let answer = server.ask("POST", path, body);
        let json = answer.json();
        let line = json
            .pointer("/errors/0")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let code = json.get("code").and_then(Value::as_str).unwrap_or_default();
        (answer.status, code.to_owned(), line.to_owned())
    };
    // There is no such job: the body was understood.
    for body in [
        r#"{"drain": "true"}"#,
        r#"{"drain": 1, "targetDirectory": 7}"#,
        r#"{"drain": null}"#,
        r#"{"drain": ""}"#,
        "",
    ] {
        let (status, code, line) = ask(&format!("{JOB}/stop"), body);
        assert_eq!((status, code.as_str()), (404, "MS-2008"), "{body}: {line}");
    }
    for (body, expected) in [
        ("[]", "an array stands where an object belongs"),
        (r#"[true]"#, "an array stands where an object belongs"),
        (r#"{"drain": "perhaps"}"#, "drain: invalid type"),
        (r#"{"drain": []}"#, "drain: invalid type"),
    ] {
        let (status, code, line) = ask(&format!("{JOB}/stop"), body);
        assert_eq!((status, code.as_str()), (400, "MS-1014"), "{body}");
        assert!(line.contains(expected), "{line}");
    }
    let answer = server.ask("PATCH", &format!("{JOB}/settings"), "[]");
    let format = "did not match expected format LiveSettingsRequestBody: invalid type: sequence";
    assert!(answer.body.contains(format), "{}", answer.body);
    for path in [
        "/jars/ingest/run",
        "/jars/ingest/plan",
        "/jars/ingest/run-application",
    ] {
        let (status, code, line) = ask(path, r#"{"entryClass": "com.example.Nope"}"#);
        assert_eq!((status, code.as_str()), (400, "MS-1007"), "{line}");
        assert!(line.contains("no entry class com.example.Nope"), "{line}");
        let (status, code, line) = ask(
            path,
            r#"{"parallelism": 2.7, "entryClass": "com.example.Nope"}"#,
        );
        assert_eq!((status, code.as_str()), (400, "MS-1007"), "{line}");
        let (status, code, line) = ask(
            path,
            r#"{"parallelism": "", "allowNonRestoredState": " ", "entryClass": "com.example.Nope"}"#,
        );
        assert_eq!((status, code.as_str()), (400, "MS-1007"), "{line}");
        let (status, _, line) = ask(path, r#"{"parallelism": 0.7}"#);
        assert_eq!(
            (status, line.as_str()),
            (400, "parallelism must be a number from 1 to 32768.")
        );
        for parallelism in ["\"0\"", "-1", "32769", "99999999999"] {
            let (status, _, line) = ask(path, &format!("{{\"parallelism\": {parallelism}}}"));
            assert_eq!(
                (status, line.as_str()),
                (400, "parallelism must be a number from 1 to 32768."),
                "{parallelism}"
            );
        }
        let (status, _, line) = ask(path, r#"{"parallelism": "two"}"#);
        assert_eq!(status, 400);
        assert!(line.contains("parallelism: invalid type"), "{line}");
        let (status, _, line) = ask(path, r#"{"flinkConfiguration": []}"#);
        assert_eq!(status, 400);
        assert!(
            line.contains("flinkConfiguration: invalid type: sequence"),
            "{line}"
        );
    }
    server.end();
}

/// Path, body, and what its problems say.
const PROBLEMS: &[(&str, &str, &[&str])] = &[
    (
        "ingest/run",
        r#"{"parallelism": "x", "allowNonRestoredState": "maybe", "savepointPath": {}, "flinkConfiguration": {"a": [], "b": {}}}"#,
        &[
            "allowNonRestoredState: invalid type",
            "flinkConfiguration: a: invalid type",
            "flinkConfiguration: b: invalid type",
            "parallelism: invalid type",
            "savepointPath: invalid type",
        ],
    ),
    (
        "ingest/run?parallelism=x&allowNonRestoredState=maybe&programArg=a&program-args=b",
        "{}",
        &[
            "Cannot resolve query parameter (allowNonRestoredState)",
            "Cannot resolve query parameter (parallelism)",
            "Confusing request: program-args and programArg",
        ],
    ),
    (
        "ingest/run?parallelism=x&programArg=a&program-args=b",
        r#"{"allowNonRestoredState": "maybe", "savepointPath": {}}"#,
        &[
            "allowNonRestoredState: invalid type",
            "savepointPath: invalid type",
            "Cannot resolve query parameter (parallelism)",
            "Confusing request: program-args and programArg",
        ],
    ),
    (
        "ingest/run",
        r#"{"parallelism": "x", "programArgsList": ["--a", {}, 7, [], true, null, "b"]}"#,
        &[
            "parallelism: invalid type",
            "programArgsList: [1]: invalid type: map",
            "programArgsList: [3]: invalid type: sequence",
            "programArgsList: [5]: invalid type: null",
        ],
    ),
    (
        "ingest/run?parallelism=0",
        r#"{"allowNonRestoredState": true}"#,
        &["parallelism must be"],
    ),
    (
        "ingest/run?parallelism=0",
        r#"{"flinkConfiguration": {"no.such": "1", "pipeline.name": "n", "parallelism.default": "x", "rate.limit.bytes": "-1",
                "execution.checkpointing.interval": "soon", "nor.this": ""}}"#,
        &[
            "parallelism must be",
            "what is no option: `no.such`",
            "what is no option: `nor.this`",
            "parallelism.default is `x`",
            "rate.limit.bytes is `-1`",
            "execution.checkpointing.interval is `soon`",
        ],
    ),
    (
        "ingest/run",
        r#"{"parallelism": 0, "entryClass": "com.example.Nope"}"#,
        &["parallelism must be", "no entry class com.example.Nope"],
    ),
    (
        "ingest/plan",
        r#"{"parallelism": "x", "entryClass": "com.example.Nope"}"#,
        &[
            "parallelism: invalid type",
            "no entry class com.example.Nope",
        ],
    ),
    (
        "ingest/run?entry-class=com.example.Nope",
        "{bad",
        &[
            "did not match expected format",
            "no entry class com.example.Nope",
        ],
    ),
    (
        "ingest/run",
        r#"{"parallelism": 0, "savepointPath": "/nowhere/at/all", "entryClass": "com.example.Nope",
            "flinkConfiguration": {"restart-strategy.type": "bogus", "execution.checkpointing.mode": "ONCE", "no.such": "1"}}"#,
        &[
            "parallelism must be",
            "/nowhere/at/all can't be reached: /nowhere/at is not there",
            "no entry class com.example.Nope",
            "restart-strategy.type is `bogus`",
            "execution.checkpointing.mode is `ONCE`",
            "what is no option: `no.such`",
        ],
    ),
    (
        "ingest/plan",
        r#"{"parallelism": 0, "flinkConfiguration": {"restart-strategy": "exponential-delay", "execution.state-recovery.path": "gs://sp",
            "restart-strategy.exponential-delay.jitter-factor": "7", "restart-strategy.exponential-delay.backoff-multiplier": 0.5}}"#,
        &[
            "parallelism must be",
            "snapshots can't be kept in `gs:` yet",
            "restart-strategy.exponential-delay.jitter-factor is `7`",
            "restart-strategy.exponential-delay.backoff-multiplier is `0.5`",
        ],
    ),
    (
        "nope/run-application",
        r#"{"allowNonRestoredState": "maybe", "savepointPath": {}, "entryClass": "com.example.Nope"}"#,
        &[
            "allowNonRestoredState: invalid type",
            "savepointPath: invalid type",
            "there is no package nope",
        ],
    ),
];

#[test]
fn every_problem_has_an_entry_of_its_own() {
    let server = Server::start(&[]);
    let ask = |path: &str, body: &str| {
        let answer = server.ask("POST", &format!("/jars/{path}"), body);
        let json = answer.json();
        assert_eq!(answer.status, 400, "{json}");
        let errors = json.get("errors").and_then(Value::as_array);
        let errors = errors.expect("errors").iter();
        let mut errors: Vec<_> = errors
            .map(|line| line.as_str().unwrap_or_default().to_owned())
            .collect();
        errors.sort();
        errors
    };
    for (path, body, expected) in PROBLEMS {
        let errors = ask(path, body);
        assert_eq!(errors.len(), expected.len(), "{errors:?}");
        for expected in *expected {
            assert!(
                errors.iter().any(|error| error.contains(expected)),
                "{errors:?}"
            );
        }
    }
    server.end();
}

#[test]
fn several_problems_have_the_code_that_each_of_them_has() {
    let server = Server::start(&[]);
    for (settings, code) in [
        (r#"{"no.such": "1", "nor.this": "2"}"#, "MS-1001"),
        (
            r#"{"parallelism.default": "x", "rate.limit.bytes": "-1"}"#,
            "MS-1002",
        ),
        (r#"{"parallelism.default": "x", "no.such": "1"}"#, "MS-1014"),
    ] {
        let body = format!(r#"{{"flinkConfiguration": {settings}}}"#);
        let json = server.ask("POST", "/jars/ingest/run", &body).json();
        assert_eq!(json.get("code").and_then(Value::as_str), Some(code));
        let errors = json.get("errors").and_then(Value::as_array);
        assert_eq!(errors.map(Vec::len), Some(2), "{json}");
    }
    server.end();
}

#[test]
fn so_has_every_problem_of_a_query() {
    let server = Server::start(&[]);
    for (path, expected) in [
        (
            "/jobs/metrics?agg=min,most,least&jobs=x,0123456789abcdef0123456789abcdef,y",
            &[
                "(agg) from value \"most\"",
                "(agg) from value \"least\"",
                "x",
                "y",
            ][..],
        ),
        (
            "/taskmanagers/metrics?agg=most,least",
            &["\"most\"", "\"least\""],
        ),
        (
            &format!("{JOB}/exceptions?maxExceptions=all&failureLabelFilter=a,b:c,d"),
            &[
                "(maxExceptions) from value \"all\"",
                "(failureLabelFilter) from value \"a\"",
                "(failureLabelFilter) from value \"d\"",
            ],
        ),
    ] {
        let answer = server.ask("GET", path, "");
        let json = answer.json();
        assert_eq!(answer.status, 400, "{path}: {json}");
        let errors = json.get("errors").and_then(Value::as_array);
        let errors: Vec<_> = errors
            .expect("errors")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(errors.len(), expected.len(), "{path}: {errors:?}");
        for expected in expected {
            assert!(
                errors.iter().any(|error| error.contains(expected)),
                "{errors:?}"
            );
        }
    }
    server.end();
}
