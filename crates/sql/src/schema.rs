//! Schemas as text: `struct<…>` and ordered JSON, with the type names of the ingestion job.
//!
//! | type | Arrow |
//! |---|---|
//! | `Boolean` | Boolean |
//! | `SmallInt` | Int16 |
//! | `Int` | Int32 |
//! | `BigInt` | Int64 |
//! | `Float` | Float32 |
//! | `Double`, `Decimal`, `Decimal(p,s)` | Float64 |
//! | `Timestamp` | Timestamp in microseconds, without time zone |
//! | `Date` | Date32 |
//! | `String`, `List`, `Map`, anything else | Utf8 |
//!
//! Type names are case-insensitive, column names are kept as written. Every column may be null.

mod json;
mod struct_text;
#[cfg(test)]
mod tests;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
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
/// ```
/// use arrow::datatypes::DataType;
/// use millstream_sql::schema::data_type;
/// assert_eq!(data_type("bigint"), DataType::Int64);
/// assert_eq!(data_type("Map<String, Int>"), DataType::Utf8);
/// ```
pub fn data_type(name: &str) -> DataType {
    let head = name.split(['(', '<']).next().unwrap_or_default();
    match head.trim().to_ascii_lowercase().as_str() {
        "boolean" => DataType::Boolean,
        "smallint" => DataType::Int16,
        "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "float" => DataType::Float32,
        "double" | "decimal" => DataType::Float64,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "date" => DataType::Date32,
        _ => DataType::Utf8,
    }
}

fn field(name: &str, type_name: &str) -> Field {
    Field::new(name, data_type(type_name), true)
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
