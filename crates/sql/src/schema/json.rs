//! Schemas as an ordered JSON object.

use std::fmt;

use arrow::datatypes::{Field, Schema};
use millstream_core::Result;
use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};

use super::{field, invalid, push_unique};

const EXAMPLE: &str = r#"{"id": "BigInt", "name": "String"}"#;

/// Parses a schema such as `{"id": "BigInt", "name": "String"}`; the order of the columns is kept.
///
/// # Errors
/// SCHEMA_INVALID with line and column: no JSON object, a type that is no string, a name that is
/// empty or there twice, no column at all, text behind the object.
///
/// ```
/// let schema = millstream_sql::schema::parse_json(r#"{"b": "Int", "a": "String"}"#).unwrap();
/// assert_eq!(schema.field(0).name(), "b");
/// ```
pub fn parse_json(text: &str) -> Result<Schema> {
    if text.trim_start().to_ascii_lowercase().starts_with("struct") {
        return Err(invalid(
            "schema: this is the struct<…> form where JSON is asked for",
            EXAMPLE,
        ));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = json
        .deserialize_map(Columns)
        .and_then(|fields| json.end().map(|()| fields));
    match parsed {
        Ok(fields) => Ok(Schema::new(fields)),
        Err(error) => {
            let text = error.to_string();
            let message = text.rsplit_once(" at line ").map_or(&*text, |(m, _)| m);
            let (line, column) = (error.line(), error.column());
            Err(invalid(
                format!("schema, line {line}, column {column}: {message}"),
                EXAMPLE,
            ))
        }
    }
}

/// Reads the object's entries in order; a map would hide double names.
struct Columns;

impl<'de> Visitor<'de> for Columns {
    type Value = Vec<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object of column names and type names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.is_empty() {
                return Err(A::Error::custom("a column has an empty name"));
            }
            let type_name = map.next_value::<serde_json::Value>()?;
            let Some(type_name) = type_name.as_str() else {
                return Err(A::Error::custom(format!(
                    "the type of column `{name}` is {type_name}, not a string"
                )));
            };
            let field = field(&name, type_name).map_err(A::Error::custom)?;
            push_unique(&mut fields, field).map_err(A::Error::custom)?;
        }
        if fields.is_empty() {
            return Err(A::Error::custom("no column"));
        }
        Ok(fields)
    }
}
