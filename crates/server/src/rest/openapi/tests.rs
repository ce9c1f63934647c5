//! The document and the router say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{METHODS, complete, names_in};
use crate::rest::documented;
use crate::rest::settings::RestSettings;

fn document() -> Value {
    let settings = RestSettings::from_configuration(&millstream_core::Configuration::new());
    let (_, document) = documented(&settings.expect("defaults are settings")).split_for_parts();
    serde_json::from_str(&complete(document)).expect("the document is JSON")
}

/// Calls `visit` with the path, the method and the operation of everything that is documented.
fn each_operation(document: &Value, mut visit: impl FnMut(&str, &str, &Value)) {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .expect("paths");
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                visit(path, method, operation);
            }
        }
    }
}

#[test]
fn every_path_of_flink_is_there() {
    let document = document();
    let mut ours = BTreeSet::new();
    each_operation(&document, |path, method, _| {
        ours.insert(format!("{} {path}", method.to_uppercase()));
    });
    let wanted = include_str!("../../../tests/fixtures/flink-2.3/routes.txt");
    // A line that begins with `-` is left out, for the reason above it; one that does though it is there is wrong.
    let wanted = wanted.lines().filter(|line| !line.starts_with('#'));
    let (left_out, wanted): (Vec<_>, Vec<_>) = wanted.partition(|line| line.starts_with("- "));
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|line| !ours.contains(*line))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let known: Vec<_> = left_out
        .into_iter()
        .filter_map(|line| line.strip_prefix("- "))
        .filter(|line| ours.contains(*line))
        .collect();
    assert!(known.is_empty(), "{known:#?}");
}

#[test]
fn every_operation_says_its_parameters_and_its_errors() {
    let document = document();
    let mut ids = BTreeSet::new();
    each_operation(&document, |path, method, operation| {
        let id = operation
            .get("operationId")
            .and_then(Value::as_str)
            .expect("an id");
        assert!(ids.insert(id.to_owned()), "{id} is not unique");
        let parameters = operation
            .get("parameters")
            .and_then(Value::as_array)
            .expect("a list");
        let described: Vec<_> = parameters
            .iter()
            .filter(|parameter| parameter.get("in") == Some(&"path".into()))
            .filter_map(|parameter| parameter.get("name")?.as_str())
            .collect();
        assert_eq!(described, names_in(path), "{method} {path}");
        let responses = operation
            .get("responses")
            .and_then(Value::as_object)
            .expect("responses");
        assert!(
            responses.contains_key("401") && responses.contains_key("403"),
            "{method} {path}"
        );
        let is_described = operation
            .get("description")
            .or_else(|| operation.get("summary"));
        assert!(
            is_described.is_some(),
            "{method} {path} says not what it does"
        );
    });
    assert!(ids.len() > 60, "{}", ids.len());
}

#[test]
fn every_reference_has_its_schema() {
    let document = document();
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let schemas = schemas.expect("schemas");
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(schemas.contains_key(name), "{name}");
    }
}
