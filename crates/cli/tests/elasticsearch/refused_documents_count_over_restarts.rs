//! `error.max.count` is held against the refused documents of all runs, also those that a server refuses while a checkpoint waits for it:
//! documents before its boundary, of which its state does not know yet.

use crate::common::documents::load_with;
use crate::common::{Running, put, running};
use millstream_services::elasticsearch::{Elasticsearch, Server};

#[test]
fn also_those_of_a_checkpoint_that_waits() {
    let server = Elasticsearch::start(Server::OpenSearch2).expect("a server");
    let mapping = r#"{"mappings":{"properties":{"amount":{"type":"long"}}}}"#;
    let made = server.ask("PUT", "/counted", mapping).expect("an answer");
    assert_eq!(made.status, 200, "{}", made.body);
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let job = |options: &[&str], more: &[&str]| {
        let own = [
            "--error.policy=skip",
            "--error.max.count=5",
            // Only checkpoints send anything.
            "--sink.es.bulk.flush.interval.ms=3600000",
        ];
        let all = [&own[..], more].concat();
        load_with(
            directory,
            options,
            &server.address(),
            "counted",
            "full",
            &all,
        )
    };
    put(directory, "in/a.csv", "id,amount\n1,many\n2,many\n3,many\n");
    // The next checkpoint would know of them: there is none before the job is killed.
    let rarely = "-Dexecution.checkpointing.interval=3 s";
    let watching = "--source.watch.type=PROCESS_CONTINUOUSLY";
    let mut first = Running::start(job(&[rarely], &[watching]));
    first.await_log("Bad record");
    first.await_log("Completed checkpoint");
    first.kill();
    put(directory, "in/b.csv", "id,amount\n4,many\n5,many\n6,many\n");
    let said = running::run(job(&["-s", "latest"], &[]));
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = "and error.max.count is 5";
    assert!(
        said.err.contains("MS-6005") && said.err.contains(told),
        "{}",
        said.err
    );
}
