//! Errors have Flink's form and statuses, one line, the code and the next step; Flink's own client gets them in the form that it
//! can read.

use crate::common::Server;
use serde_json::json;

/// Requests as method, path and body; the status of the answer, and words in it. ID is the id of nothing.
const REFUSED: [(&str, &str, &str, u16, &str); 21] = [
    (
        "GET",
        "/jobs/zz",
        "",
        400,
        "Cannot resolve path parameter (jobid) from value \"zz\".",
    ),
    ("GET", "/jobs/ID", "", 404, "not found"),
    ("GET", "/jobs/ID/", "", 404, "not found"),
    (
        "GET",
        "/jobs/ID/savepoints/ID",
        "",
        404,
        "There is no savepoint operation with triggerId=",
    ),
    ("GET", "/savepoint-disposal/ID", "", 404, "triggerId="),
    (
        "POST",
        "/jobs/ID/savepoints",
        "{bad",
        400,
        "did not match expected format SavepointTriggerRequestBody",
    ),
    ("POST", "/jobs/ID/stop", "{}", 404, "not found"),
    ("POST", "/savepoint-disposal", "{}", 400, "savepoint-path"),
    ("POST", "/jars/nope/run", "{}", 400, "nope"),
    ("DELETE", "/jars/nope", "", 400, "nope"),
    ("DELETE", "/jars/..%2f..%2fjob.json", "", 400, "job.json"),
    (
        "GET",
        "/jobmanager/logs/..%2fmillstream.db",
        "",
        404,
        "millstream.db",
    ),
    (
        "GET",
        "/jobmanager/logs/millstream.db",
        "",
        404,
        "millstream.db",
    ),
    (
        "GET",
        "/jobs/metrics?get=uptime&agg=most",
        "",
        400,
        "(agg) from value \"most\"",
    ),
    ("GET", "/taskmanagers/nope", "", 404, "nope"),
    (
        "GET",
        "/jobmanager/stdout",
        "",
        404,
        "does not keep its standard output",
    ),
    (
        "GET",
        "/applications/ID",
        "",
        404,
        "Application 0123456789abcdef0123456789abcdef not found",
    ),
    (
        "PATCH",
        "/jobs/ID?mode=foo",
        "",
        400,
        "Cannot resolve query parameter (mode) from value \"foo\".",
    ),
    ("PATCH", "/jobs/ID?mode=stop", "", 400, "has been removed"),
    ("PATCH", "/jobs/ID/clientHeartbeat", "{}", 404, "not found"),
    ("POST", "/jobs", "{}", 400, "job graph"),
];

#[test]
fn bad_ids_bodies_and_unknown_things_have_flinks_statuses_and_words() {
    let server = Server::start(&[]);
    let id = "0123456789abcdef0123456789abcdef";
    for (method, path, body, status, words) in REFUSED {
        let path = path.replace("ID", id);
        let answer = server.ask(method, &path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        let error = answer.json();
        let line = error
            .pointer("/errors/0")
            .and_then(|line| line.as_str())
            .unwrap_or_default();
        assert!(line.contains(words), "{method} {path}: {line}");
        let help = error
            .get("help")
            .and_then(|help| help.as_str())
            .unwrap_or_default();
        assert!(
            help.contains("`millstream explain MS-"),
            "{method} {path}: {help}"
        );
    }
    server.end();
}

#[test]
fn flinks_client_which_sends_no_user_agent_gets_no_field_that_it_refuses() {
    let server = Server::start(&[]);
    let headers = [
        ("host", "localhost"),
        ("content-type", "application/json; charset=UTF-8"),
    ];
    let answer = server.send("GET", "/v1/jobs/zz", &headers, b"{}");
    assert_eq!(answer.status, 400);
    let line = "MS-1014: Bad request, could not parse parameters: Cannot resolve path parameter (jobid) from value \"zz\"; \
                give a value of the form that the OpenAPI document at /openapi.json says";
    assert_eq!(answer.json(), json!({"errors": [line]}));
    server.end();
}

#[test]
fn what_happened_and_what_to_do_are_one_sentence_for_flinks_client() {
    let server = Server::start(&[]);
    let told = |method: &str, path: &str, body: &str| {
        let headers = [("host", "localhost")];
        let answer = server.send(method, path, &headers, body.as_bytes());
        assert!(answer.status >= 400, "{method} {path}: {}", answer.body);
        let error = answer.json();
        let line = error.pointer("/errors/0").and_then(|line| line.as_str());
        line.unwrap_or_default().to_owned()
    };
    for (method, path, body, ..) in REFUSED {
        let path = path.replace("ID", "0123456789abcdef0123456789abcdef");
        let line = told(method, &path, body);
        assert!(!line.contains(".; "), "{method} {path}: {line}");
    }
    assert_eq!(
        told("GET", "/nope", ""),
        "MS-1015: Unable to load requested file /nope; all paths are in the OpenAPI document at /openapi.json"
    );
    assert_eq!(
        told("DELETE", "/jobs/overview", ""),
        "MS-1014: /jobs/overview can't be asked for by this method; use one of those that the header Allow names"
    );
    server.end();
}

#[test]
fn an_upload_is_one_file() {
    let server = Server::start(&[]);
    let part = |name: &str| {
        format!(
            "--cut\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"{name}\"\r\n\r\nx\r\n"
        )
    };
    let body = format!("{}{}--cut--\r\n", part("one"), part("two"));
    let headers = [
        ("host", "localhost"),
        ("user-agent", "test"),
        ("content-type", "multipart/form-data; boundary=cut"),
    ];
    let answer = server.send("POST", "/jars/upload", &headers, body.as_bytes());
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.body.contains("Exactly 1 file"), "{}", answer.body);
    server.end();
}

#[test]
fn logs_are_read_from_any_byte_on() {
    let server = Server::start(&[]);
    let log = server.data.path().join("server.log.1");
    std::fs::write(&log, "0123456789").expect("a log");
    let path = "/jobmanager/logs/server.log.1";
    let whole = server.ask("GET", path, "");
    assert_eq!((whole.status, whole.body.as_str()), (200, "0123456789"));
    let part = |range| server.send("GET", path, &[("host", "localhost"), ("range", range)], b"");
    let rest = part("bytes=7-");
    assert_eq!((rest.status, rest.body.as_str()), (206, "789"));
    assert_eq!(rest.header("content-range"), Some("bytes 7-9/10"));
    assert_eq!(part("bytes=10-").status, 416);
    let listed = server.ask("GET", "/jobmanager/logs", "").json();
    let names = listed.to_string();
    assert!(
        names.contains("server.log.1") && !names.contains("millstream.db"),
        "{names}"
    );
    server.end();
}
