//! Whether the columns of rows fit the fields of an index. Pure.

use arrow::datatypes::{DataType, Schema};
use serde_json::Value;

use millstream_core::type_names::type_in_words;

/// A column that does not fit, or may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The column.
    pub(super) column: String,
    /// What is wrong, with both types, in words.
    pub(super) why: String,
    /// Whether no value fits; else some may.
    pub(super) never: bool,
}

/// How values of a type fit a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Always,
    /// It depends on the value.
    Sometimes(&'static str),
    Never,
}

/// What a column is for Elasticsearch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ours {
    Boolean,
    Whole,
    Float,
    Text,
    Time,
    Bytes,
    Object,
    /// Nothing is known of it.
    Other,
}

fn ours(kind: &DataType) -> Ours {
    match kind {
        DataType::Boolean => Ours::Boolean,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => Ours::Whole,
        DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal32(_, _)
        | DataType::Decimal64(_, _)
        | DataType::Decimal128(_, _)
        | DataType::Decimal256(_, _) => Ours::Float,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ours::Text,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => Ours::Time,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Ours::Bytes,
        DataType::Struct(_) | DataType::Map(_, _) => Ours::Object,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => ours(item.data_type()),
        DataType::Dictionary(_, values) => ours(values),
        DataType::RunEndEncoded(_, values) => ours(values.data_type()),
        _ => Ours::Other,
    }
}

/// How values of ours fit a field of that type.
fn fit(field_type: &str, ours: Ours, has_format: bool) -> Fit {
    use Fit::{Always, Never, Sometimes};
    let number = "only text that is a number fits";
    match (field_type, ours) {
        (_, Ours::Other) => Always,
        ("object" | "nested" | "flattened" | "flat_object" | "join", Ours::Object) => Always,
        ("object" | "nested" | "flattened" | "flat_object", _) => Never,
        (
            "text" | "keyword" | "wildcard" | "constant_keyword" | "match_only_text"
            | "search_as_you_type",
            Ours::Object,
        ) => Never,
        ("text" | "keyword" | "wildcard" | "match_only_text" | "search_as_you_type", _) => Always,
        ("long" | "unsigned_long", Ours::Whole) => Always,
        ("integer" | "short" | "byte", Ours::Whole) => Sometimes("only numbers of its range fit"),
        ("long" | "integer" | "short" | "byte" | "unsigned_long", Ours::Float) => {
            Sometimes("what stands behind the decimal point is not found by a search")
        }
        ("double" | "float" | "half_float" | "scaled_float", Ours::Whole | Ours::Float) => Always,
        (
            "long" | "integer" | "short" | "byte" | "unsigned_long" | "double" | "float"
            | "half_float" | "scaled_float",
            Ours::Text,
        ) => Sometimes(number),
        (
            "long" | "integer" | "short" | "byte" | "unsigned_long" | "double" | "float"
            | "half_float" | "scaled_float",
            _,
        ) => Never,
        ("boolean", Ours::Boolean) => Always,
        ("boolean", Ours::Text) => Sometimes("only `true`, `false` and nothing fit"),
        ("boolean", _) => Never,
        ("date" | "date_nanos", Ours::Time) if has_format => Sometimes("its format has to take it"),
        ("date" | "date_nanos", Ours::Time) => Always,
        ("date" | "date_nanos", Ours::Text) => Sometimes("only text that is a date fits"),
        ("date" | "date_nanos", Ours::Whole) => {
            Sometimes("it is taken for milliseconds since 1970")
        }
        ("date" | "date_nanos", _) => Never,
        ("binary", Ours::Bytes) => Always,
        ("ip" | "binary", Ours::Text) => Sometimes("only some text fits"),
        ("ip" | "binary", _) => Never,
        ("alias", _) => Never,
        _ => Always,
    }
}

/// The columns of `schema` that do not fit the fields of an index, or may not. `mapping` is what stands under `mappings`, of
/// one type where there are types.
pub(super) fn misfits(mapping: &Value, schema: &Schema) -> Vec<Misfit> {
    let mut found = Vec::new();
    let is_strict = |object: &Value| {
        object
            .get("dynamic")
            .is_some_and(|dynamic| dynamic.as_str() == Some("strict"))
    };
    let strict = is_strict(mapping);
    for field in schema.fields() {
        let name = field.name();
        let mapped = mapping.get("properties").and_then(|all| all.get(name));
        let Some(mapped) = mapped else {
            if strict {
                found.push(Misfit {
                    column: name.clone(),
                    why: format!("the mapping is strict and has no field {name}"),
                    never: true,
                });
            }
            continue;
        };
        let is_object = mapped.get("properties").is_some();
        let told = mapped.get("type").and_then(Value::as_str);
        let field_type = told.unwrap_or(if is_object { "object" } else { "" });
        let has_format = mapped.get("format").is_some();
        let kind = field.data_type();
        let named = type_in_words(kind);
        let both = format!("column {name} of type {named} and the field of type {field_type}");
        match fit(field_type, ours(kind), has_format) {
            Fit::Always => {}
            Fit::Sometimes(what) => found.push(Misfit {
                column: name.clone(),
                why: format!("{both}: {what}"),
                never: false,
            }),
            Fit::Never => found.push(Misfit {
                column: name.clone(),
                why: format!("{both} do not go together"),
                never: true,
            }),
        }
    }
    found
}

/// Whether a field holds numbers, so that versions can be compared.
pub(super) fn is_whole(mapping: &Value, field: &str) -> Option<bool> {
    let mapped = mapping.get("properties")?.get(field)?;
    let told = mapped.get("type").and_then(Value::as_str)?;
    Some(matches!(told, "long" | "unsigned_long" | "date" | "double"))
}

#[cfg(test)]
mod tests;
