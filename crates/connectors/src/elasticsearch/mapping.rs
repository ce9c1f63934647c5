//! Whether the columns of rows fit the fields of an index. Pure.

use arrow::datatypes::{DataType, Fields, Schema};
use serde_json::{Value, json};

use millstream_core::type_names::type_in_words;

/// A column that does not fit, or may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The column, or the path to a field within it: `a.b`.
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
    /// The least and the largest that there may be.
    Whole(i128, i128),
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
        DataType::Int8 => Ours::Whole(i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => Ours::Whole(i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => Ours::Whole(i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => Ours::Whole(i64::MIN.into(), i64::MAX.into()),
        DataType::UInt8 => Ours::Whole(0, u8::MAX.into()),
        DataType::UInt16 => Ours::Whole(0, u16::MAX.into()),
        DataType::UInt32 => Ours::Whole(0, u32::MAX.into()),
        DataType::UInt64 => Ours::Whole(0, u64::MAX.into()),
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

/// The least and the largest whole number that a field of that type takes; `None`: it takes none as a number, or any.
fn range(field_type: &str) -> Option<(i128, i128)> {
    Some(match field_type {
        "byte" => (i8::MIN.into(), i8::MAX.into()),
        "short" => (i16::MIN.into(), i16::MAX.into()),
        "integer" => (i32::MIN.into(), i32::MAX.into()),
        "long" => (i64::MIN.into(), i64::MAX.into()),
        "unsigned_long" => (0, u64::MAX.into()),
        "half_float" => (-65_504, 65_504),
        _ => return None,
    })
}

/// How values of ours fit a field of that type.
fn fit(field_type: &str, ours: Ours, has_format: bool) -> Fit {
    use Fit::{Always, Never, Sometimes};
    let number = "only text that is a number fits";
    let in_range = "only numbers of its range fit";
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
        (_, Ours::Whole(least, largest)) if let Some((from, to)) = range(field_type) => {
            match from <= least && largest <= to {
                true => Always,
                false => Sometimes(in_range),
            }
        }
        ("long" | "integer" | "short" | "byte" | "unsigned_long", Ours::Float) => {
            Sometimes("what stands behind the decimal point is not found by a search")
        }
        ("half_float", Ours::Float) => Sometimes(in_range),
        // Numbers that are too large for a float are hardly met, and servers make floats for doubles themselves.
        ("double" | "float" | "scaled_float", Ours::Whole(..) | Ours::Float) => Always,
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
        ("date", Ours::Time) => Always,
        ("date_nanos", Ours::Time) => Sometimes("only times from 1970 to 2262 fit"),
        ("date" | "date_nanos", Ours::Text) => Sometimes("only text that is a date fits"),
        ("date" | "date_nanos", Ours::Whole(..)) => {
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

/// The columns of `schema` and the fields within them that do not fit the fields of an index, or may not. `mapping` is what
/// stands under `mappings`, of one type where there are types.
pub(super) fn misfits(mapping: &Value, schema: &Schema) -> Vec<Misfit> {
    let mut found = Vec::new();
    hold(mapping, schema.fields(), ("", false), &mut found);
    found
}

/// Holds fields against those of an object. `path` stands before their names; `is_strict`: what is around the object takes no
/// fields that it does not name.
fn hold(object: &Value, fields: &Fields, (path, is_strict): (&str, bool), found: &mut Vec<Misfit>) {
    let is_strict = match object.get("dynamic") {
        Some(dynamic) => dynamic.as_str() == Some("strict"),
        None => is_strict,
    };
    for field in fields {
        let name = format!("{path}{}", field.name());
        let all = object.get("properties");
        let Some(mapped) = all.and_then(|all| all.get(field.name())) else {
            if is_strict {
                found.push(Misfit {
                    why: format!("the mapping is strict and has no field {name}"),
                    column: name,
                    never: true,
                });
            }
            continue;
        };
        if is_off(mapped) {
            continue;
        }
        found.extend(misfit(&name, field.data_type(), mapped));
        if let Some(parts) = parts(field.data_type())
            && matches!(type_of(mapped), "object" | "nested")
        {
            hold(mapped, parts, (&format!("{name}."), is_strict), found);
        }
    }
}

/// Whether nobody looks at what stands in a field: it takes anything.
fn is_off(mapped: &Value) -> bool {
    let enabled = mapped.get("enabled");
    enabled.is_some_and(|enabled| enabled == &json!(false) || enabled == &json!("false"))
}

/// The type of a field, which an object need not name.
fn type_of(mapped: &Value) -> &str {
    let is_object = mapped.get("properties").is_some();
    let told = mapped.get("type").and_then(Value::as_str);
    told.unwrap_or(if is_object { "object" } else { "" })
}

/// The fields of a struct, or of each in a list.
fn parts(kind: &DataType) -> Option<&Fields> {
    match kind {
        DataType::Struct(fields) => Some(fields),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => parts(item.data_type()),
        _ => None,
    }
}

/// What is wrong with values of a type in a field.
fn misfit(name: &str, kind: &DataType, mapped: &Value) -> Option<Misfit> {
    let field_type = type_of(mapped);
    let has_format = mapped.get("format").is_some();
    let named = type_in_words(kind);
    let both = format!("column {name} of type {named} and the field of type {field_type}");
    let (why, never) = match fit(field_type, ours(kind), has_format) {
        Fit::Always => return None,
        Fit::Sometimes(what) => (format!("{both}: {what}"), false),
        Fit::Never => (format!("{both} do not go together"), true),
    };
    Some(Misfit {
        column: name.to_owned(),
        why,
        never,
    })
}

/// Whether a field holds numbers, so that versions can be compared.
pub(super) fn is_whole(mapping: &Value, field: &str) -> Option<bool> {
    let mapped = mapping.get("properties")?.get(field)?;
    let told = mapped.get("type").and_then(Value::as_str)?;
    Some(matches!(
        told,
        "long" | "unsigned_long" | "integer" | "short" | "byte" | "date" | "double"
    ))
}

#[cfg(test)]
mod tests;
