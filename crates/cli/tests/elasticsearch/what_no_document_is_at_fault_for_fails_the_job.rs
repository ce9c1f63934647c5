//! A server answers 400 where it would refuse every document, whatever stands in it: that is no bad record, and with `error.policy` skip
//! the job fails and drops nothing.

use crate::common::documents::load;
use crate::common::{put, running};
use crate::fake;

/// A server that answers bulks with an error, of each document or of the whole request.
fn told(kind: &str, reason: &str, is_of_request: bool) -> String {
    let error = format!(r#"{{"type":"{kind}","reason":"{reason}"}}"#);
    let item = format!(r#"{{"index":{{"status":400,"error":{error}}}}}"#);
    let port = fake::listen(None, move |asked| {
        Some(match (asked.is_bulk(), is_of_request) {
            (false, _) => fake::elasticsearch_8(&asked),
            (true, true) => (400, format!(r#"{{"error":{error},"status":400}}"#)),
            (true, false) => {
                let all = vec![item.as_str(); asked.documents()];
                (200, fake::items(&all))
            }
        })
    });
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id,name\n1,a\n2,b\n");
    let skip = ["--error.policy=skip"];
    let address = format!("127.0.0.1:{port}");
    let said = running::run(load(place.path(), &address, "orders", "full", &skip));
    assert_eq!(said.code, Some(1), "{reason}: {}", said.err);
    said.err
}

#[test]
fn whatever_the_policy_is() {
    let illegal = "illegal_argument_exception";
    for (kind, reason, is_of_request) in [
        (
            illegal,
            "no write index is defined for alias [orders].",
            false,
        ),
        (
            illegal,
            "only write ops with an op_type of create are allowed in data streams",
            false,
        ),
        (
            "invalid_index_name_exception",
            "Invalid index name [orders], must not be that",
            false,
        ),
        (illegal, "explicit index in bulk is not allowed", true),
    ] {
        let said = told(kind, reason, is_of_request);
        assert!(said.contains("(MS-7012)"), "{said}");
        let status = if is_of_request { "status 400: " } else { "" };
        let reason = reason.trim_end_matches('.');
        let words = format!("Elasticsearch can't take the output: {status}{reason}");
        assert!(said.contains(&words), "{said}");
    }
}
