//! Making the index as `sink.es.mapping` says.

use millstream_core::{Error, Result, address, codes};
use serde_json::{Map, Value};
use tracing::info;
use ureq::http::Method;

use super::{Index, Looked, OWN};
use crate::elasticsearch::client::{Client, Question, Trouble};
use crate::elasticsearch::options::EsOptions;
use crate::elasticsearch::reply::ServerError;
use crate::elasticsearch::version::Version;

/// The body by which the index is made.
///
/// # Errors
/// The file can't be read, or holds none.
pub(in crate::elasticsearch) fn body_of_index(
    options: &EsOptions,
    version: &Version,
) -> Result<Option<Value>> {
    let Some(path) = &options.mapping else {
        return Ok(None);
    };
    let wrong = |why: String| {
        let message = format!("sink.es.mapping {}: {why}", path.display());
        Error::new(&codes::SINK_INDEX, message)
            .next("give a file with the body that makes an index: {\"mappings\": {\"properties\": …}, \"settings\": …}")
    };
    let text = std::fs::read(path).map_err(|error| wrong(format!("it can't be read: {error}")))?;
    let body: Value =
        serde_json::from_slice(&text).map_err(|error| wrong(format!("it is no JSON: {error}")))?;
    let Value::Object(mut body) = body else {
        return Err(wrong("it holds no object".to_owned()));
    };
    if body.contains_key("properties") {
        body = Map::from_iter([("mappings".to_owned(), Value::Object(body))]);
    }
    const KNOWN: [&str; 3] = ["mappings", "settings", "aliases"];
    if let Some(other) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(wrong(format!(
            "it has `{other}`, and an index has mappings, settings and aliases"
        )));
    }
    let is_bare = |mappings: &Value| OWN.iter().any(|own| mappings.get(*own).is_some());
    if let (Some(doc_type), Some(mappings)) = (
        version.type_of(options.doc_type.as_deref()),
        body.get_mut("mappings"),
    ) && is_bare(mappings)
    {
        *mappings = Value::Object(Map::from_iter([(doc_type.to_owned(), mappings.take())]));
    }
    Ok(Some(Value::Object(body)))
}

/// The index, which is made where that is wanted and it is missing.
///
/// # Errors
/// It can't be made, no server can be asked, or none lets us.
pub(super) fn made(
    client: &mut Client,
    options: &EsOptions,
    version: &Version,
    index: Index,
) -> Looked<Index> {
    match index {
        _ if options.mapping.is_none() => Ok(index),
        Index::Missing => {
            create(client, options, version)?;
            super::index(client, options)
        }
        // It is most likely there. Who may not make it may hardly have the server make it, which would guess the types of fields.
        Index::Unseen(_) => match create(client, options, version) {
            Ok(()) | Err(Trouble::Denied(_)) => Ok(index),
            Err(failed @ Trouble::Failed(_)) => Err(failed),
        },
        Index::There { .. } | Index::Several => Ok(index),
    }
}

fn create(client: &mut Client, options: &EsOptions, version: &Version) -> Looked<()> {
    let Some((name, body)) = options.index.fixed().zip(body_of_index(options, version)?) else {
        return Ok(());
    };
    let path = format!("/{}", address::piece(name));
    let body = body.to_string();
    let answer = client.try_any(Question::json(&Method::PUT, &path, body.as_bytes()))?;
    let error = ServerError::of_request(&answer.body);
    match answer.status {
        200..300 => {
            info!("Made index {name} as sink.es.mapping says.");
            Ok(())
        }
        // Somebody else was quicker, or it could not be seen.
        _ if error.is("resource_already_exists_exception") => Ok(()),
        _ if error.words().contains("already exists as alias") => Ok(()),
        status => {
            let message = format!(
                "index {name} can't be made: status {status}: {}",
                error.words()
            );
            let error = Error::new(&codes::SINK_INDEX, message);
            Err(error
                .next("correct the file that sink.es.mapping names")
                .into())
        }
    }
}
