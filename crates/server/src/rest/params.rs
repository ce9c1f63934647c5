//! What a request says in its path and query, read with Flink's words for what can't be read.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::request::Parts;
use millstream_core::{JobId, OperatorId, TriggerId};
use millstream_protocol::link::VertexReport;

use super::App;
use super::errors::{Answer, RestError};
use crate::views::JobView;

/// The parameters of a request, from its path and its query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl FromRequestParts<App> for Params {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let path = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|error| unreadable("path", &error.to_string()))?
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let Query(query) = Query::try_from_uri(&parts.uri)
            .map_err(|error| unreadable("query", &error.to_string()))?;
        Ok(Self {
            path,
            query: joined(query),
        })
    }
}

/// Parameters that are given more than once, as one with commas between its values, as Flink reads them.
fn joined(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match joined.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => joined.push((name, value)),
        }
    }
    joined
}

/// The error of a query parameter that has none of the values that it may have.
pub(crate) fn unresolved(name: &str, value: &str, next: &str) -> RestError {
    RestError::bad_request(
        format!(
            "Bad request, could not parse parameters: Cannot resolve query parameter ({name}) from value \"{value}\"."
        ),
        next,
    )
}

fn unreadable(place: &str, cause: &str) -> RestError {
    RestError::bad_request(
        format!("Bad request, could not parse the {place}: {cause}"),
        "percent-encode it as UTF-8",
    )
}

impl Params {
    /// The text of a path parameter; empty where the route has none of that name.
    pub(crate) fn path(&self, name: &str) -> &str {
        find(&self.path, name).unwrap_or_default()
    }

    /// A path parameter as a `T`.
    pub(crate) fn path_value<T: FromStr>(&self, name: &str) -> Answer<T> {
        let text = self.path(name);
        text.parse().map_err(|_| {
            RestError::bad_request(
                format!(
                    "Bad request, could not parse parameters: Cannot resolve path parameter ({name}) from value \"{text}\"."
                ),
                "give a value of the form that the OpenAPI document at /openapi.json says",
            )
        })
    }

    /// The text of a query parameter; `None` where it is missing or empty.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name).filter(|text| !text.is_empty())
    }

    /// A query parameter as a `T`.
    pub(crate) fn query_value<T: FromStr>(&self, name: &str) -> Answer<Option<T>> {
        let parsed = self.query(name).map(|text| {
            text.parse().map_err(|_| {
                let next =
                    "give a value of the form that the OpenAPI document at /openapi.json says";
                unresolved(name, text, next)
            })
        });
        parsed.transpose()
    }

    /// The parts of a query parameter that is a list with commas; `None` where it is missing or empty.
    pub(crate) fn query_list(&self, name: &str) -> Option<Vec<&str>> {
        let text = self.query(name)?;
        Some(text.split(',').filter(|part| !part.is_empty()).collect())
    }

    /// The id of the job in the path.
    pub(crate) fn job_id(&self) -> Answer<JobId> {
        self.path_value("jobid")
    }

    /// The id of the operation in the path.
    pub(crate) fn trigger_id(&self) -> Answer<TriggerId> {
        self.path_value("triggerid")
    }

    /// The job in the path.
    pub(crate) fn job(&self, app: &App) -> Answer<Arc<JobView>> {
        Ok(app.registry.job(self.job_id()?)?)
    }

    /// The vertex in the path, which is one of `job`.
    pub(crate) fn vertex<'a>(&self, job: &'a JobView) -> Answer<&'a VertexReport> {
        let id: OperatorId = self.path_value("vertexid")?;
        let vertices = job.report.as_ref().map(|report| report.vertices.as_slice());
        vertices
            .unwrap_or_default()
            .iter()
            .find(|vertex| vertex.id == id)
            .ok_or_else(|| {
                RestError::not_found(
                    format!("No vertex with ID '{id}' exists in job {}.", job.id),
                    "take the ids of GET /jobs/:jobid",
                )
            })
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
impl Params {
    /// The parameters of a request that a test makes up.
    pub(crate) fn for_test(path: &[(&str, &str)], query: &[(&str, &str)]) -> Self {
        let owned = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        Self {
            path: owned(path),
            query: joined(owned(query)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn what_is_given_twice_is_one_list() {
        let query = [("arg", "a"), ("get", "x"), ("arg", "b,c"), ("arg", "")];
        let params = Params::for_test(&[], &query);
        assert_eq!(params.query_list("arg"), Some(vec!["a", "b", "c"]));
        assert_eq!(params.query("get"), Some("x"));
        let twice = Params::for_test(&[], &[("parallelism", "1"), ("parallelism", "2")]);
        let error = twice.query_value::<u32>("parallelism").expect_err("two");
        assert!(
            format!("{error:?}").contains("from value \\\"1,2\\\""),
            "{error:?}"
        );
    }
}
