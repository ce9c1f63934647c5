//! Names that stand for others, or for several indices: an alias, a data stream, a pattern.

use std::collections::BTreeSet;

use millstream_core::{Error, Result, address, codes};
use serde_json::{Map, Value};
use tracing::warn;

use super::Looked;
use crate::elasticsearch::client::{Client, Question, Trouble, denied};
use crate::elasticsearch::options::EsOptions;
use crate::elasticsearch::reply::ServerError;

/// Whether what a name stands for can be written, as far as the indices tell that are found by it.
///
/// # Errors
/// It can't.
pub(super) fn check(name: &str, found: &Map<String, Value>) -> Result<()> {
    let wrong =
        |message: String, next: &str| Err(Error::new(&codes::SINK_INDEX, message).next(next));
    if found
        .values()
        .any(|index| index.get("data_stream").is_some())
    {
        return wrong(
            format!(
                "sink.es.index {name} stands for a data stream, which takes new documents only, and changes none"
            ),
            "name an index, or an alias of one that is written",
        );
    }
    let aliases = found.values().filter_map(|index| alias(index, name));
    let aliases: Vec<&Value> = aliases.collect();
    let is_written = match aliases.as_slice() {
        // It is the name of an index itself, or aliases are not shown.
        [] => true,
        [only] => only.get(WRITTEN) != Some(&Value::Bool(false)),
        all => all.iter().any(|alias| is_written(alias)),
    };
    match is_written {
        true => Ok(()),
        false => wrong(
            format!(
                "sink.es.index {name} is an alias, and none of its indices is the one that is written"
            ),
            "say of one of them that it is (is_write_index), or name an index",
        ),
    }
}

/// What is said of an alias of an index.
fn alias<'a>(index: &'a Value, name: &str) -> Option<&'a Value> {
    index.get("aliases")?.get(name)
}

/// Whether the index of an alias is the one that is written.
const WRITTEN: &str = "is_write_index";

fn is_written(alias: &Value) -> bool {
    alias.get(WRITTEN) == Some(&Value::Bool(true))
}

/// The type of the indices that may be written by a pattern, or of the one that is by an alias of several, where there are types;
/// `None`: there is none.
///
/// # Errors
/// There are several, or no server can be asked or lets us.
pub(super) fn doc_type(client: &mut Client, options: &EsOptions) -> Looked<Option<String>> {
    let wanted = wildcard(&options.index.to_string());
    let path = format!("/{}", address::piece(&wanted));
    let answer = match client.try_any(Question::get(&path)) {
        Err(Trouble::Denied(denied)) if denied.is_of_a_right() => {
            warn!(
                "Indices {wanted} may not be looked at ({}): their type is taken for _doc. Give sink.es.type where it is another one.",
                denied.why
            );
            return Ok(None);
        }
        answer => answer?,
    };
    match answer.status {
        200 => {}
        404 => return Ok(None),
        status => {
            let why = ServerError::of_request(&answer.body).words();
            return Err(denied(options, &format!("status {status}: {why}")).into());
        }
    }
    let found: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_meant = |of: &str, index: &Value| match options.index.fixed() {
        Some(name) => alias(index, name).is_some_and(is_written),
        // A star stands for the server's own, too.
        None => !of.starts_with('.'),
    };
    let meant = found.iter().filter(|(of, index)| is_meant(of, index));
    let mappings = meant.filter_map(|(_, index)| index.get("mappings"));
    let all: BTreeSet<&str> = mappings.flat_map(types).collect();
    let only = only_type(options, &all)?;
    Ok(only.map(str::to_owned))
}

/// A pattern with a star for each column and date.
fn wildcard(pattern: &str) -> String {
    let mut pieces = pattern.split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push('*');
        out.push_str(piece.split_once('}').map_or("", |(_, behind)| behind));
    }
    out
}

/// The types of an index by what stands under `mappings`, where there are types.
pub(super) fn types(mappings: &Value) -> impl Iterator<Item = &str> {
    let all = mappings.as_object().into_iter().flatten();
    all.map(|(name, _)| name.as_str())
        .filter(|name| *name != "_default_")
}

/// The one type of all; `None`: there is none.
///
/// # Errors
/// There are several, and nobody has said which one is meant.
pub(super) fn only_type<'a>(
    options: &EsOptions,
    all: &BTreeSet<&'a str>,
) -> Result<Option<&'a str>> {
    if all.len() > 1 {
        let names: Vec<&str> = all.iter().copied().collect();
        let message = format!(
            "what is found by sink.es.index {} has the types {}, and sink.es.type does not say which one is written",
            options.index,
            names.join(", ")
        );
        return Err(Error::new(&codes::SINK_INDEX, message).next("give sink.es.type"));
    }
    Ok(all.first().copied())
}

#[cfg(test)]
mod tests;
