//! The OpenAPI document, made of the handlers. What holds for many of them is filled in here: the parameters of paths, and
//! the errors that a request can be answered with before its handler, or by what its path says.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(document))
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, body = serde_json::Value, content_type = "application/json"))
)]
async fn document(State(app): State<App>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, app.document).into_response()
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// 32 hexadecimal digits.
const ID: &str = "^[0-9a-fA-F]{32}$";

/// The document as JSON, with what holds for many handlers filled in.
pub(crate) fn complete(document: OpenApi) -> String {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    describe(&mut document);
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        let names = names_in(path);
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                complete_operation(operation, &names, path, method);
            }
        }
    }
    document.to_string()
}

fn describe(document: &mut Value) {
    let Some(document) = document.as_object_mut() else {
        return;
    };
    document.insert(
        "info".to_owned(),
        json!({
            "title": "Millstream",
            "description": "The REST interface of a Millstream server: that of Apache Flink 2.3, with additions. Times are milliseconds since 1970-01-01T00:00:00Z.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        }),
    );
    document.insert("servers".to_owned(), json!([{"url": "/"}, {"url": "/v1"}]));
    document.insert("security".to_owned(), json!([{}, {"token": []}]));
    let components = document.entry("components").or_insert_with(|| json!({}));
    if let Some(components) = components.as_object_mut() {
        components.insert(
            "securitySchemes".to_owned(),
            json!({"token": {"type": "http", "scheme": "bearer", "description": "rest.auth.token of the server, where one is set."}}),
        );
    }
}

/// The names in braces in a path.
fn names_in(path: &str) -> Vec<&str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}

fn complete_operation(
    operation: &mut Map<String, Value>,
    names: &[&str],
    path: &str,
    method: &str,
) {
    // Handlers have short names that are unique in their module only.
    operation.insert("operationId".to_owned(), json!(operation_id(path, method)));
    let has_query = operation.contains_key("parameters");
    let has_body = operation.contains_key("requestBody");
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.retain(|parameter| parameter.get("in") != Some(&json!("path")));
        parameters.extend(names.iter().map(|name| path_parameter(name)));
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    let mut add = |status: &str, what: &str| {
        if !responses.contains_key(status) {
            responses.insert(status.to_owned(), error_response(what));
        }
    };
    if has_query || has_body || !names.is_empty() {
        add(
            "400",
            "The request can't be understood, or asks for what can't be done.",
        );
    }
    if !names.is_empty() {
        add("404", "There is no such thing.");
    }
    if has_body {
        add("408", "The body comes too slowly.");
        add("413", "The body is too large.");
    }
    add("401", "The token is missing or wrong.");
    add(
        "403",
        "The request comes from a foreign web page, or is switched off.",
    );
    add("500", "A broken promise of Millstream itself.");
    add(
        "503",
        "Something outside, such as a disk, is not there right now.",
    );
    if path != "/jars/upload" {
        add("504", "There is no answer in time.");
    }
}

fn operation_id(path: &str, method: &str) -> String {
    let mut id = method.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        id.push('-');
        id.push_str(part.trim_matches(['{', '}']));
    }
    id
}

fn error_response(what: &str) -> Value {
    json!({
        "description": what,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
    })
}

fn path_parameter(name: &str) -> Value {
    let (what, schema) = match name {
        "jobid" => ("The job.", json!({"type": "string", "pattern": ID})),
        "applicationid" => (
            "The application: the id of its job.",
            json!({"type": "string", "pattern": ID}),
        ),
        "vertexid" => ("The vertex.", json!({"type": "string", "pattern": ID})),
        "triggerid" => ("The operation.", json!({"type": "string", "pattern": ID})),
        "datasetid" => ("The data set.", json!({"type": "string", "pattern": ID})),
        "jarid" => (
            "The package: its id in the list, or `ingest`.",
            json!({"type": "string", "minLength": 1}),
        ),
        "taskmanagerid" => (
            "The process of a job: its id in the list.",
            json!({"type": "string", "minLength": 1}),
        ),
        "rescaleuuid" => (
            "The change of the parallelism.",
            json!({"type": "string", "minLength": 1}),
        ),
        "filename" => ("The log file.", json!({"type": "string", "minLength": 1})),
        "checkpointid" => (
            "The number of the checkpoint.",
            json!({"type": "integer", "minimum": 0}),
        ),
        "subtaskindex" => (
            "The subtask, from 0.",
            json!({"type": "integer", "minimum": 0}),
        ),
        _ => (
            "The number of the execution, from 0.",
            json!({"type": "integer", "minimum": 0}),
        ),
    };
    json!({"name": name, "in": "path", "required": true, "description": what, "schema": schema})
}

#[cfg(test)]
mod tests;
