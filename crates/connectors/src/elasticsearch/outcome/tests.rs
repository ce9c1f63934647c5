use super::{Outcome, Request, of_item, of_request};
use crate::elasticsearch::options::SyncType::{self, Finite, Full, Incremental};
use crate::elasticsearch::reply::ServerError;

fn error(kind: &str, reason: &str) -> ServerError {
    ServerError {
        kind: kind.to_owned(),
        reason: Some(reason.to_owned()),
        caused_by: None,
    }
}

/// The name of an outcome alone.
fn name(outcome: &Outcome) -> String {
    let text = format!("{outcome:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn each_action_has_an_outcome_of_its_own() {
    let item = |status: u16, kind: &str, sync: SyncType| {
        let error = error(kind, "r");
        name(&of_item(
            status,
            Some(&error).filter(|_| !kind.is_empty()),
            sync,
            false,
        ))
    };
    for (status, kind, full, incremental, finite) in [
        (200, "", "Written", "Written", "Written"),
        (201, "", "Written", "Written", "Written"),
        (
            429,
            "es_rejected_execution_exception",
            "Again",
            "Again",
            "Again",
        ),
        (429, "cluster_block_exception", "Paused", "Paused", "Paused"),
        (500, "x", "Again", "Again", "Again"),
        (
            503,
            "unavailable_shards_exception",
            "Again",
            "Again",
            "Again",
        ),
        (
            409,
            "version_conflict_engine_exception",
            "Conflict",
            "Conflict",
            "Conflict",
        ),
        (
            404,
            "document_missing_exception",
            "Refused",
            "Again",
            "Missing",
        ),
        (
            404,
            "index_not_found_exception",
            "Impossible",
            "Impossible",
            "Missing",
        ),
        (
            400,
            "mapper_parsing_exception",
            "Refused",
            "Refused",
            "Refused",
        ),
        (
            400,
            "strict_dynamic_mapping_exception",
            "Refused",
            "Refused",
            "Refused",
        ),
        (
            400,
            "illegal_argument_exception",
            "Refused",
            "Refused",
            "Refused",
        ),
        (400, "index_closed_exception", "Paused", "Paused", "Paused"),
        (400, "validation_exception", "Refused", "Refused", "Refused"),
        (403, "cluster_block_exception", "Paused", "Paused", "Paused"),
        (403, "security_exception", "Paused", "Paused", "Paused"),
        (401, "x", "Paused", "Paused", "Paused"),
    ] {
        let found = [Full, Incremental, Finite].map(|sync| item(status, kind, sync));
        assert_eq!(found, [full, incremental, finite], "{status} {kind}");
    }
}

#[test]
fn a_refusal_names_the_field_and_its_type() {
    for (words, field, field_type) in [
        (
            "failed to parse field [age] of type [long] in document with id '7'",
            Some("age"),
            Some("long"),
        ),
        ("failed to parse [age]", Some("age"), None),
        (
            "object mapping for [a.b] tried to parse field [b] as object, but found a concrete value",
            Some("a.b"),
            Some("object"),
        ),
        (
            "mapper [age] of different type, current_type [long], merged_type [text]",
            Some("age"),
            None,
        ),
        (
            "mapping set to strict, dynamic introduction of [city] within [_doc] is not allowed",
            Some("city"),
            None,
        ),
        ("Limit of total fields [1000] has been exceeded", None, None),
    ] {
        let Outcome::Refused(refused) = of_item(400, Some(&error("x", words)), Full, false) else {
            panic!("{words} is a refusal");
        };
        assert_eq!(refused.field.as_deref(), field, "{words}");
        assert_eq!(refused.field_type.as_deref(), field_type, "{words}");
    }
}

#[test]
fn what_no_document_is_at_fault_for_is_said_of_none() {
    const ILLEGAL: &str = "illegal_argument_exception";
    for (kind, reason) in [
        (
            ILLEGAL,
            "no write index is defined for alias [both]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index",
        ),
        (
            ILLEGAL,
            "Alias [both] has more than one indices associated with it [[a, b]], can't execute a single index op",
        ),
        (
            ILLEGAL,
            "only write ops with an op_type of create are allowed in data streams",
        ),
        (ILLEGAL, "explicit index in bulk is not allowed"),
        (
            ILLEGAL,
            "Rejecting mapping update to [orders] as the final mapping would have more than 1 type: [_doc, order]",
        ),
        (ILLEGAL, "pipeline with id [mine] does not exist"),
        (
            ILLEGAL,
            "Action/metadata line [1] contains an unknown parameter [_type]",
        ),
        (
            "routing_missing_exception",
            "routing is required for [orders]/[_doc]/[7]",
        ),
    ] {
        let error = error(kind, reason);
        let item = of_item(400, Some(&error), Full, true);
        assert_eq!(item, Outcome::Impossible(reason.to_owned()));
        let told = Request::Impossible(format!("status 400: {reason}"));
        assert_eq!(of_request(400, &error), told);
    }
    // A document may hold the same words.
    let cause = error(ILLEGAL, "no write index is defined for alias [x]");
    let of_value = ServerError {
        caused_by: Some(Box::new(cause)),
        ..error("mapper_parsing_exception", "failed to parse field [a]")
    };
    let item = of_item(400, Some(&of_value), Full, false);
    assert_eq!(name(&item), "Refused");
}

#[test]
fn a_name_that_no_index_may_have_is_the_documents_fault_where_its_row_makes_it() {
    let error = error(
        "invalid_index_name_exception",
        "Invalid index name [by-Rome], must be lowercase",
    );
    for (is_index_of_rows, outcome) in [(true, "Refused"), (false, "Impossible")] {
        let item = of_item(400, Some(&error), Full, is_index_of_rows);
        assert_eq!(name(&item), outcome);
    }
}

#[test]
fn each_request_has_an_outcome() {
    let none = ServerError::default();
    let closed = error("index_closed_exception", "closed");
    let untyped = error(
        "action_request_validation_exception",
        "Validation Failed: 1: type is missing;2: type is missing;",
    );
    let malformed = error("illegal_argument_exception", "Malformed action");
    let full = error(
        "validation_exception",
        "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has [1000]/[1000] maximum shards open;",
    );
    for (status, error, name) in [
        (200, &none, "Read"),
        (429, &none, "Again"),
        (502, &none, "Again"),
        (503, &none, "Again"),
        (401, &none, "Paused"),
        (403, &none, "Paused"),
        (400, &none, "Again"),
        (400, &malformed, "Split"),
        (400, &untyped, "Impossible"),
        (400, &full, "Paused"),
        (400, &closed, "Paused"),
        (413, &none, "Split"),
        (404, &none, "Impossible"),
        (405, &none, "Impossible"),
        (301, &none, "Impossible"),
    ] {
        let found = format!("{:?}", of_request(status, error));
        assert!(found.starts_with(name), "{status}: {found}");
    }
    let item = of_item(400, Some(&full), Full, false);
    assert_eq!(name(&item), "Paused", "a new index is refused, no document");
    let told = of_request(503, &error("x", "no master"));
    assert_eq!(told, Request::Again("status 503: no master".to_owned()));
}
