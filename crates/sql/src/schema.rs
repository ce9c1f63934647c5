//! Schemas as text: `struct<…>` and ordered JSON, with the type names of the ingestion job.
//!
//! | type | Arrow |
//! |---|---|
//! | `Boolean` | Boolean |
//! | `TinyInt`, `SmallInt`, `Int`, `BigInt` | Int8, Int16, Int32, Int64 |
//! | `Float` | Float32 |
//! | `Double`, `Decimal` | Float64 |
//! | `Decimal(p)`, `Decimal(p,s)` | Decimal128 |
//! | `Timestamp` | Timestamp in microseconds, without time zone |
//! | `Date` | Date32 |
//! | `String`, `Varchar(n)`, `List`, `Map` | Utf8 |
//!
//! Other spellings of SQL, Hive, Flink and Java mean the same (`Integer`, `Long`, `bool`, `numeric(10,2)`, …); any other name
//! is refused, and so are types of nested values (`array<int>`). Type names are case-insensitive, column names are kept as written. Every column may be null.

mod json;
mod struct_text;
#[cfg(test)]
mod tests;
pub(crate) mod types;

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, Schema};
use millstream_core::columns::{INEXACT_DECIMAL, MAX_CHARACTERS};
use millstream_core::{Error, Result, codes};

pub use json::parse_json;
pub use struct_text::parse_struct;

/// The schema that a job's two parameters give: `json` wins where both are there, none where neither
/// is. Text of white space only counts as not given.
///
/// # Errors
/// SCHEMA_INVALID, as [`parse_struct`] and [`parse_json`] say.
pub fn from_parameters(struct_text: Option<&str>, json: Option<&str>) -> Result<Option<Schema>> {
    let given = |text: &&str| !text.trim().is_empty();
    if let Some(json) = json.filter(given) {
        return parse_json(json).map(Some);
    }
    struct_text.filter(given).map(parse_struct).transpose()
}

/// The Arrow type of a type name as in the table of this module.
///
/// # Errors
/// SCHEMA_INVALID: there is no such type; with the nearest names.
///
/// ```
/// use arrow::datatypes::DataType;
/// use millstream_sql::schema::data_type;
/// assert_eq!(data_type("bigint").unwrap(), DataType::Int64);
/// assert_eq!(data_type("Decimal(10,2)").unwrap(), DataType::Decimal128(10, 2));
/// assert!(data_type("Strng").unwrap_err().to_string().contains("`string`"));
/// ```
pub fn data_type(name: &str) -> Result<DataType> {
    types::named(name)
        .map(|named| named.data_type)
        .map_err(|problem| invalid(problem, "struct<id:BigInt,name:String>"))
}

/// A column; the field's metadata has the limit of a text of limited length, and the name of a decimal that is none.
fn field(name: &str, type_name: &str) -> Result<Field, String> {
    let named = types::named(type_name).map_err(|problem| format!("column `{name}`: {problem}"))?;
    let limit = named
        .characters
        .map(|characters| (MAX_CHARACTERS, characters.to_string()));
    let inexact = named
        .inexact
        .then(|| (INEXACT_DECIMAL, type_name.trim().to_owned()));
    let said: HashMap<String, String> = limit
        .into_iter()
        .chain(inexact)
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Ok(Field::new(name, named.data_type, true).with_metadata(said))
}

/// Adds `field`, unless a column of that name is there already.
fn push_unique(fields: &mut Vec<Field>, field: Field) -> Result<(), String> {
    if fields.iter().any(|f| f.name() == field.name()) {
        return Err(format!("column `{}` is there twice", field.name()));
    }
    fields.push(field);
    Ok(())
}

fn invalid(message: impl Into<String>, example: &str) -> Error {
    Error::new(&codes::SCHEMA_INVALID, message).next(format!("write it like {example}"))
}
