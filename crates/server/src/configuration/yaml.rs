//! `config.yaml`: maps in maps, whose keys are joined by dots.

use millstream_core::Configuration;
use serde_yaml_ng::Value;

/// Reads the document. An error says what is wrong, and where.
pub(super) fn parse(text: &str) -> Result<Configuration, String> {
    let document: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let mut configuration = Configuration::new();
    match document {
        Value::Null => {}
        Value::Mapping(_) => collect(String::new(), document, &mut configuration)?,
        _ => return Err("it is not a map of settings".to_owned()),
    }
    Ok(configuration)
}

fn collect(key: String, value: Value, into: &mut Configuration) -> Result<(), String> {
    let Value::Mapping(map) = value else {
        // A key without a value is not set.
        if value != Value::Null {
            into.set(key.clone(), text(&key, value)?);
        }
        return Ok(());
    };
    for (name, value) in map {
        let name = text(&key, name)?;
        let inner = if key.is_empty() {
            name
        } else {
            format!("{key}.{name}")
        };
        collect(inner, value, into)?;
    }
    Ok(())
}

/// A scalar as it would be written on the command line; a list with `;` between, as in Flink.
fn text(key: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Sequence(items) => {
            let items: Result<Vec<String>, String> =
                items.into_iter().map(|item| text(key, item)).collect();
            items.map(|items| items.join(";"))
        }
        Value::Null | Value::Mapping(_) | Value::Tagged(_) => Err(format!(
            "{key} holds something that is no text, number or list"
        )),
    }
}
