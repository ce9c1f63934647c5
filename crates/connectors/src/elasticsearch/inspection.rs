//! Whether a sink of Elasticsearch would start: what can be known of servers and index without writing anything.

use std::sync::Arc;

use arrow::datatypes::Schema;
use millstream_core::{Error, Finding, Result, codes};

use super::EsSink;
use super::client::{Client, Question};
use super::look::{self, Index};
use super::mapping;
use super::options::{EsOptions, Login};
use super::outcome::{self, Request};
use super::reply::ServerError;
use super::servers::Server;
use super::version::Version;
use crate::rows::is_json;

const SERVERS: &str = "sink servers";
const INDEX: &str = "sink index";

impl EsSink {
    /// Looks at everything that the sink needs, and changes nothing. `columns`: those that are written, where they are known.
    pub fn inspect(&self, columns: Option<&Schema>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let options = &self.options;
        // What fields objects have that came as they are is known with each of them.
        let columns = columns.filter(|columns| !is_json(columns));
        let mut client = match Client::new(options, 0) {
            Ok(client) => client,
            Err(error) => return vec![Finding::wrong(SERVERS, &error)],
        };
        let Some(version) = servers(&mut client, options, &mut findings) else {
            return findings;
        };
        if matches!(
            options.login,
            Login::Basic { .. } | Login::ApiKey(_) | Login::Bearer(_)
        ) && !options.servers.iter().all(Server::is_tls)
        {
            let detail = format!(
                "{} logs in without TLS: what is secret can be read on the way",
                options.login.shown()
            );
            findings.push(Finding::warning(
                SERVERS,
                detail,
                "write https:// before the addresses",
            ));
        }
        if version.is_told() && !version.has_types() && options.doc_type.is_some() {
            let detail = format!("{version} has no types: sink.es.type has no effect");
            findings.push(Finding::warning(INDEX, detail, "leave sink.es.type out"));
        }
        match index(&mut client, options, &version, columns) {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(Finding::wrong(INDEX, &error)),
        }
        findings
    }

    /// How many documents would be removed at the end, where that is asked for.
    ///
    /// # Errors
    /// No server can be asked.
    pub fn stale(&self) -> Result<Option<u64>> {
        let options = &self.options;
        let (Some(index), Some(version), true) =
            (options.index.fixed(), options.version, options.delete_stale)
        else {
            return Ok(None);
        };
        let mut client = Client::new(options, 0)?;
        super::stale::count(&mut client, index, &options.version_column, version).map(Some)
    }
}

/// Asks each server who it is; the version of the first that answers.
fn servers(
    client: &mut Client,
    options: &Arc<EsOptions>,
    findings: &mut Vec<Finding>,
) -> Option<Version> {
    let mut version = None;
    let mut troubles = Vec::new();
    for (number, server) in options.servers.iter().enumerate() {
        let told = client.ask_server(number, Question::get("/"));
        let told = told.and_then(|answer| {
            let error = ServerError::of_request(&answer.body);
            match outcome::of_request(answer.status, &error) {
                Request::Read => {
                    Version::parse(&answer.body).map_err(|why| format!("{server}: {why}"))
                }
                Request::Paused(_) if answer.status == 403 => Ok(Version::Untold),
                Request::Again(why)
                | Request::Paused(why)
                | Request::Split(why)
                | Request::Impossible(why) => {
                    Err(format!("{server}: {why} ({})", options.login.shown()))
                }
            }
        });
        match told {
            Ok(told) => {
                let detail = format!("{server}: {told}");
                findings.push(match told {
                    Version::Told { .. } => Finding::well(SERVERS, detail),
                    Version::Untold => Finding::warning(
                        SERVERS,
                        detail,
                        "grant the right monitor of the cluster (cluster:monitor/main), without which Elasticsearch 6 can't be written",
                    ),
                });
                version.get_or_insert(told);
            }
            Err(why) => troubles.push(why),
        }
    }
    let next = "see that it runs, can be reached from here, and lets who logs in; or take it out of sink.es.server";
    for why in troubles {
        findings.push(match version {
            Some(_) => Finding::warning(SERVERS, why, next),
            None => Finding::wrong(
                SERVERS,
                &Error::new(&codes::SINK_ELASTICSEARCH, why).next(next),
            ),
        });
    }
    version
}

fn index(
    client: &mut Client,
    options: &Arc<EsOptions>,
    version: &Version,
    columns: Option<&Schema>,
) -> Result<Vec<Finding>> {
    let index = look::index(client, options).map_err(|trouble| trouble.error(options))?;
    look::check(&index, options, version)?;
    let body = look::body_of_index(options, version)?;
    let mut findings = Vec::new();
    match &index {
        Index::Several => {
            let detail = format!(
                "{}: what documents go to is known with the first of them",
                options.index
            );
            findings.push(Finding::well(INDEX, detail));
        }
        Index::Unseen(why) => {
            let detail = format!("{} may not be looked at: {why}", options.index);
            findings.push(Finding::warning(
                INDEX,
                detail,
                "grant view_index_metadata (indices:admin/get), or see to it that the index is there and takes the columns",
            ));
        }
        Index::Missing if body.is_some() => {
            let detail = format!("{} would be made as sink.es.mapping says", options.index);
            findings.push(Finding::well(INDEX, detail));
        }
        Index::Missing => {
            let detail = format!(
                "{} is not there: the server makes it with the first document, and guesses types",
                options.index
            );
            findings.push(Finding::warning(
                INDEX,
                detail,
                "give sink.es.mapping, or make it by hand, where types matter",
            ));
        }
        Index::There {
            mapping, blocked, ..
        } => {
            let found = columns
                .map(|columns| mapping::misfits(mapping, columns))
                .unwrap_or_default();
            let (never, sometimes): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|misfit| misfit.never);
            match never.is_empty() {
                true => findings.push(Finding::well(INDEX, options.index.to_string())),
                false => findings.push(Finding::wrong(INDEX, &look::misfit(options, &never))),
            }
            let next = "cast the column in the SQL, or see to the values";
            findings.extend(
                sometimes
                    .into_iter()
                    .map(|misfit| Finding::warning(INDEX, misfit.why, next)),
            );
            let next = "free the disk, or take the block away";
            findings.extend(
                blocked
                    .iter()
                    .map(|blocked| Finding::warning(INDEX, blocked, next)),
            );
        }
    }
    Ok(findings)
}
