//! Hive's types, as the metastore writes them. Pure.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// Types within types that are followed.
const DEPTH: usize = 32;

/// What a type of Hive becomes. `None`: it is not read.
pub(super) fn data_type(text: &str) -> Option<DataType> {
    let mut rest = text.trim();
    let found = take_type(&mut rest, DEPTH)?;
    rest.trim().is_empty().then_some(found)
}

/// Takes a type from the front of a text.
fn take_type(rest: &mut &str, depth: usize) -> Option<DataType> {
    let depth = depth.checked_sub(1)?;
    let end = rest.find(|sign: char| "<>(),:".contains(sign));
    let (name, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    *rest = behind;
    let name = name.trim().to_ascii_lowercase();
    Some(match name.as_str() {
        "boolean" => DataType::Boolean,
        "tinyint" => DataType::Int8,
        "smallint" => DataType::Int16,
        "int" | "integer" => DataType::Int32,
        "bigint" => DataType::Int64,
        "float" => DataType::Float32,
        "double" | "double precision" => DataType::Float64,
        "string" => DataType::Utf8,
        "varchar" | "char" => {
            take_numbers(rest)?;
            DataType::Utf8
        }
        "decimal" => match take_numbers(rest)?.as_slice() {
            [] => DataType::Decimal128(10, 0),
            [digits] => DataType::Decimal128(u8::try_from(*digits).ok()?, 0),
            [digits, behind] => {
                DataType::Decimal128(u8::try_from(*digits).ok()?, i8::try_from(*behind).ok()?)
            }
            _ => return None,
        },
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "date" => DataType::Date32,
        "binary" => DataType::Binary,
        "array" => {
            take(rest, "<")?;
            let item = take_type(rest, depth)?;
            take(rest, ">")?;
            DataType::List(Arc::new(Field::new("item", item, true)))
        }
        "map" => {
            take(rest, "<")?;
            let key = take_type(rest, depth)?;
            take(rest, ",")?;
            let value = take_type(rest, depth)?;
            take(rest, ">")?;
            let fields = [
                Field::new("key", key, false),
                Field::new("value", value, true),
            ];
            let entries = DataType::Struct(Fields::from(fields.to_vec()));
            DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
        }
        "struct" => DataType::Struct(take_fields(rest, depth)?),
        _ => return None,
    })
}

fn take_fields(rest: &mut &str, depth: usize) -> Option<Fields> {
    take(rest, "<")?;
    let mut fields = Vec::new();
    loop {
        let (name, behind) = rest.split_once(':')?;
        *rest = behind;
        fields.push(Field::new(name.trim(), take_type(rest, depth)?, true));
        if take(rest, ",").is_none() {
            take(rest, ">")?;
            return Some(Fields::from(fields));
        }
    }
}

/// Takes the numbers in parentheses, if there are any.
fn take_numbers(rest: &mut &str) -> Option<Vec<u32>> {
    if take(rest, "(").is_none() {
        return Some(Vec::new());
    }
    let (numbers, behind) = rest.split_once(')')?;
    *rest = behind;
    numbers
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect()
}

fn take(rest: &mut &str, sign: &str) -> Option<()> {
    *rest = rest.trim_start().strip_prefix(sign)?;
    Some(())
}

#[cfg(test)]
mod tests;
