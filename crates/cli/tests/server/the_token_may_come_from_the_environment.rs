//! `MILLSTREAM_TOKEN` in the environment of the server is its token, and is not handed on to the processes of jobs; clients send it as the
//! guide says.

use std::fs;
use std::process::Command;

use crate::common::processes::processes_of;
use crate::common::server::Server;
use serde_json::json;

const TOKEN: &str = "token-of-the-environment-51c7";

#[test]
fn it_is_asked_for_and_jobs_do_not_see_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::new(directory);
    server.environment = vec![("MILLSTREAM_TOKEN".to_owned(), TOKEN.to_owned())];
    server.start();
    let (status, answer) = server.call("GET", "/overview", None);
    assert_eq!(status, 401, "{answer}");

    server.token = Some(TOKEN.to_owned());
    let job = server.submit_running(&json!({}));
    for process in processes_of(&server.data) {
        for file in ["environ", "cmdline"] {
            let shown = fs::read(format!("/proc/{process}/{file}")).expect("it runs");
            assert!(!holds_token(&shown), "{file} of the job's process");
        }
    }
    for file in ["server.log", "millstream.db", "millstream.db-wal"] {
        let kept = fs::read(server.data.join(file)).unwrap_or_default();
        assert!(!holds_token(&kept), "{file}");
    }
    let kept = fs::read(server.data.join(format!("jobs/{job}/job.json"))).expect("it is there");
    assert!(!holds_token(&kept), "the job's settings");
}

#[test]
fn curl_sends_it_as_the_guide_says() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/server.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let mut lines = guide.lines();
    let line = lines.find(|line| line.starts_with("curl -H \"Authorization: Bearer"));
    let line = line.expect("a line with curl");
    assert!(line.contains(" localhost:8081/"), "{line}");
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::new(directory.path());
    server.environment = vec![("MILLSTREAM_TOKEN".to_owned(), TOKEN.to_owned())];
    server.start();
    let here = line.replace("localhost:8081", &format!("127.0.0.1:{}", server.port()));
    for (token, answer) in [(TOKEN, "{\"jobs\":["), ("another token, as long", "MS-")] {
        let mut curl = Command::new("sh");
        curl.args(["-c", &here]).env("MILLSTREAM_TOKEN", token);
        let said = curl.output().expect("curl");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains(answer), "{said}");
    }
}

fn holds_token(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(TOKEN)
}
