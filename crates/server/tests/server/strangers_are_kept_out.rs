//! Whoever has no token, or is a foreign web page, gets nothing; what is too large is refused.

use crate::common::Server;

#[test]
fn without_the_token_nothing_is_answered() {
    let server = Server::start(&[("rest.auth.token", "open sesame, please")]);
    for path in [
        "/jobs",
        "/v1/jobs/overview",
        "/metrics",
        "/openapi.json",
        "/nope",
        "/jobmanager/config",
    ] {
        for headers in [
            vec![],
            vec![("authorization", "Bearer open")],
            vec![("authorization", "Basic b3BlbiBzZXNhbWU=")],
        ] {
            let answer = server.send("GET", path, &headers, b"");
            assert_eq!(answer.status, 401, "{path} {headers:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(!answer.body.contains("sesame"));
        }
    }
    let config = server.ask("GET", "/jobmanager/config", "");
    assert_eq!(config.status, 200);
    assert!(!config.body.contains("sesame"), "{}", config.body);
    server.end();
}

#[test]
fn without_the_token_no_operation_of_the_document_is_done() {
    let server = Server::start(&[("rest.auth.token", "open sesame, please")]);
    let document = server.ask("GET", "/openapi.json", "").json();
    let paths = document.get("paths").and_then(serde_json::Value::as_object);
    let mut asked = 0;
    for (path, methods) in paths.expect("paths") {
        // Whether the server is there, and nothing else.
        if ["/healthz", "/readyz"].contains(&path.as_str()) {
            assert_eq!(server.send("GET", path, &[], b"").status, 200);
            continue;
        }
        for method in methods.as_object().expect("methods").keys() {
            let path = path.replace(['{', '}'], "");
            for headers in [
                vec![],
                vec![("authorization", "Bearer open sesamE, please")],
            ] {
                let answer = server.send(&method.to_uppercase(), &path, &headers, b"{}");
                assert_eq!(answer.status, 401, "{method} {path}: {}", answer.body);
                asked += 1;
            }
        }
    }
    assert!(asked > 150, "{asked}");
    server.end();
}

#[test]
fn pages_of_others_can_not_use_the_server() {
    let server = Server::start(&[]);
    let form = ("content-type", "multipart/form-data; boundary=x");
    let foreign = [
        ("host", "localhost"),
        ("origin", "http://evil.example"),
        form,
    ];
    assert_eq!(
        server
            .send("POST", "/jars/upload", &foreign, b"--x--")
            .status,
        403
    );
    assert_eq!(
        server
            .send("GET", "/jobs", &[("host", "evil.example")], b"")
            .status,
        403
    );
    assert_eq!(
        server
            .send("GET", "/jobs", &[("host", "localhost")], b"")
            .status,
        200
    );
    for host in [
        "[::1].evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80",
    ] {
        let answer = server.send("POST", "/jars/ingest/run", &[("host", host)], b"{}");
        assert_eq!(answer.status, 403, "{host}");
    }
    // A picture of a foreign page whose address is a plan: a browser sends no Origin with that.
    let picture = [
        ("host", "localhost"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
    ];
    for path in [
        "/jars/ingest/plan",
        "/v1/jars/ingest/plan?programArg=a",
        "/jobs",
    ] {
        assert_eq!(
            server.send("GET", path, &picture, b"").status,
            403,
            "{path}"
        );
    }
    // An older browser names the page, and nothing else.
    let older = [("host", "localhost"), ("referer", "http://evil.example/a")];
    let answer = server.send("GET", "/jars/ingest/plan", &older, b"");
    assert_eq!(answer.status, 403);
    let navigated = |destination: &str| {
        let headers = [
            ("host", "localhost"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", destination),
        ];
        server.send("GET", "/jobs", &headers, b"").status
    };
    assert_eq!(navigated("document"), 200, "a link");
    assert_eq!(navigated("iframe"), 403, "a frame");
    let asked = [("host", "localhost"), ("origin", "http://localhost")];
    let answer = server.send("GET", "/jobs", &asked, b"");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    server.end();
}

#[test]
fn a_page_that_is_named_can_use_the_server() {
    let origin = "http://dashboard.example";
    let server = Server::start(&[
        ("web.access-control-allow-origin", origin),
        ("rest.auth.token", "open sesame, please"),
    ]);
    let named = ("origin", origin);
    let host = ("host", "localhost");
    let token = ("authorization", "Bearer open sesame, please");
    let answer = server.send("GET", "/jobs", &[host, named, token], b"");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    let answer = server.send("GET", "/jobs", &[host, named], b"");
    assert_eq!(answer.status, 401, "a page needs the token, too");
    server.end();
}

#[test]
fn large_bodies_and_headers_are_refused() {
    let server = Server::start(&[("rest.server.max-content-length", "4 kb")]);
    let answer = server.ask("POST", "/savepoint-disposal", &" ".repeat(2 << 20));
    assert_eq!(answer.status, 413, "{}", answer.body);
    let form = format!(
        "--x\r\ncontent-disposition: form-data; name=\"jarfile\"; filename=\"p\"\r\n\r\n{}\r\n--x--\r\n",
        "y".repeat(64 << 10)
    );
    let headers = [
        ("host", "localhost"),
        ("user-agent", "test"),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let answer = server.send("POST", "/jars/upload", &headers, form.as_bytes());
    assert_eq!(answer.status, 413, "{}", answer.body);
    let long = "z".repeat(300 << 10);
    let answer = server.send(
        "GET",
        "/jobs",
        &[("host", "localhost"), ("x-long", &long)],
        b"",
    );
    assert_eq!(answer.status, 431);
    let packages = server.data.path().join("packages");
    let left = std::fs::read_dir(packages).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing of the upload stays");
    server.end();
}

#[test]
fn what_is_switched_off_is_refused() {
    let server = Server::start(&[
        ("web.submit.enable", "false"),
        ("web.cancel.enable", "false"),
    ]);
    for (method, path) in [
        ("POST", "/jars/ingest/run"),
        ("POST", "/jars/ingest/plan"),
        ("POST", "/jars/upload"),
        ("DELETE", "/jars/ingest"),
        ("PATCH", "/jobs/0123456789abcdef0123456789abcdef"),
    ] {
        let answer = server.ask(method, path, "{}");
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.body);
    }
    let config = server.ask("GET", "/config", "").json();
    assert_eq!(config.pointer("/features/web-submit"), Some(&false.into()));
    server.end();
}
