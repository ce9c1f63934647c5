//! What is looked at before anything is written: the servers and the index.

mod making;
mod several;

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Schema;
use millstream_core::{Error, Result, address, codes};
use serde_json::{Map, Value, json};
use tracing::{info, warn};

pub(super) use making::body_of_index;

use super::client::{Client, Question, Trouble, denied};
use super::mapping::{self, Misfit};
use super::options::{EsOptions, SyncType};
use super::reply::ServerError;
use super::version::Version;

/// What is known of the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The type in an action, where one is wanted there: the one that is given, or else that of the index.
    pub(super) doc_type: Option<String>,
}

/// What is known of the servers once they have been looked at; clones know the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<Option<Found>>>);

impl Known {
    /// What is known; `None`: nobody has been let to look yet.
    pub(super) fn get(&self) -> Option<Found> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.clone()
    }

    /// This is.
    pub(super) fn set(&self, found: Found) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
}

/// What comes of looking.
type Looked<T> = std::result::Result<T, Trouble>;

/// What is known of the index.
#[derive(Debug)]
pub(super) enum Index {
    /// It is not there.
    Missing,
    /// It is.
    There {
        /// What stands under `mappings`, of its one type where it has types.
        mapping: Value,
        /// Its type, where it has one.
        doc_type: Option<String>,
        /// Why it can't be written at present, in words.
        blocked: Option<String>,
    },
    /// Documents go to several: nothing is known of them.
    Several,
    /// It may be there: nobody may look, who may write all the same. Why, in words.
    Unseen(String),
}

impl Index {
    /// Its type, where it is known to have one.
    fn doc_type(&self) -> Option<&str> {
        match self {
            Self::There { doc_type, .. } => doc_type.as_deref(),
            Self::Missing | Self::Several | Self::Unseen(_) => None,
        }
    }
}

/// Looks at servers and index, and makes the index where that is wanted.
///
/// # Errors
/// No server can be asked or lets us, or the output can't be had as it is asked for.
pub(super) fn look(
    client: &mut Client,
    options: &Arc<EsOptions>,
    schema: Option<&Schema>,
) -> Looked<Found> {
    let version = version(client)?;
    let index = self::index(client, options)?;
    let index = making::made(client, options, &version, index)?;
    check(&index, options, &version)?;
    if let Index::There {
        mapping, blocked, ..
    } = &index
    {
        if let Some(blocked) = blocked {
            warn!("{blocked}.");
        }
        let misfits = schema.map(|schema| mapping::misfits(mapping, schema));
        let (never, sometimes): (Vec<Misfit>, Vec<Misfit>) = misfits
            .unwrap_or_default()
            .into_iter()
            .partition(|misfit| misfit.never);
        for misfit in sometimes {
            warn!("Index {}: {}.", options.index, misfit.why);
        }
        if !never.is_empty() {
            return Err(misfit(options, &never).into());
        }
    }
    if let Index::Unseen(why) = &index {
        warn!(
            "Index {} may not be looked at ({why}): whether the columns fit is known with the documents.",
            options.index
        );
    }
    let doc_type = match (&options.doc_type, &index) {
        (None, Index::Several) if version.has_types() => several::doc_type(client, options)?,
        (given, index) => given.as_deref().or(index.doc_type()).map(str::to_owned),
    };
    let doc_type = version.type_of(doc_type.as_deref());
    info!("Documents go to {version}, index {}.", options.index);
    Ok(Found {
        doc_type: doc_type.map(str::to_owned),
    })
}

/// The error for columns of which no value fits.
pub(super) fn misfit(options: &EsOptions, never: &[Misfit]) -> Error {
    let why: Vec<&str> = never.iter().map(|misfit| misfit.why.as_str()).collect();
    let message = format!(
        "index {} can't take the columns: {}",
        options.index,
        why.join("; ")
    );
    Error::new(&codes::SINK_INDEX, message).next(
        "cast the columns in the SQL or leave them out, or make an index with another mapping",
    )
}

/// What the servers are.
///
/// # Errors
/// No server can be asked or lets us, or it is none that can be written.
fn version(client: &mut Client) -> Looked<Version> {
    let answer = match client.try_any(Question::get("/")) {
        // Who may write need not be let to ask for that.
        Err(Trouble::Denied(denied)) if denied.is_of_a_right() => {
            let why = denied.why;
            warn!(
                "A server may not be asked what it is ({why}): it is taken for one without types."
            );
            return Ok(Version::Untold);
        }
        answer => answer?,
    };
    let version = Version::parse(&answer.body).map_err(|why| {
        let message = format!("what answers at sink.es.server can't be written: {why}");
        Error::new(&codes::SINK_INDEX, message)
            .next("give the addresses of Elasticsearch from 6, or of OpenSearch")
    })?;
    Ok(version)
}

