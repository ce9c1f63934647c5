//! Names of types, as SQL, Hive, Flink and Java have them.

use arrow::datatypes::{DataType, TimeUnit};

use crate::place::nearest;

/// A type and what it says of its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) data_type: DataType,
    /// The most characters that a text has.
    pub(crate) characters: Option<u32>,
    /// Whether it is a decimal by its name and a Double by its meaning.
    pub(crate) inexact: bool,
}

/// The most digits of a decimal.
const DIGITS: u8 = 38;

/// Names without arguments, in lower case, those that are shown first.
const PLAIN: &[(&str, Plain)] = &[
    ("boolean", Plain::Boolean),
    ("smallint", Plain::Int16),
    ("int", Plain::Int32),
    ("bigint", Plain::Int64),
    ("float", Plain::Float32),
    ("double", Plain::Float64),
    ("decimal", Plain::Float64),
    ("timestamp", Plain::Timestamp),
    ("date", Plain::Date),
    ("string", Plain::Text),
    ("list", Plain::Text),
    ("map", Plain::Text),
    ("bool", Plain::Boolean),
    ("tinyint", Plain::Int8),
    ("byte", Plain::Int8),
    ("short", Plain::Int16),
    ("int2", Plain::Int16),
    ("integer", Plain::Int32),
    ("int4", Plain::Int32),
    ("long", Plain::Int64),
    ("int8", Plain::Int64),
    ("real", Plain::Float32),
    ("float4", Plain::Float32),
    ("double precision", Plain::Float64),
    ("float8", Plain::Float64),
    ("numeric", Plain::Digits),
    ("dec", Plain::Digits),
    ("bigdecimal", Plain::Digits),
    ("datetime", Plain::Timestamp),
    ("timestamp without time zone", Plain::Timestamp),
    ("timestamp_ntz", Plain::Timestamp),
    ("varchar", Plain::Text),
    ("varchar2", Plain::Text),
    ("nvarchar", Plain::Text),
    ("character varying", Plain::Text),
    ("char", Plain::Text),
    ("character", Plain::Text),
    ("nchar", Plain::Text),
    ("text", Plain::Text),
    ("clob", Plain::Text),
    ("json", Plain::Text),
    ("uuid", Plain::Text),
    ("array", Plain::Nested),
    ("struct", Plain::Nested),
    ("row", Plain::Nested),
];

#[derive(Debug, Clone, Copy)]
enum Plain {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    /// A decimal, which says how many digits it has.
    Digits,
    Timestamp,
    Date,
    Text,
    /// Arrays, maps and structs, which no column has.
    Nested,
}

/// The type that `name` means, in any case and with any white space.
///
/// # Errors
/// There is none, in words; with the nearest names.
pub(crate) fn named(name: &str) -> Result<Named, String> {
    let (head, rest) = name.split_at(name.find(['(', '<']).unwrap_or(name.len()));
    // What stands behind the arguments is a part of the name, as in `timestamp(3) without time zone`.
    let end = rest.find(')').filter(|_| rest.starts_with('('));
    let (rest, tail) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
    let head = format!("{head} {tail}").to_ascii_lowercase();
    let head: Vec<&str> = head.split_whitespace().collect();
    let head = head.join(" ");
    let known = PLAIN.iter().find(|(known, _)| *known == head);
    let Some((known, plain)) = known else {
        return Err(unknown(name.trim(), &head));
    };
    if rest.starts_with('<') || matches!(plain, Plain::Nested) {
        return Err(format!(
            "`{}` is no type of a column: nested values are read as text; write String, and take them apart in the SQL",
            name.trim()
        ));
    }
    let arguments = match rest.strip_prefix('(') {
        Some(rest) => arguments(rest).ok_or_else(|| format!("`{}` is no type", name.trim()))?,
        None => Vec::new(),
    };
    let data_type = match (plain, arguments.as_slice()) {
        (Plain::Boolean, []) => DataType::Boolean,
        (Plain::Int8, _) => DataType::Int8,
        (Plain::Int16, _) => DataType::Int16,
        (Plain::Int32, _) => DataType::Int32,
        (Plain::Int64, _) => DataType::Int64,
        (Plain::Float32, []) => DataType::Float32,
        (Plain::Float64 | Plain::Digits, [digits]) if is_decimal(known) => {
            decimal(name, *digits, 0)?
        }
        (Plain::Float64 | Plain::Digits, [digits, behind]) if is_decimal(known) => {
            decimal(name, *digits, *behind)?
        }
        (Plain::Digits, []) => {
            return Err(format!(
                "`{}` does not say how many digits it has: write {known}(10,2) for exact numbers of 10 digits, 2 of them behind the point, or Double",
                name.trim()
            ));
        }
        (Plain::Float64, []) => DataType::Float64,
        (Plain::Timestamp, [] | [4..=9]) => DataType::Timestamp(TimeUnit::Microsecond, None),
        (Plain::Timestamp, [0..=3]) => DataType::Timestamp(TimeUnit::Millisecond, None),
        (Plain::Date, []) => DataType::Date32,
        (Plain::Text, [] | [_]) => DataType::Utf8,
        _ => return Err(format!("`{}` is no type", name.trim())),
    };
    let characters = match (plain, arguments.as_slice()) {
        (Plain::Text, [characters]) => Some(*characters),
        _ => None,
    };
    Ok(Named {
        inexact: is_decimal(known) && data_type == DataType::Float64,
        data_type,
        characters,
    })
}

fn is_decimal(name: &str) -> bool {
    matches!(name, "decimal" | "numeric" | "dec" | "bigdecimal")
}

/// The numbers in `10, 2)`.
fn arguments(rest: &str) -> Option<Vec<u32>> {
    let inside = rest.trim_end().strip_suffix(')')?;
    let numbers = inside.split(',').map(|number| number.trim().parse().ok());
    numbers.collect()
}

fn decimal(name: &str, digits: u32, behind: u32) -> Result<DataType, String> {
    match (u8::try_from(digits), i8::try_from(behind)) {
        (Ok(digits @ 1..=DIGITS), Ok(behind))
            if u32::from(digits) >= u32::from(behind.unsigned_abs()) =>
        {
            Ok(DataType::Decimal128(digits, behind))
        }
        _ => Err(format!(
            "`{}` is no decimal: it has 1 to {DIGITS} digits, and no more of them behind the point",
            name.trim()
        )),
    }
}

fn unknown(name: &str, head: &str) -> String {
    let known = PLAIN.iter().map(|(known, _)| *known);
    let near = nearest(head, known, false);
    let most: Vec<&str> = PLAIN.iter().take(12).map(|(known, _)| *known).collect();
    let near = if near.is_empty() {
        String::new()
    } else {
        format!(" {near}")
    };
    format!(
        "`{name}` is no type;{near} the types are {}, and others of SQL",
        most.join(", ")
    )
}
