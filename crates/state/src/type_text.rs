//! Types as text, as they stand in `_metadata`: `string`, `struct<count: u64, last: string?>`.
//!
//! The text describes the serde form of a type, not its Rust name, so that a record may be moved or
//! renamed and still find its state; what would read another's bytes has another text.

use arrow::datatypes::{DataType, Field, FieldRef};
use serde::de::DeserializeOwned;
use serde_arrow::schema::{SchemaLike, TracingOptions};
use serde_arrow::utils::Item;

/// How many variants and nested options a type may have until it is described by its name alone.
const BUDGET: usize = 1_000;

pub(crate) fn tracing_options() -> TracingOptions {
    TracingOptions::default()
        .allow_null_fields(true)
        .map_as_struct(false)
        .sequence_as_large_list(false)
        .strings_as_large_utf8(false)
        .bytes_as_large_binary(false)
        .from_type_budget(BUDGET)
}

/// The Arrow field of a type, by what its `Deserialize` asks for; `None` where that does not tell.
pub(crate) fn trace<T: DeserializeOwned>(options: TracingOptions) -> Option<FieldRef> {
    Vec::<FieldRef>::from_type::<Item<T>>(options).ok()?.pop()
}

/// The text of a type.
pub(crate) fn type_text<T: DeserializeOwned>() -> String {
    match trace::<T>(tracing_options()) {
        Some(field) => field_text(&field),
        None => name_text(std::any::type_name::<T>()),
    }
}

fn field_text(field: &Field) -> String {
    let mut text = data_type_text(field.data_type());
    if field.is_nullable() && *field.data_type() != DataType::Null {
        text.push('?');
    }
    text
}

fn data_type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "nothing".into(),
        DataType::Boolean => "bool".into(),
        DataType::Int8 => "i8".into(),
        DataType::Int16 => "i16".into(),
        DataType::Int32 => "i32".into(),
        DataType::Int64 => "i64".into(),
        DataType::UInt8 => "u8".into(),
        DataType::UInt16 => "u16".into(),
        DataType::UInt32 => "u32".into(),
        DataType::UInt64 => "u64".into(),
        DataType::Float32 => "f32".into(),
        DataType::Float64 => "f64".into(),
        DataType::Utf8 => "string".into(),
        DataType::Binary => "bytes".into(),
        DataType::List(item) => format!("list<{}>", field_text(item)),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => format!("map<{}>", joined(fields.iter(), field_text)),
            other => format!("map<{}>", data_type_text(other)),
        },
        DataType::Struct(fields) => format!("struct<{}>", joined(fields.iter(), named_text)),
        DataType::Union(fields, _) => {
            format!(
                "enum<{}>",
                joined(fields.iter().map(|(_, field)| field), variant_text)
            )
        }
        other => other.to_string(),
    }
}

fn named_text(field: &Field) -> String {
    format!("{}: {}", field.name(), field_text(field))
}

fn variant_text(field: &Field) -> String {
    match field.data_type() {
        DataType::Null => field.name().clone(),
        _ => format!("{}({})", field.name(), field_text(field)),
    }
}

fn joined<'a>(
    fields: impl Iterator<Item = &'a FieldRef>,
    text: impl Fn(&Field) -> String,
) -> String {
    fields
        .map(|field| text(field))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether a type with this text may write some of its values without a field that it reads
/// (`skip_serializing_if`). Only records and enums can, and types that do not tell their form.
pub(crate) fn may_skip(text: &str) -> bool {
    let is_record = text.contains("struct<") || text.contains("enum<");
    is_record || text.contains(char::is_uppercase)
}

/// A Rust type's name without the paths of modules, which change when code is moved.
fn name_text(name: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for character in name.chars() {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
        } else {
            let is_path = character == ':';
            if !is_path {
                text.push_str(&word);
                text.push(character);
            }
            word.clear();
        }
    }
    text + &word
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::num::NonZeroU64;

    use serde::{Deserialize, Serialize};

    use super::{may_skip, type_text};

    #[derive(Serialize, Deserialize)]
    struct Count {
        count: u64,
        last: Option<String>,
        seen: Vec<(i32, f64)>,
    }

    #[derive(Serialize, Deserialize)]
    enum Phase {
        Idle,
        Busy { since: u64 },
        Done(String),
    }

    #[test]
    fn the_text_tells_the_serde_form() {
        assert_eq!(type_text::<String>(), "string");
        assert_eq!(type_text::<compact_str::CompactString>(), "string");
        assert_eq!(type_text::<()>(), "nothing");
        assert_eq!(
            type_text::<Count>(),
            "struct<count: u64, last: string?, seen: list<struct<0: i32, 1: f64>>>"
        );
        assert_eq!(
            type_text::<Phase>(),
            "enum<Idle, Busy(struct<since: u64>), Done(string)>"
        );
        assert_eq!(type_text::<HashMap<String, u8>>(), "map<string, u8>");
        assert_eq!(
            type_text::<BTreeMap<String, u8>>(),
            type_text::<HashMap<String, u8>>()
        );
    }

    #[test]
    fn a_type_that_does_not_tell_its_form_is_told_by_its_name() {
        assert_eq!(type_text::<Option<NonZeroU64>>(), "Option<NonZero<u64>>");
        assert_eq!(type_text::<u128>(), "u128");
    }

    #[test]
    fn only_plain_types_are_known_to_write_every_field() {
        assert!(!may_skip(&type_text::<HashMap<String, Vec<Option<u64>>>>()));
        assert!(may_skip(&type_text::<Vec<Count>>()));
        assert!(may_skip(&type_text::<Phase>()));
        assert!(may_skip(&type_text::<Option<NonZeroU64>>()));
    }
}
