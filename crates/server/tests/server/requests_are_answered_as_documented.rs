//! Everything in the OpenAPI document is there, with and without `/v1`, and is answered with a status that the document names;
//! nothing else is there.

use crate::common::{Answer, Server};
use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The path with something in the place of each parameter.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{checkpointid}" | "{subtaskindex}" | "{attempt}" => "0",
        "{jarid}" | "{taskmanagerid}" | "{filename}" => "nope",
        part if part.starts_with('{') => "0123456789abcdef0123456789abcdef",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn check(server: &Server, prefix: &str, path: &str, item: &Value) {
    for method in METHODS {
        // It would end the server.
        if (path, method) == ("/cluster", "delete") {
            continue;
        }
        let url = format!("{prefix}{}", filled(path));
        let answer = server.ask(&method.to_uppercase(), &url, "{}");
        let Some(operation) = item.get(method) else {
            assert_eq!(answer.status, 405, "{method} {url}: {}", answer.body);
            assert!(answer.header("allow").is_some(), "{method} {url}");
            continue;
        };
        check_kind(&answer, &url);
        let status = answer.status.to_string();
        let is_documented = operation.pointer(&format!("/responses/{status}")).is_some();
        assert!(is_documented, "{method} {url}: {status} {}", answer.body);
        assert_ne!(status, "500", "{method} {url}: {}", answer.body);
        assert!(
            !answer.body.contains("Unable to load requested file"),
            "{method} {url} is documented but not there"
        );
        if answer.status >= 400 {
            let error = answer.json();
            let line = error.pointer("/errors/0").and_then(Value::as_str);
            assert!(
                line.is_some_and(|line| !line.is_empty() && !line.contains('\n')),
                "{error}"
            );
            let code = error.get("code").and_then(Value::as_str);
            assert!(code.is_some_and(|code| code.starts_with("MS-")), "{error}");
        }
    }
}

/// JSON is called what Flink calls it, and nothing else is.
fn check_kind(answer: &Answer, url: &str) {
    let kind = answer.header("content-type").unwrap_or_default();
    let is_json = serde_json::from_str::<Value>(&answer.body).is_ok();
    assert_eq!(
        is_json,
        kind == "application/json; charset=UTF-8",
        "{url}: {kind}: {}",
        answer.body
    );
}

#[test]
fn what_is_documented_is_there_and_nothing_else() {
    let server = Server::start(&[]);
    let document = server.ask("GET", "/openapi.json", "").json();
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .expect("paths");
    assert!(paths.len() > 60, "{}", paths.len());
    for (path, item) in paths {
        for prefix in ["", "/v1"] {
            check(&server, prefix, path, item);
        }
    }
    let unknown = server.ask("GET", "/nope", "");
    check_kind(&unknown, "/nope");
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json().pointer("/errors/0"),
        Some(&"Unable to load requested file /nope.".into())
    );
    server.end();
}
