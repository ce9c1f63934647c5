//! `bulk.flush.backoff.retries` are those in a row in which servers take nothing: where each time they take some of what they are given
//! the job goes on, however often the rest is sent again.

use crate::common::documents::load;
use crate::common::put;
use crate::common::running::{self, Said};
use crate::fake;

const ROWS: usize = 12;
const RETRIES: usize = 2;
const BUSY: &str = r#"{"index":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"rejected execution"}}}"#;

/// The job against a server that takes so many documents of each bulk.
fn run(takes: usize) -> Said {
    let port = fake::listen(None, move |asked| {
        if !asked.is_bulk() {
            return Some(fake::elasticsearch_8(&asked));
        }
        let documents = 0..asked.documents();
        let all: Vec<&str> = documents
            .map(|number| if number < takes { fake::TAKEN } else { BUSY })
            .collect();
        Some((200, fake::items(&all)))
    });
    let place = tempfile::tempdir().expect("a directory");
    let rows: String = (0..ROWS).map(|id| format!("{id},n{id}\n")).collect();
    put(place.path(), "in/a.csv", format!("id,name\n{rows}"));
    let retries = format!("--bulk.flush.backoff.retries={RETRIES}");
    let more = [retries.as_str(), "--sink.es.bulk.flush.concurrent=1"];
    let address = format!("127.0.0.1:{port}");
    running::run(load(place.path(), &address, "orders", "full", &more))
}

#[test]
fn as_long_as_they_take_some() {
    let said = run(1);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = format!("{ROWS} read = {ROWS} written");
    assert!(said.err.contains(&told), "{}", said.err);

    let said = run(0);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = "Elasticsearch can't take documents, tried 3 times: rejected execution";
    assert!(said.err.contains(told), "{}", said.err);
}
