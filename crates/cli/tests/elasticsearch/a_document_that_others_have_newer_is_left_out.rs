//! Another writer puts newer versions of a document there while `incremental` changes it: the server answers 409 to changes that it has
//! overtaken, and those are left out and counted, with all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::documents::{load, put_document};
use crate::common::{put, read_and_accounted_for, running};
use millstream_services::elasticsearch::{Elasticsearch, Server, ask};
use serde_json::json;

const ROWS: u64 = 2_000;
/// One of two is always at it while the other reads its answer.
const WRITERS: usize = 2;
/// Documents that a writer puts there with one request.
const TOGETHER: usize = 500;

/// Writes newer versions of the document, until it is told to stop.
struct Newer(Arc<AtomicBool>);

impl Newer {
    fn start(address: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let one = "{\"index\":{\"_index\":\"met\",\"_id\":\"1\"}}\n{\"version\":9}\n";
        for _ in 0..WRITERS {
            let (stop, address, body) =
                (Arc::clone(&stop), address.to_owned(), one.repeat(TOGETHER));
            let write = move || {
                while !stop.load(Ordering::Relaxed)
                    && ask(&address, "POST", "/_bulk", &body).is_ok()
                {}
            };
            drop(std::thread::Builder::new().spawn(write).expect("a thread"));
        }
        Self(stop)
    }
}

impl Drop for Newer {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn and_counted() {
    let server = Elasticsearch::start(Server::Elasticsearch7).expect("a server");
    put_document(&server, "/met/_doc/1", &json!({"version": 9}));
    let place = tempfile::tempdir().expect("a directory");
    let rows: String = (0..ROWS).map(|row| format!("1,{row}\n")).collect();
    put(place.path(), "in/a.csv", format!("id,row\n{rows}"));
    let more = [
        r#"--stream.sql.schema.json={"id":"BigInt","row":"BigInt"}"#,
        "--sink.es.version=5",
        // The server would try most of them again, until they are written.
        "--sink.es.update.retry.on.conflict=0",
        "--sink.es.bulk.flush.max.actions=500",
        "--bulk.flush.backoff.retries=1000",
    ];
    let job = load(place.path(), &server.address(), "met", "incremental", &more);
    let newer = Newer::start(&server.address());
    let said = running::run(job);
    drop(newer);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(read_and_accounted_for(&said.err), ROWS);
    let mut lines = said.err.lines().rev();
    let numbers = lines.find(|line| line.contains(" read = "));
    let numbers = numbers.expect("its numbers");
    assert!(numbers.contains(" written + "), "{numbers}");
    assert!(numbers.contains(" filtered"), "{numbers}");
}
