//! Each token of `rest.auth.token-file` allows what its role says, and the file is read again when it has changed. What was
//! done, and by whom, stands in the log.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::{Server, await_that};
use serde_json::Value;

const READ: &str = "reader-of-16-letters";
const OPERATE: &str = "operator-of-16-letters";
const SUBMIT: &str = "submitter-of-16-letters";

fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("written");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("set");
    fs::rename(&new, path).expect("moved");
}

fn status(server: &Server, token: &str, method: &str, path: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    // As Flink's client sends the header of FLINK_REST_CLIENT_HEADERS: no User-Agent.
    let headers = [("authorization", bearer.as_str()), ("host", "localhost")];
    server.send(method, path, &headers, b"{}").status
}

#[test]
fn roles_and_the_log_of_who_did_what() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("tokens");
    put(
        &file,
        &format!("grafana read {READ}\nalice operate {OPERATE}\nci submit {SUBMIT}\n"),
    );
    let path = file.to_string_lossy();
    let server = Server::start(&[("rest.auth.token-file", &path)]);
    let bearer = format!("Bearer {SUBMIT}");
    let document = server.send("GET", "/openapi.json", &[("authorization", &bearer)], b"");
    let document = document.json();
    let paths = document.get("paths").and_then(Value::as_object);
    let mut asked = 0;
    for (path, methods) in paths.expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let method = method.to_uppercase();
            let runs = (path.starts_with("/jars/"))
                || path.ends_with("/restart")
                || (path.ends_with("/dead-letters/replay") && method == "POST")
                || (path == "/jobs" && method == "POST");
            // Dead letters are records of the input as they came.
            let changes = method != "GET" || path.contains("/dead-letters");
            // The server is to go on.
            if path == "/cluster" {
                continue;
            }
            let path = path.replace(['{', '}'], "");
            let is_refused = |token| status(&server, token, &method, &path) == 403;
            assert_eq!(is_refused(READ), runs || changes, "{method} {path}");
            assert_eq!(is_refused(OPERATE), runs, "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
    assert_eq!(status(&server, READ, "DELETE", "/cluster"), 403);
    assert_eq!(status(&server, SUBMIT, "DELETE", "/jars/jarid"), 400);

    assert_eq!(status(&server, OPERATE, "POST", "/savepoint-disposal"), 400);
    assert_eq!(
        status(&server, "nobody has this one", "POST", "/jars/upload"),
        401
    );
    let log = server.data.path().join("server.log");
    let log = fs::read_to_string(log).expect("the log of the first server of this process");
    let line = |parts: &[&str]| {
        let found = log
            .lines()
            .any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "{parts:?} in {log}");
    };
    line(&[
        "audit",
        "token alice from 127.0.0.1:",
        "POST /savepoint-disposal: 400, MS-1014",
    ]);
    line(&["audit", "token ci from 127.0.0.1:", " /jars/jarid"]);
    line(&["audit", "and was refused: 40"]);
    for secret in [READ, OPERATE, SUBMIT] {
        assert!(!log.contains(secret));
    }

    put(&file, "a line that is none\n");
    put(
        &file,
        &format!("ci submit {SUBMIT}\nbob read bobs-own-token-of-some-length\n"),
    );
    await_that("the new token to count", || {
        status(&server, "bobs-own-token-of-some-length", "GET", "/jobs") == 200
    });
    assert_eq!(status(&server, READ, "GET", "/jobs"), 401);
    assert_eq!(status(&server, SUBMIT, "GET", "/jobs"), 200);
    assert_eq!(status(&server, SUBMIT, "DELETE", "/cluster"), 200);
    server.ended();
}
