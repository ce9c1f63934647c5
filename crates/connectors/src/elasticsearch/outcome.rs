//! What follows from what servers answer. Pure.

use super::options::SyncType;
use super::reply::ServerError;

/// What became of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The document is as it was to be.
    Written,
    /// The server can't at present: it is sent again.
    Again(String),
    /// Another writer has changed the document meanwhile.
    Conflict,
    /// There is no such document, and only those that are there are changed.
    Missing,
    /// The document can't be written, ever.
    Refused(Refused),
    /// Nothing can be written until somebody has done something about it.
    Paused(String),
    /// The output can't be had as it is asked for.
    Impossible(String),
}

/// Why a document can't be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// In the server's words.
    pub(super) words: String,
    /// The field at fault, where it says so.
    pub(super) field: Option<String>,
    /// The type of that field.
    pub(super) field_type: Option<String>,
}

/// What became of a whole request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// The server says of each action what became of it.
    Read,
    /// The server can't at present, or what it said is lost: another one is asked, or the same later.
    Again(String),
    /// It is too large, or something in it makes no sense: it is cut in two.
    Split(String),
    /// Nothing can be written until somebody has done something about it.
    Paused(String),
    /// The output can't be had as it is asked for.
    Impossible(String),
}

/// Errors that are no document's fault and that somebody has to do something about.
const PAUSES: [&str; 3] = [
    "cluster_block_exception",
    "index_closed_exception",
    "security_exception",
];

/// Errors of the kind [`ILLEGAL`] that are no document's fault, by how their words begin and what stands in them: the server would refuse
/// all documents alike, or all of an index.
const OF_NO_DOCUMENT: [(&str, &str); 7] = [
    ("no write index is defined for", ""),
    // The same before 6.4.
    ("Alias [", "has more than one ind"),
    ("only write ops with an op_type of create are allowed", ""),
    ("explicit index in bulk is not allowed", ""),
    (
        "Rejecting mapping update to [",
        "would have more than 1 type",
    ),
    ("pipeline with id [", "does not exist"),
    ("Action/metadata line [", "contains an unknown parameter"),
];

/// What servers call most of what they do not like.
const ILLEGAL: &str = "illegal_argument_exception";

/// What servers with types say of actions that have none, which are no document's fault.
const UNTYPED: &str = "type is missing";

/// What follows from that.
const NOT_ASKED: &str = "its documents have types, as in Elasticsearch 6, which has to let the job ask what it is (GET /, the right cluster:monitor/main)";

/// What is said where a new index would have more shards than the cluster may.
const FULL: &str = "shards open";

fn needs_somebody(error: &ServerError) -> bool {
    let is_full = || error.is("validation_exception") && error.words().contains(FULL);
    PAUSES.iter().any(|kind| error.is(kind)) || is_full()
}

/// Whether an error with status 400 is one of the whole output.
fn is_of_no_document(error: &ServerError) -> bool {
    // What it comes of may begin with what a document holds.
    let words = error.reason.as_deref().unwrap_or_default();
    let is_known =
        |(begin, within): &(&str, &str)| words.starts_with(begin) && words.contains(within);
    error.kind == "routing_missing_exception"
        || (error.kind == ILLEGAL && OF_NO_DOCUMENT.iter().any(is_known))
}

/// What became of an action. `is_index_of_rows`: whether the name of its index is made of its row.
pub(super) fn of_item(
    status: u16,
    error: Option<&ServerError>,
    sync: SyncType,
    is_index_of_rows: bool,
) -> Outcome {
    let none = ServerError::default();
    let error = error.unwrap_or(&none);
    let words = || match error.words() {
        words if words.is_empty() => format!("status {status}"),
        words => words,
    };
    match status {
        200..300 => Outcome::Written,
        _ if needs_somebody(error) => Outcome::Paused(words()),
        401 | 403 => Outcome::Paused(words()),
        404 if error.is("index_not_found_exception") => match sync {
            SyncType::Finite => Outcome::Missing,
            SyncType::Full | SyncType::Incremental => {
                Outcome::Impossible(format!("{}, and the server makes none", words()))
            }
        },
        404 if sync == SyncType::Finite => Outcome::Missing,
        // Removed between the update and the insert that is in its place.
        404 if sync == SyncType::Incremental => Outcome::Again(words()),
        409 => Outcome::Conflict,
        429 | 500..600 => Outcome::Again(words()),
        400 if error.is("invalid_index_name_exception") && !is_index_of_rows => {
            Outcome::Impossible(words())
        }
        400 if is_of_no_document(error) => Outcome::Impossible(words()),
        _ => Outcome::Refused(refused(words())),
    }
}

/// What became of a request with this status.
pub(super) fn of_request(status: u16, error: &ServerError) -> Request {
    let words = || match error.words() {
        words if words.is_empty() => format!("status {status}"),
        words => format!("status {status}: {words}"),
    };
    match status {
        200..300 => Request::Read,
        429 | 500..600 | 408 => Request::Again(words()),
        401 | 403 => Request::Paused(words()),
        _ if needs_somebody(error) => Request::Paused(words()),
        413 => Request::Split(words()),
        400 if error.is("action_request_validation_exception")
            && error.words().contains(UNTYPED) =>
        {
            Request::Impossible(NOT_ASKED.to_owned())
        }
        400 if is_of_no_document(error) => Request::Impossible(words()),
        // A server says what is wrong; what stands before one does not know, and says nothing of a document.
        400 if error.kind.is_empty() => Request::Again(words()),
        400 => Request::Split(words()),
        _ => Request::Impossible(words()),
    }
}

/// Takes the field and its type out of the words of a server.
fn refused(words: String) -> Refused {
    let within = |begin: &str| {
        let (_, rest) = words.split_once(begin)?;
        let (inner, _) = rest.split_once(']')?;
        Some(inner.to_owned())
    };
    let field = within("failed to parse field [")
        .or_else(|| within("failed to parse ["))
        .or_else(|| within("object mapping for ["))
        .or_else(|| within("mapper ["))
        .or_else(|| within("dynamic introduction of ["));
    let field_type = within("of type [").or_else(|| {
        let is_object = words.contains("object mapping for [");
        is_object.then(|| "object".to_owned())
    });
    // A strict mapping names the object that the field is not in.
    let strict = words.contains("dynamic introduction of [");
    Refused {
        field: field.filter(|field| !field.is_empty()),
        field_type: field_type.filter(|_| !strict),
        words,
    }
}

#[cfg(test)]
mod tests;
