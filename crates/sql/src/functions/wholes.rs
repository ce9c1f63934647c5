//! Functions of texts, numbers and times that take no array, no struct and no map.
//!
//! DataFusion makes a text of a whole where a text is wanted, so that `length` would count the signs of `[2, 0]`. What one has in
//! mind is another function, which is named.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::{Result, exec_err};
use datafusion_expr::ScalarUDF;

use super::over::checked;

/// What is done with arrays otherwise than with their items one by one, by the function that does it with texts.
const OF_ARRAYS: &[(&str, &str)] = &[
    (
        "arraySplit",
        "what is to be taken apart by it is no array yet",
    ),
    ("bit_length", "cardinality(a) counts the items of an array"),
    (
        "character_length",
        "cardinality(a) counts the items of an array",
    ),
    (
        "concat",
        "array_concat(a, b) joins arrays, and array_append(a, x) puts an item behind",
    ),
    ("contains", "array_has(a, x) looks for an item"),
    ("find_in_set", "array_position(a, x) says where an item is"),
    (
        "get_json_object",
        "brackets take an item out of an array, as in a[1]",
    ),
    (
        "json_value",
        "brackets take an item out of an array, as in a[1]",
    ),
    ("left", "a[1:3] are the first items of an array"),
    (
        "octet_length",
        "cardinality(a) counts the items of an array",
    ),
    ("repeat", "array_repeat(x, 3) makes an array of a value"),
    (
        "replace",
        "array_replace_all(a, x, y) puts one item in the place of another",
    ),
    ("reverse", "array_reverse(a) turns an array round"),
    ("right", "a[-3:-1] are the last items of an array"),
    (
        "split_part",
        "brackets take an item out of an array, as in a[1]",
    ),
    (
        "string_to_array",
        "what is to be taken apart by it is no array yet",
    ),
    ("strpos", "array_position(a, x) says where an item is"),
    ("substr", "a[1:2] is a part of an array"),
];

/// Other functions of this kind: with an array they are called for each of its items.
const OF_ITEMS: &[&str] = &[
    "ascii",
    "btrim",
    "chr",
    "date_format",
    "digest",
    "encode",
    "ends_with",
    "initcap",
    "levenshtein",
    "lower",
    "lpad",
    "ltrim",
    "md5",
    "overlay",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "round",
    "rpad",
    "rtrim",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "starts_with",
    "substr_index",
    "to_date",
    "to_timestamp",
    "to_unixtime",
    "translate",
    "trunc",
    "upper",
];

/// `function`, which says what to use instead where it takes no wholes and is given one.
pub(super) fn refusing(function: &Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    let name = function.name();
    if name == "map_extract" {
        return checked(function, takes_a_map);
    }
    if OF_ITEMS.contains(&name) || OF_ARRAYS.iter().any(|(of_arrays, _)| *of_arrays == name) {
        return checked(function, takes_no_whole);
    }
    Arc::clone(function)
}

fn takes_no_whole(name: &str, types: &[DataType]) -> Result<()> {
    let Some(whole) = types.iter().find(|it| it.is_nested()) else {
        return Ok(());
    };
    let mut of_arrays = OF_ARRAYS.iter();
    let instead = match of_arrays.find(|(function, _)| *function == name) {
        _ if !whole.is_list() => "brackets take a value out of it, as in st['name']".to_owned(),
        Some((_, instead)) => (*instead).to_owned(),
        None => format!("array_transform(a, x -> …) does it with each item, with {name} of x"),
    };
    exec_err!("{name} takes single values, and no {whole}: {instead}")
}

fn takes_a_map(name: &str, types: &[DataType]) -> Result<()> {
    match types.first() {
        Some(first) if !matches!(first, DataType::Map(..) | DataType::Null) => {
            exec_err!(
                "{name} takes a map first, and no {first}: brackets take an item out of an array, as in a[1]"
            )
        }
        _ => Ok(()),
    }
}
