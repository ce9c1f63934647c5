//! Flags of regular expressions: each is known and stands once, and null ones make null, as in PostgreSQL.
//!
//! The libraries below put flags before the pattern, and take what is wrong with them for a mistake of the pattern.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use arrow::compute::{cast, is_null, nullif};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF};

use super::over::{Invoke, over, simplified};

/// Functions with flags, and the place of these among the arguments.
const PLACES: &[(&str, usize)] = &[
    ("regexp_count", 3),
    ("regexp_instr", 4),
    (LIKE, 2),
    ("regexp_match", 2),
    (REPLACE, 3),
];

/// The function that DataFusion makes an operator of, and LIKE of that.
const LIKE: &str = "regexp_like";

/// The function that can be about every match.
const REPLACE: &str = "regexp_replace";

/// Flags of all functions.
const FLAGS: &str = "imsxRU";

/// Flags that change nothing: the library below takes empty ones for a mistake of the pattern.
const NO_FLAGS: &str = "-x";

/// The functions whose flags are looked at, and that are `theirs` otherwise.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let names = PLACES.iter().map(|(name, _)| *name);
    names
        .filter(|name| *name != REPLACE)
        .filter_map(|name| match name {
            LIKE => simplified(theirs, name, with_plain_flags, |arguments| {
                arguments.get(1).is_some_and(is_plain)
            }),
            name => over(theirs, name, with_plain_flags),
        })
        .collect()
}

/// Whether a pattern is a constant that DataFusion may make LIKE of. There a backslash is no sign of the text, and it takes
/// `.*` for IS NOT NULL.
pub(crate) fn is_plain(pattern: &Expr) -> bool {
    let Expr::Literal(value, _) = pattern else {
        return false;
    };
    match value.try_as_str() {
        Some(Some(pattern)) => !pattern.contains('\\') && pattern != ".*",
        _ => true,
    }
}

fn with_plain_flags(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    with_flags(below, call, |below, call| below.invoke_with_args(call))
}

/// Does `work` with flags that it can use.
pub(super) fn with_flags(
    below: &ScalarUDF,
    mut call: ScalarFunctionArgs,
    work: Invoke,
) -> Result<ColumnarValue> {
    let name = below.name();
    let Some((_, place)) = PLACES.iter().find(|(own, _)| *own == name) else {
        return work(below, call);
    };
    let searched = call.args.first().cloned();
    let Some(flags) = call.args.get_mut(*place) else {
        return work(below, call);
    };
    let missing = match flags {
        ColumnarValue::Scalar(value) => match value.try_as_str().flatten() {
            Some(text) => {
                *value = ScalarValue::from(usable(name, text)?).cast_to(&value.data_type())?;
                None
            }
            None if value.is_null() => {
                let nothing = ScalarValue::try_from(call.return_field.data_type())?;
                return Ok(ColumnarValue::Scalar(nothing));
            }
            None => None,
        },
        ColumnarValue::Array(texts) => {
            let plain = cast(&*texts, &DataType::Utf8)?;
            let plain = plain.as_string::<i32>();
            let missing: Option<BooleanArray> = match plain.null_count() {
                0 => None,
                _ => Some(is_null(plain)?),
            };
            let all = usable_flags(name, searched.as_ref(), plain)?;
            *texts = cast(&all, texts.data_type())?;
            missing
        }
    };
    let rows = call.number_rows;
    let made = work(below, call)?;
    match missing {
        None => Ok(made),
        Some(missing) => Ok(ColumnarValue::Array(nullif(
            &made.into_array(rows)?,
            &missing,
        )?)),
    }
}

/// The flags of each row as the library below takes them. Where there is no text to search in, whatever they are changes
/// nothing.
fn usable_flags(
    name: &str,
    searched: Option<&ColumnarValue>,
    flags: &StringArray,
) -> Result<StringArray> {
    let is_missing = |row: usize| match searched {
        Some(ColumnarValue::Array(texts)) => texts.is_null(row),
        Some(ColumnarValue::Scalar(text)) => text.is_null(),
        None => false,
    };
    let usable_of = |(row, own): (usize, Option<&str>)| match own {
        Some(_) if is_missing(row) => Ok(Some(NO_FLAGS.to_owned())),
        Some(own) => usable(name, own).map(|own| Some(own.to_owned())),
        None => Ok(None),
    };
    flags.iter().enumerate().map(usable_of).collect()
}

/// The flags as the library below takes them.
fn usable<'a>(name: &str, flags: &'a str) -> Result<&'a str> {
    let more = if name == REPLACE { "g" } else { "" };
    for (at, flag) in flags.char_indices() {
        if !FLAGS.contains(flag) && !more.contains(flag) {
            let meant = if flag == 'g' { ", the global one" } else { "" };
            let all: Vec<String> = FLAGS
                .chars()
                .chain(more.chars())
                .map(String::from)
                .collect();
            return exec_err!(
                "`{name}` has no flag `{flag}`{meant}; its flags are {}",
                all.join(", ")
            );
        }
        let before = flags.get(..at).unwrap_or_default();
        if before.contains(flag) {
            return exec_err!(
                "the flag `{flag}` of `{name}` stands twice; each stands once, in any order"
            );
        }
    }
    Ok(if flags.is_empty() { NO_FLAGS } else { flags })
}
