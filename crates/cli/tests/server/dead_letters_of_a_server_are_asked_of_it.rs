//! `millstream -m HOST:PORT dead-letters` and `/jobs/:id/dead-letters`: what a job of a server has set aside is listed, shown, replayed and
//! discarded from any machine.

use crate::common::server::Server;
use crate::common::{lines, put};
use serde_json::{Value, json};

/// A job that sets aside what is no number, and goes on.
fn submit(server: &Server, directory: &std::path::Path) -> String {
    let path = |name: &str| directory.join(name).display().to_string();
    let parameters = [
        "--source.type=csv".to_owned(),
        format!("--source.path={}", path("in")),
        "--source.firstLine.schema=true".to_owned(),
        "--source.watch.interval=20".to_owned(),
        "--source.file.settle=0".to_owned(),
        "--sink.type=file".to_owned(),
        format!("--sink.path={}", path("out")),
        "--stream.sql.enable=true".to_owned(),
        "--stream.sql.schema=struct<id:Int,price:Int>".to_owned(),
        "--stream.sql=select id, 100 / price as share from t1".to_owned(),
        "--error.policy=dead-letter".to_owned(),
        format!("--error.dead-letter.path={}", path("dead")),
    ];
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let options = ["-Dexecution.checkpointing.interval=50 ms"];
    server.submit_with("orders", &options, &parameters)
}

#[test]
fn by_the_command_and_over_rest() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let server = Server::started(directory, &[]);
    put(
        directory,
        "in/a.csv",
        "id,price\n1,10\n2,two\n3,0\n4,none\n",
    );
    let job = submit(&server, directory);
    let dead = directory.join("dead");
    server.await_that("dead letters", || lines(&dead).len() == 3);

    let told = server.succeed(&["dead-letters", "list", "orders"]);
    assert!(told.starts_with("Dead letters of orders:\n"), "{told}");
    let open = |told: &str, code: &str| {
        let row = told.lines().find(|line| line.starts_with(code))?;
        row.split_whitespace().nth(1).map(str::to_owned)
    };
    assert_eq!(open(&told, "value").as_deref(), Some("2"), "{told}");
    assert_eq!(open(&told, "sql").as_deref(), Some("1"), "{told}");
    let shown = server.succeed(&[
        "dead-letters",
        "show",
        "orders",
        "--code=value",
        "--limit=1",
    ]);
    assert!(shown.contains("    2,two\n"), "{shown}");
    assert!(!shown.contains("4,none"), "{shown}");

    let groups = server.get(&format!("/jobs/{job}/dead-letters?code=sql"));
    let only = groups.as_array().expect("an array");
    assert_eq!(only.len(), 1, "{groups}");
    assert_eq!(
        (&only[0]["code"], &only[0]["open"]),
        (&json!("sql"), &json!(1))
    );
    let letters = server.get(&format!("/jobs/{job}/dead-letters/letters"));
    assert_eq!(letters.as_array().map(Vec::len), Some(3), "{letters}");

    // What is still bad is set aside once more by a replay.
    let said = server.succeed(&["dead-letters", "replay", "orders", "--code=sql"]);
    assert_eq!(said, "1 letter replayed: 0 went through, 1 failed again.\n");
    let said = server.succeed(&[
        "dead-letters",
        "replay",
        "orders",
        "--code=sql",
        "--dry-run",
    ]);
    assert_eq!(said, "1 letter would be replayed.\n");
    assert_eq!(lines(&dead).len(), 4);
    let replay = format!("/jobs/{job}/dead-letters/replay");
    let ended = server.get(&replay);
    assert_eq!(ended["status"], "completed", "{ended}");

    let refused = server.run(&["dead-letters", "discard", "orders", "--code=value"]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(
        refused
            .err
            .contains("2 dead letters of orders would never be replayed"),
        "{}",
        refused.err
    );
    let body = json!({"code": "value", "limit": 1});
    let discard = format!("/jobs/{job}/dead-letters/discard");
    let (status, answer) = server.call("POST", &discard, Some(&body));
    assert_eq!((status, &answer["discarded"]), (200, &json!(1)), "{answer}");
    let said = server.succeed(&[
        "dead-letters",
        "discard",
        "orders",
        "--code=value",
        "--force",
    ]);
    assert_eq!(said, "1 letter discarded.\n");
    let said = server.succeed(&["dead-letters", "show", "orders", "--code=value"]);
    assert_eq!(said, "No such dead letters.\n");

    // A job that sets nothing aside has none to be asked of.
    let other = server.submit("other", &[]);
    let (status, answer) = server.call("GET", &format!("/jobs/{other}/dead-letters"), None);
    assert_eq!(status, 404, "{answer}");
    let (status, answer) = server.call("GET", &format!("/jobs/{other}/dead-letters/replay"), None);
    assert_eq!(status, 404, "{answer}");
    for id in [&job, &other] {
        server.cancel(id);
    }
    let errors: Option<&Value> = answer.get("errors");
    assert!(errors.is_some(), "{answer}");
}
