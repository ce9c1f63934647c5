//! `regexp_replace` whose replacement refers to groups as in Flink, Hive and Spark (`$1`), and as in PostgreSQL (`\1`).
//!
//! The library below reads `$1x` as a group of the name `1x`, and `\10` as the group 10 of a pattern that has one, and puts nothing
//! in the place of a group that is not there.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use regex::Regex;

use super::flags::with_flags;
use super::over::over;

/// What errors call a pattern that is no constant.
pub(crate) const PATTERN_OF_RECORD: &str = "the pattern of the record";

/// The function of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let replace = over(theirs, "regexp_replace", |below, call| {
        with_flags(below, call, with_groups_of_java)
    });
    replace.into_iter().collect()
}

fn with_groups_of_java(below: &ScalarUDF, mut call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let [_, pattern, replacement, flags @ ..] = call.args.as_slice() else {
        return below.invoke_with_args(call);
    };
    let is_constant = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
    let by = constant(replacement);
    if is_constant(replacement) && !by.is_some_and(refers) {
        return below.invoke_with_args(call);
    }
    let rewritten = match by {
        Some(by) if is_constant(pattern) && flags.iter().all(is_constant) => {
            let flags = flags.first().and_then(constant);
            let groups = constant(pattern).and_then(|text| Groups::of(text, flags, "the pattern"));
            let text = rewritten(by, groups.as_ref())?;
            ScalarValue::from(text)
                .cast_to(&replacement.data_type())?
                .into()
        }
        _ => {
            let texts = of_each_row(&call)?;
            cast(&texts, &replacement.data_type())?.into()
        }
    };
    if let Some(replacement) = call.args.get_mut(2) {
        *replacement = rewritten;
    }
    below.invoke_with_args(call)
}

/// The text that is the same for all records.
fn constant(value: &ColumnarValue) -> Option<&str> {
    match value {
        ColumnarValue::Scalar(value) => value.try_as_str().flatten(),
        ColumnarValue::Array(_) => None,
    }
}

/// Whether there may be a group in a replacement.
fn refers(text: &str) -> bool {
    text.contains(['$', '\\'])
}

/// The replacement for each row, by the groups of the pattern that the row has; none where there is nothing to replace.
fn of_each_row(call: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arguments = call.args.iter().map(Texts::of);
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    let [searched, patterns, replacements, flags @ ..] = arguments.as_slice() else {
        return exec_err!("regexp_replace takes a text, a pattern and a replacement");
    };
    let whose = match patterns.is_constant {
        true => "the pattern",
        false => PATTERN_OF_RECORD,
    };
    let flags = flags.first();
    let mut known: HashMap<(&str, Option<&str>), Option<Groups>> = HashMap::new();
    let mut made = Vec::with_capacity(call.number_rows);
    for row in 0..call.number_rows {
        let own_flags = flags.and_then(|flags| flags.at(row));
        let is_searched = searched.at(row).is_some() && own_flags.is_some() == flags.is_some();
        let pattern = patterns.at(row).filter(|_| is_searched);
        let (Some(pattern), Some(by)) = (pattern, replacements.at(row)) else {
            made.push(None);
            continue;
        };
        if !refers(by) {
            made.push(Some(by.to_owned()));
            continue;
        }
        let groups = known
            .entry((pattern, own_flags))
            .or_insert_with(|| Groups::of(pattern, own_flags, whose));
        made.push(Some(rewritten(by, groups.as_ref())?));
    }
    Ok(Arc::new(StringArray::from(made)))
}

/// The texts of an argument.
struct Texts {
    values: StringArray,
    is_constant: bool,
}

impl Texts {
    fn of(value: &ColumnarValue) -> Result<Self> {
        let (values, is_constant) = match value {
            ColumnarValue::Array(values) => (Arc::clone(values), false),
            ColumnarValue::Scalar(value) => (value.to_array()?, true),
        };
        let values = cast(&values, &DataType::Utf8)?;
        Ok(Self {
            values: values.as_string::<i32>().clone(),
            is_constant,
        })
    }

    fn at(&self, row: usize) -> Option<&str> {
        let row = if self.is_constant { 0 } else { row };
        self.values.is_valid(row).then(|| self.values.value(row))
    }
}

