//! A job that has written nothing tries as often as its parameters say where no server of Elasticsearch answers, and fails then: also
//! where it finds nothing to write.

use crate::common::documents::load;
use crate::common::{put, running};

#[test]
fn after_as_many_tries_as_are_given() {
    for rows in ["id,name\n1,Ann\n", "id,name\n"] {
        let place = tempfile::tempdir().expect("a directory");
        put(place.path(), "in/a.csv", rows);
        // Nobody listens there.
        let tries = ["--bulk.flush.backoff.retries=1"];
        let job = load(place.path(), "127.0.0.1:1", "orders", "full", &tries);
        let said = running::run(job);
        assert_eq!(said.code, Some(1), "{rows}: {}", said.err);
        let told = "failed: Elasticsearch can't take documents, tried 2 times: no server";
        assert!(said.err.contains(told), "{rows}: {}", said.err);
        assert!(said.err.contains("(MS-7011)"), "{rows}: {}", said.err);
    }
}
