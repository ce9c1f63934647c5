//! `regexp_replace` whose replacement refers to groups as in Flink, Hive and Spark (`$1`), and as in PostgreSQL (`\1`).
//!
//! The library below reads `$1x` as a group of the name `1x`, of which there is none, and puts nothing in its place.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use regex::Regex;

use super::flags::with_flags;
use super::over::over;

/// The function of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let replace = over(theirs, "regexp_replace", |below, call| {
        with_flags(below, call, with_groups_of_java)
    });
    replace.into_iter().collect()
}

fn with_groups_of_java(below: &ScalarUDF, mut call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let [_, pattern, replacement, ..] = call.args.as_slice() else {
        return below.invoke_with_args(call);
    };
    let pattern = constant(pattern);
    let groups = pattern.as_ref().map(|pattern| pattern.captures_len() - 1);
    let rewritten = match replacement {
        ColumnarValue::Scalar(value) => match value.try_as_str() {
            Some(Some(text)) if text.contains(['$', '\\']) => {
                if let Some(pattern) = &pattern {
                    refuse_missing(text, pattern)?;
                }
                let text = rewritten(text, groups)?;
                ScalarValue::from(text).cast_to(&value.data_type())?.into()
            }
            _ => return below.invoke_with_args(call),
        },
        ColumnarValue::Array(texts) => all_rewritten(texts, groups)?.into(),
    };
    if let Some(replacement) = call.args.get_mut(2) {
        *replacement = rewritten;
    }
    below.invoke_with_args(call)
}

/// A pattern that is the same for all records; what is wrong with it says the function below.
fn constant(pattern: &ColumnarValue) -> Option<Regex> {
    let ColumnarValue::Scalar(pattern) = pattern else {
        return None;
    };
    Regex::new(pattern.try_as_str()??).ok()
}

/// Refuses `\2` and `${name}` where the pattern has no such group, so that no record has anything to put there. `$2` is looked at
/// where it is rewritten.
fn refuse_missing(text: &str, pattern: &Regex) -> Result<()> {
    let groups = pattern.captures_len() - 1;
    let is_group = |digits: &str| digits.parse::<usize>().is_ok_and(|group| group <= groups);
    for behind in text.split('\\').skip(1) {
        let end = behind.find(|sign: char| !sign.is_ascii_digit());
        let digits = behind
            .get(..end.unwrap_or(behind.len()))
            .unwrap_or_default();
        if !digits.is_empty() && !is_group(digits) {
            return exec_err!(
                "the replacement of regexp_replace puts in group {digits}, and the pattern has {groups}"
            );
        }
    }
    for (at, _) in text.match_indices("${") {
        let (before, from) = text.split_at(at);
        let Some((name, _)) = named(from).filter(|_| !before.ends_with('\\')) else {
            continue;
        };
        let is_name = pattern.capture_names().flatten().any(|own| own == name);
        if !is_name && !is_group(name) {
            return exec_err!(
                "the replacement of regexp_replace puts in group {name}, which the pattern does not have"
            );
        }
    }
    Ok(())
}

fn all_rewritten(texts: &ArrayRef, groups: Option<usize>) -> Result<ArrayRef> {
    let plain = cast(texts, &DataType::Utf8)?;
    let plain = plain.as_string::<i32>().iter();
    let made: StringArray = plain
        .map(|text| text.map(|text| rewritten(text, groups)).transpose())
        .collect::<Result<_>>()?;
    Ok(cast(&made, texts.data_type())?)
}

/// The replacement in the library's words. As in Java a number goes on for as long as the pattern has such a group, and `\$` is a
/// dollar sign; so is one that no number follows, which Java refuses.
fn rewritten(text: &str, groups: Option<usize>) -> Result<String> {
    let mut made = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(['$', '\\']) {
        let (before, from) = rest.split_at(at);
        made.push_str(before);
        if let Some(behind) = from.strip_prefix("\\$") {
            made.push_str("$$");
            rest = behind;
        } else if let Some(behind) = from.strip_prefix('\\') {
            made.push('\\');
            rest = behind;
        } else if let Some((name, behind)) = named(from) {
            made.push_str(&format!("${{{name}}}"));
            rest = behind;
        } else {
            let digits = from.bytes().skip(1).take_while(u8::is_ascii_digit).count();
            let number = number(&from[1..=digits], groups)?;
            match number {
                Some(number) => made.push_str(&format!("${{{number}}}")),
                None => made.push_str("$$"),
            }
            rest = &from[1 + number.map_or(0, str::len)..];
        }
    }
    made.push_str(rest);
    Ok(made)
}

/// The name of `${name}`, and what is behind it.
fn named(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// As many of the digits as name a group.
fn number(digits: &str, groups: Option<usize>) -> Result<Option<&str>> {
    let groups = groups.unwrap_or(usize::MAX);
    let exists = |digits: &str| digits.parse::<usize>().is_ok_and(|group| group <= groups);
    match (1..=digits.len())
        .rev()
        .map(|length| &digits[..length])
        .find(|digits| exists(digits))
    {
        None if !digits.is_empty() => exec_err!(
            "the replacement of regexp_replace puts in group {digits}, and the pattern has {groups}; write \\$ for a dollar sign"
        ),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests;
