//! Names of types for people: those that a schema and CAST have.
//!
//! Libraries put Arrow's names into what they say, so text is what is translated here: a message with types in it, or the name
//! of a single one.

use std::fmt::Display;

/// Arrow's names of types without parts, and ours.
const PLAIN: &[(&str, &str)] = &[
    ("Boolean", "Boolean"),
    ("Int64Array", "BigInt"),
    ("Int32Array", "Int"),
    ("Int16Array", "SmallInt"),
    ("Int8Array", "TinyInt"),
    ("Float64Array", "Double"),
    ("Float32Array", "Float"),
    ("LargeUtf8", "String"),
    ("Utf8View", "String"),
    ("Utf8", "String"),
    ("Float64", "Double"),
    ("Float32", "Float"),
    ("Float16", "Float"),
    ("UInt64", "unsigned BigInt"),
    ("UInt32", "unsigned Int"),
    ("UInt16", "unsigned SmallInt"),
    ("UInt8", "unsigned TinyInt"),
    ("Int64", "BigInt"),
    ("Int32", "Int"),
    ("Int16", "SmallInt"),
    ("Int8", "TinyInt"),
    ("Date32", "Date"),
    ("Date64", "Date"),
    ("LargeBinary", "Binary"),
    ("BinaryView", "Binary"),
    ("Binary", "Binary"),
    ("Null", "Null"),
];

/// Those whose parts say nothing to people.
const WITH_PARTS: &[(&str, &str)] = &[
    ("Time32", "Time"),
    ("Time64", "Time"),
    ("Duration", "Interval"),
    ("Interval", "Interval"),
    ("FixedSizeBinary", "Binary"),
];

/// Types within one another that are looked at, at most.
const DEEPEST: usize = 64;

/// The name of a type, from Arrow's.
///
/// ```
/// use millstream_core::type_names::type_in_words;
/// assert_eq!(type_in_words(&"Int64"), "BigInt");
/// assert_eq!(type_in_words(&"Decimal128(10, 2)"), "Decimal(10, 2)");
/// assert_eq!(type_in_words(&"List(Timestamp(µs))"), "Array(Timestamp)");
/// ```
pub fn type_in_words(arrow: &impl Display) -> String {
    in_words(&arrow.to_string())
}

/// `text` with the types in it as a schema calls them. What stands in quotes of a record or of the SQL is no type.
pub fn in_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let before = words.chars().next_back();
        let begins = before.is_none_or(|sign| !is_of_name(sign) && !"`'".contains(sign));
        let found = if begins { type_at(rest, 0) } else { None };
        let (name, behind) =
            found.unwrap_or_else(|| (next.to_string(), skip(rest, next.len_utf8())));
        words.push_str(&name);
        rest = behind;
    }
    words
}

fn is_of_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

fn skip(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

/// The type that a text begins with, in our words, and what is behind it.
fn type_at(text: &str, depth: usize) -> Option<(String, &str)> {
    let (name, rest) = text.split_at(text.find(|sign| !is_of_name(sign)).unwrap_or(text.len()));
    let plain = PLAIN.iter().find(|(arrow, _)| *arrow == name);
    if let Some((_, ours)) = plain {
        return Some(((*ours).to_owned(), rest));
    }
    let inner = rest.strip_prefix('(').filter(|_| depth < DEEPEST)?;
    let all_behind = || skip(inner, inner.find(')').map_or(inner.len(), |at| at + 1));
    if let Some((_, ours)) = WITH_PARTS.iter().find(|(arrow, _)| *arrow == name) {
        return Some(((*ours).to_owned(), all_behind()));
    }
    match name {
        "Decimal32" | "Decimal64" | "Decimal128" | "Decimal256" => {
            let digits = inner.split(')').next().unwrap_or_default();
            Some((format!("Decimal({digits})"), all_behind()))
        }
        "Timestamp" => {
            let has_zone = inner.split(')').next()?.contains(['"', '+']);
            let ours = if has_zone {
                "Timestamp with time zone"
            } else {
                "Timestamp"
            };
            Some((ours.to_owned(), all_behind()))
        }
        "List" | "LargeList" | "ListView" | "LargeListView" | "FixedSizeList" => {
            let counted = inner.trim_start_matches(|sign: char| sign.is_ascii_digit());
            let (item, rest) = part_at(counted.strip_prefix(" x ").unwrap_or(inner), depth)?;
            Some((format!("Array({item})"), rest.strip_prefix(')')?))
        }
        "Dictionary" => {
            let (_, rest) = type_at(inner, depth + 1)?;
            let (values, rest) = type_at(rest.strip_prefix(", ")?, depth + 1)?;
            Some((values, rest.strip_prefix(')')?))
        }
        "Struct" => {
            let (parts, rest) = parts_at(inner, depth)?;
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(name, kind)| format!("{name}: {kind}"))
                .collect();
            Some((format!("Struct({})", parts.join(", ")), rest))
        }
        "Map" => map_at(inner, depth),
        _ => None,
    }
}