/// The groups of a pattern.
#[derive(Debug)]
struct Groups {
    /// What has them, in words.
    whose: &'static str,
    count: usize,
    names: Vec<String>,
}

impl Groups {
    /// None where the pattern is wrong, which the function below tells.
    fn of(pattern: &str, flags: Option<&str>, whose: &'static str) -> Option<Self> {
        let flags = flags.unwrap_or_default().replace('g', "");
        let pattern = match flags.as_str() {
            "" => Regex::new(pattern),
            // With them white space and comments may hold what looks like groups.
            flags => Regex::new(&format!("(?{flags}){pattern}")),
        };
        let pattern = pattern.ok()?;
        let names = pattern.capture_names().flatten();
        Some(Self {
            whose,
            count: pattern.captures_len() - 1,
            names: names.map(ToOwned::to_owned).collect(),
        })
    }

    fn has(&self, name: &str) -> bool {
        let is_number = |number: usize| number <= self.count;
        name.parse().is_ok_and(is_number) || self.names.iter().any(|own| own == name)
    }
}

/// The replacement in the library's words, for a pattern with `groups` if they are known. As in Java a number goes on for as long as
/// the pattern has such a group, `\\` is a backslash and `\$` a dollar sign; so is a `$` that no number follows, which Java refuses.
fn rewritten(text: &str, groups: Option<&Groups>) -> Result<String> {
    let mut made = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(['$', '\\']) {
        let (before, from) = rest.split_at(at);
        made.push_str(before);
        if let Some(behind) = from.strip_prefix("\\$") {
            made.push_str("$$");
            rest = behind;
            continue;
        }
        if let Some(behind) = from.strip_prefix("\\\\") {
            made.push('\\');
            // The library below would take the backslash and a digit for a group; nothing has this name.
            if digit(behind).is_some() {
                made.push_str("${}");
            }
            rest = behind;
            continue;
        }
        if let Some((name, behind)) = named(from) {
            if let Some(groups) = groups.filter(|groups| !groups.has(name)) {
                return exec_err!(
                    "the replacement of regexp_replace puts in group {name}, which {} does not have",
                    groups.whose
                );
            }
            made.push_str(&format!("${{{name}}}"));
            rest = behind;
            continue;
        }
        let (sign, behind) = behind_sign(from);
        let length = digits_of_group(behind, groups.map(|groups| groups.count));
        let (number, behind) = behind.split_at(length);
        if !number.is_empty() {
            made.push_str(&format!("${{{number}}}"));
        } else if let (Some(digit), Some(groups)) = (digit(behind), groups) {
            return missing(digit, groups, sign);
        } else {
            made.push_str(sign);
        }
        rest = behind;
    }
    made.push_str(rest);
    Ok(made)
}

/// The name of `${name}`, and what is behind it.
fn named(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// What a `$` or a `\` that no group follows is in the library's words, and what is behind it.
fn behind_sign(from: &str) -> (&'static str, &str) {
    if let Some(behind) = from.strip_prefix('$') {
        return ("$$", behind);
    }
    ("\\", from.strip_prefix('\\').unwrap_or(from))
}

/// The digit with which a text begins.
fn digit(text: &str) -> Option<char> {
    text.chars().next().filter(char::is_ascii_digit)
}

/// How many of the digits with which a text begins name a group.
fn digits_of_group(text: &str, groups: Option<usize>) -> usize {
    let most = groups.unwrap_or(usize::MAX);
    let (mut group, mut length) = (0_usize, 0);
    for digit in text.bytes().take_while(u8::is_ascii_digit) {
        let next = group.checked_mul(10);
        let next = next.and_then(|tens| tens.checked_add(usize::from(digit - b'0')));
        match next.filter(|next| *next <= most) {
            Some(next) => group = next,
            None => break,
        }
        length += 1;
    }
    length
}

fn missing(group: char, groups: &Groups, sign: &str) -> Result<String> {
    let Groups { whose, count, .. } = groups;
    let next = match sign {
        "$$" => "; write \\$ for a dollar sign",
        _ => "",
    };
    exec_err!(
        "the replacement of regexp_replace puts in group {group}, and {whose} has {count}{next}"
    )
}

#[cfg(test)]
mod tests;
