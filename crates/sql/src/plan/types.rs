//! Names of types for people: those that a schema and CAST have.

/// Arrow's names and ours, the longer ones first.
const NAMES: &[(&str, &str)] = &[
    ("Int64Array", "BigInt"),
    ("Int32Array", "Int"),
    ("Int16Array", "SmallInt"),
    ("Int8Array", "TinyInt"),
    ("Float64Array", "Double"),
    ("Float32Array", "Float"),
    ("Duration(µs)", "Interval"),
    ("Timestamp(Microsecond, None)", "Timestamp"),
    ("Timestamp(µs)", "Timestamp"),
    ("Timestamp(ms)", "Timestamp"),
    ("Timestamp(ns)", "Timestamp"),
    ("Timestamp(s)", "Timestamp"),
    ("Interval(MonthDayNano)", "Interval"),
    ("Decimal128(", "Decimal("),
    ("LargeList(", "Array("),
    ("List(", "Array("),
    ("LargeUtf8", "String"),
    ("Utf8View", "String"),
    ("Utf8", "String"),
    ("Float64", "Double"),
    ("Float32", "Float"),
    ("UInt64", "BigInt"),
    ("UInt32", "Int"),
    ("Int64", "BigInt"),
    ("Int32", "Int"),
    ("Int16", "SmallInt"),
    ("Int8", "TinyInt"),
    ("Date32", "Date"),
];

/// `text` with the types in it as a schema calls them. What stands in quotes of a record or of the SQL is no type.
pub(crate) fn in_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let before = words.chars().next_back();
        let begins = before
            .is_none_or(|sign| !sign.is_alphanumeric() && sign != '_' && !"`'".contains(sign));
        let known = NAMES
            .iter()
            .find(|(name, _)| begins && rest.starts_with(name));
        let whole = known.filter(|(name, _)| {
            let behind = rest
                .get(name.len()..)
                .and_then(|behind| behind.chars().next());
            name.ends_with(['(', ')'])
                || behind.is_none_or(|sign| !sign.is_alphanumeric() && sign != '_')
        });
        match whole {
            Some((name, ours)) => {
                words.push_str(ours);
                rest = rest.get(name.len()..).unwrap_or_default();
            }
            None => {
                words.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
        }
    }
    words
}