/// What a list has in it: whether it may be null, and how it is called, says nothing to people.
fn part_at(text: &str, depth: usize) -> Option<(String, &str)> {
    let (kind, rest) = type_at(text.strip_prefix("non-null ").unwrap_or(text), depth + 1)?;
    let rest = match rest.strip_prefix(", field: '") {
        Some(name) => skip(name, name.find('\'')? + 1),
        None => rest,
    };
    Some((kind, rest))
}

/// The parts of a struct with their names, up to its closing bracket.
fn parts_at(text: &str, depth: usize) -> Option<(Vec<(&str, String)>, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        if let Some(behind) = rest.strip_prefix(')') {
            return Some((parts, behind));
        }
        let quoted = rest.strip_prefix(", ").unwrap_or(rest).strip_prefix('"')?;
        let (name, behind) = quoted.split_once("\": ")?;
        let (kind, behind) = part_at(behind, depth)?;
        parts.push((name, kind));
        rest = behind;
    }
}

/// `"entries": non-null Struct("key": …, "value": …), unsorted)`: only key and value are of interest.
fn map_at(text: &str, depth: usize) -> Option<(String, &str)> {
    let (_, entries) = text.strip_prefix('"')?.split_once("\": ")?;
    let entries = entries.strip_prefix("non-null ").unwrap_or(entries);
    let (parts, rest) = parts_at(entries.strip_prefix("Struct(")?, depth + 1)?;
    let [(_, key), (_, value)] = parts.as_slice() else {
        return None;
    };
    let behind = rest
        .strip_prefix(", unsorted)")
        .or_else(|| rest.strip_prefix(", sorted)"))?;
    Some((format!("Map({key}, {value})"), behind))
}

#[cfg(test)]
mod tests {
    use super::{in_words, type_in_words};

    #[test]
    fn types_are_called_as_in_a_schema() {
        for (arrow, ours) in [
            ("Int64", "BigInt"),
            ("UInt64", "unsigned BigInt"),
            ("Timestamp(µs)", "Timestamp"),
            ("Timestamp(Microsecond, None)", "Timestamp"),
            ("Timestamp(µs, \"UTC\")", "Timestamp with time zone"),
            ("Decimal256(50, 1)", "Decimal(50, 1)"),
            ("Time64(µs)", "Time"),
            ("FixedSizeBinary(4)", "Binary"),
            ("Interval(MonthDayNano)", "Interval"),
            ("Dictionary(Int32, Utf8)", "String"),
            ("FixedSizeList(3 x Int8)", "Array(TinyInt)"),
            ("List(non-null Int32, field: 'element')", "Array(Int)"),
            (
                "List(Struct(\"a\": Int64, \"b c\": List(Utf8)))",
                "Array(Struct(a: BigInt, b c: Array(String)))",
            ),
            (
                "Map(\"entries\": non-null Struct(\"key\": non-null Utf8, \"value\": List(Int32, field: 'x')), unsorted)",
                "Map(String, Array(Int))",
            ),
        ] {
            assert_eq!(type_in_words(&arrow), ours, "{arrow}");
        }
    }

    #[test]
    fn what_is_no_type_stays() {
        for text in [
            "",
            "`Int64` and 'Utf8' of a record",
            "Int64x, x_Int64, List(, Map(1), Struct(\"a\", List(Nothing)",
            "ä(Ö)",
        ] {
            assert_eq!(in_words(text), text);
        }
        assert_eq!(
            in_words("can't cast List(Utf8) to Float64."),
            "can't cast Array(String) to Double."
        );
        let deep = "List(".repeat(1_000);
        assert_eq!(in_words(&deep), deep);
    }
}
