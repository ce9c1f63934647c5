//! `MILLSTREAM_TOKEN` in the environment of the server is its token, and is not handed on to the processes of jobs.

use std::fs;

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

fn holds_token(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(TOKEN)
}
