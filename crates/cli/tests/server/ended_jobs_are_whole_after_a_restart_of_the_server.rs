//! A server that starts lists the ended jobs of the one before it as that did: in lists, and each by itself.

use crate::common::server::Server;
use serde_json::{Value, json};

/// An answer without what goes on with the time.
fn lasting(server: &Server, path: &str) -> Value {
    let mut answer = server.get(path);
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("now");
    }
    answer
}

#[test]
fn in_lists_and_in_detail() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let options = json!({"execution.checkpointing.interval": "20 ms"});
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let job = server.submit_running(&options);
        server.cancel(&job);
        jobs.push(job);
    }
    let mut paths = vec!["/jobs/overview".to_owned(), "/jobs".to_owned()];
    for job in &jobs {
        let parts = [
            "",
            "/config",
            "/checkpoints",
            "/exceptions",
            "/plan",
            "/operations",
        ];
        paths.extend(parts.map(|part| format!("/jobs/{job}{part}")));
    }
    let before: Vec<Value> = paths.iter().map(|path| lasting(&server, path)).collect();
    // Once the list is asked for first, once the details are.
    for reversed in [false, true] {
        server.kill();
        server.start();
        let mut order: Vec<_> = paths.iter().zip(&before).collect();
        if reversed {
            order.reverse();
        }
        for (path, before) in order {
            assert_eq!(lasting(&server, path), *before, "{path}");
        }
    }
    let restart = server.call(
        "POST",
        &format!("/jobs/{}/restart", jobs[0]),
        Some(&json!({})),
    );
    assert_eq!(
        restart.0, 200,
        "what it was submitted as is known: {restart:?}"
    );
}