/// What is known of the index.
///
/// # Errors
/// No server can be asked or lets us.
pub(super) fn index(client: &mut Client, options: &EsOptions) -> Looked<Index> {
    let Some(name) = options.index.fixed() else {
        return Ok(Index::Several);
    };
    let path = format!("/{}", address::piece(name));
    let answer = match client.try_any(Question::get(&path)) {
        Err(Trouble::Denied(denied)) if denied.is_of_a_right() => {
            return Ok(Index::Unseen(denied.why));
        }
        answer => answer?,
    };
    match answer.status {
        200 => {}
        404 => return Ok(Index::Missing),
        status => {
            let why = ServerError::of_request(&answer.body).words();
            return Err(denied(options, &format!("status {status}: {why}")).into());
        }
    }
    let found: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
    several::check(name, &found)?;
    let mut found = found.into_iter();
    // An alias leads to others, of which the one that is written may be any.
    let (Some((of, index)), None) = (found.next(), found.next()) else {
        return Ok(Index::Several);
    };
    let mappings = index.get("mappings").cloned().unwrap_or_default();
    let (mapping, doc_type) = one_type(mappings);
    Ok(Index::There {
        mapping,
        doc_type,
        blocked: blocked(&of, index.get("settings").unwrap_or(&Value::Null)),
    })
}

/// What a mapping itself may have, so that none of it is a type.
const OWN: [&str; 8] = [
    "properties",
    "dynamic",
    "_source",
    "dynamic_templates",
    "_routing",
    "_meta",
    "date_detection",
    "numeric_detection",
];

/// Where there are types the mapping stands under one.
fn one_type(mappings: Value) -> (Value, Option<String>) {
    let Value::Object(all) = &mappings else {
        return (mappings, None);
    };
    let mut names = all.iter().filter(|(name, _)| *name != "_default_");
    match (names.next(), names.next()) {
        (Some((name, mapping)), None) if !OWN.contains(&name.as_str()) && mapping.is_object() => {
            (mapping.clone(), Some(name.clone()))
        }
        _ => (mappings, None),
    }
}

/// Why an index can't be written at present.
fn blocked(name: &str, settings: &Value) -> Option<String> {
    let blocks = settings.get("index")?.get("blocks")?;
    let is_on = |block: &str| {
        let told = blocks.get(block)?;
        (told == &json!("true") || told == &json!(true)).then_some(())
    };
    let why = [
        (
            "read_only_allow_delete",
            "it is read-only, as where a disk is almost full",
        ),
        ("read_only", "it is read-only"),
        ("write", "it may not be written"),
    ];
    let found = why.iter().find(|(block, _)| is_on(block).is_some());
    found.map(|(block, why)| {
        format!("index {name}: {why} (index.blocks.{block}); the job waits until that is over")
    })
}

/// Whether the index is as it has to be.
///
/// # Errors
/// It is not.
pub(super) fn check(index: &Index, options: &EsOptions, version: &Version) -> Result<()> {
    let wrong =
        |message: String, next: &str| Err(Error::new(&codes::SINK_INDEX, message).next(next));
    match index {
        Index::Missing if options.sync == SyncType::Finite => wrong(
            format!(
                "index {} is not there, and sink.es.sync.type finite only changes what is there",
                options.index
            ),
            "correct sink.es.index, or give sink.es.sync.type incremental or full",
        ),
        Index::There {
            doc_type: Some(there),
            ..
        } if version.has_types() && options.doc_type.as_ref().is_some_and(|own| own != there) => {
            let own = options.doc_type.as_deref().unwrap_or_default();
            wrong(
                format!(
                    "the type of index {} is {there}, and an index has one: {own} can't be written",
                    options.index
                ),
                "give that type as sink.es.type, or leave it out",
            )
        }
        Index::There { mapping, .. }
            if options.delete_stale
                && mapping::is_whole(mapping, &options.version_column) == Some(false) =>
        {
            wrong(
                format!(
                    "field {} of index {} holds no whole numbers, so that it can't be told which versions are older",
                    options.version_column, options.index
                ),
                "give another sink.es.version.column, or leave sink.es.delete.stale out",
            )
        }
        Index::There {
            mapping,
            doc_type: None,
            ..
        } if version.has_types() && options.doc_type.is_none() => {
            several::only_type(options, &several::types(mapping).collect()).map(drop)
        }
        Index::Several if options.delete_stale => wrong(
            format!(
                "sink.es.index {} stands for several indices, and documents of older versions would be removed from all of them",
                options.index
            ),
            "name the one index that is written, or leave sink.es.delete.stale out",
        ),
        Index::Unseen(why) if options.delete_stale => wrong(
            format!(
                "index {} may not be looked at ({why}), so that it can't be told from what documents of older versions would be removed",
                options.index
            ),
            "grant the right to see it (view_index_metadata, indices:admin/get), or leave sink.es.delete.stale out",
        ),
        Index::Missing | Index::There { .. } | Index::Several | Index::Unseen(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
