//! Patterns of `SIMILAR TO` as regular expressions.

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// The function that makes regular expressions of patterns that are no constants; no query calls it by its name.
pub(crate) fn pattern(escape: char) -> ScalarUDF {
    ScalarUDF::from(SimilarPattern {
        escape,
        signature: Signature::string(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SimilarPattern {
    escape: char,
    signature: Signature,
}

impl ScalarUDFImpl for SimilarPattern {
    fn name(&self) -> &str {
        "similar_pattern"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [patterns] = arguments.args.as_slice() else {
            return exec_err!("similar_pattern takes a pattern");
        };
        let rows = match patterns {
            ColumnarValue::Array(array) => array.len(),
            ColumnarValue::Scalar(_) => 1,
        };
        let texts = cast(&patterns.to_array(rows)?, &DataType::Utf8)?;
        let mut made = Vec::with_capacity(rows);
        for text in texts.as_string::<i32>() {
            made.push(match text.map(|text| as_regex(text, self.escape)) {
                None => None,
                Some(Ok(regex)) => Some(regex),
                Some(Err(why)) => return exec_err!("{why}"),
            });
        }
        let made: ArrayRef = Arc::new(StringArray::from(made));
        Ok(match patterns {
            ColumnarValue::Scalar(_) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
            }
            ColumnarValue::Array(_) => ColumnarValue::Array(made),
        })
    }
}

/// The regular expression of a pattern: `%` is any text and `_` one character; `|`, `*`, `+`, `?`, `{m,n}`, parentheses and
/// brackets mean what they do there, and all else itself.
///
/// # Errors
/// Nothing stands behind the escape at the end.
pub(crate) fn as_regex(pattern: &str, escape: char) -> Result<String, String> {
    let mut regex = "(?s)^(?:".to_owned();
    let mut signs = pattern.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            _ if sign == escape => {
                let Some(meant) = signs.next() else {
                    return Err(format!(
                        "nothing stands behind the escape {escape} at the end of the pattern '{pattern}' of SIMILAR TO"
                    ));
                };
                push(&mut regex, meant);
            }
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '(' => regex.push_str("(?:"),
            ')' | '|' | '*' | '+' | '?' | '{' | '}' => regex.push(sign),
            '[' => brackets(&mut signs, escape, &mut regex),
            other => push(&mut regex, other),
        }
    }
    regex.push_str(")$");
    Ok(regex)
}

/// What stands in brackets behind the one that opens them; classes such as `[:alpha:]` are known there as well.
fn brackets(
    signs: &mut std::iter::Peekable<std::str::Chars<'_>>,
    escape: char,
    regex: &mut String,
) {
    regex.push('[');
    if signs.next_if_eq(&'^').is_some() {
        regex.push('^');
    }
    let mut first = true;
    let mut class = false;
    while let Some(sign) = signs.next() {
        match sign {
            ']' if class => {
                class = false;
                regex.push(']');
            }
            ']' if !first => {
                regex.push(']');
                return;
            }
            '[' if signs.peek() == Some(&':') => {
                class = true;
                regex.push('[');
            }
            '-' | ':' => regex.push(sign),
            _ if sign == escape && !class => {
                push_in_brackets(regex, signs.next().unwrap_or(escape))
            }
            '^' if class => regex.push('^'),
            other => push_in_brackets(regex, other),
        }
        first = false;
    }
}

fn push_in_brackets(regex: &mut String, sign: char) {
    if sign.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(sign);
}

fn push(regex: &mut String, sign: char) {
    if "\\.+*?()|[]{}^$#&-~".contains(sign) {
        regex.push('\\');
    }
    regex.push(sign);
}
