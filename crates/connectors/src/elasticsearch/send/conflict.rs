//! What it means that another writer has changed a document meanwhile.

use millstream_core::address;
use serde::Deserialize;

use super::{Sender, Unsettled};
use crate::elasticsearch::client::{Answer, Question};
use crate::elasticsearch::outcome::{self, Request};
use crate::elasticsearch::reply::ServerError;

/// What follows from a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What is there is of a newer version than ours, which nobody wants any more.
    Outdated,
    /// It is not: ours is sent again.
    Again,
}

/// The line of an action.
#[derive(Deserialize)]
struct Action {
    #[serde(alias = "update")]
    index: Target,
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "_index")]
    index: String,
    #[serde(rename = "_id")]
    id: String,
}

impl Sender {
    /// Looks at the document that an action is for. `is_silent`: whether nobody has answered such a question about this bulk, so that
    /// no other is asked: each may take as long as a server may.
    ///
    /// # Errors
    /// Nobody waits for the bulk any more.
    pub(super) fn meaning_of_conflict(
        &mut self,
        action: &[u8],
        is_silent: &mut bool,
    ) -> Result<Meaning, Unsettled> {
        if self.stop.is_set() {
            return Err(Unsettled::Stopped);
        }
        let Some(ours) = self.options.version.filter(|_| !*is_silent) else {
            return Ok(Meaning::Again);
        };
        let column = self.options.version_column.clone();
        let Ok(Action { index: target }) = serde_json::from_slice(action) else {
            return Ok(Meaning::Again);
        };
        let doc_type = self.known.get().and_then(|found| found.doc_type);
        let path = format!(
            "/{}/{}/{}?_source_includes={}",
            address::piece(&target.index),
            address::piece(doc_type.as_deref().unwrap_or("_doc")),
            address::piece(&target.id),
            address::piece(&column)
        );
        match self.client.ask(Question::get(&path)) {
            Ok(answer) if answer.status == 200 => Ok(meaning(&answer.body, &column, ours)),
            Ok(answer) if !is_away(&answer) => Ok(Meaning::Again),
            // Who can't be asked will tell by the next conflict.
            Ok(_) | Err(_) => {
                *is_silent = true;
                Ok(Meaning::Again)
            }
        }
    }
}

/// Whether a server can't answer at present.
fn is_away(answer: &Answer) -> bool {
    let error = ServerError::of_request(&answer.body);
    matches!(
        outcome::of_request(answer.status, &error),
        Request::Again(_)
    )
}

fn meaning(document: &[u8], column: &str, ours: i64) -> Meaning {
    let document: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    let theirs = document
        .get("_source")
        .and_then(|source| source.get(column));
    let theirs = theirs.and_then(|theirs| match theirs {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    });
    match theirs {
        Some(theirs) if theirs > ours => Meaning::Outdated,
        _ => Meaning::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, meaning};

    #[test]
    fn only_a_newer_version_makes_ours_outdated() {
        for (source, expected) in [
            (r#"{"version":8}"#, Meaning::Outdated),
            (r#"{"version":"8"}"#, Meaning::Outdated),
            (r#"{"version":7}"#, Meaning::Again),
            (r#"{"version":6}"#, Meaning::Again),
            (r#"{"version":"new"}"#, Meaning::Again),
            ("{}", Meaning::Again),
        ] {
            let document = format!(r#"{{"_id":"1","_source":{source}}}"#);
            assert_eq!(
                meaning(document.as_bytes(), "version", 7),
                expected,
                "{source}"
            );
        }
        assert_eq!(meaning(b"<html>", "version", 7), Meaning::Again);
    }
}
