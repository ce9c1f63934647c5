//! `json_value(text, path)` as Flink has it, and `get_json_object(text, path)` as Hive has it: what stands at a place of a JSON
//! text. Null where nothing stands there, or where the text is no JSON.
//!
//! A path is `$`, then `.name`, `['name']` or `[0]`, as many as are needed.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::value::RawValue;

/// The functions of this module.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    [("json_value", true), ("get_json_object", false)]
        .into_iter()
        .map(|(name, values_only)| {
            let text = DataType::Utf8;
            Arc::new(ScalarUDF::from(JsonAt {
                name,
                values_only,
                signature: Signature::exact(vec![text.clone(), text], Volatility::Immutable),
            }))
        })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonAt {
    name: &'static str,
    /// Whether objects and arrays are null, and not their text.
    values_only: bool,
    signature: Signature,
}

impl ScalarUDFImpl for JsonAt {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, paths] = call.args.as_slice() else {
            return exec_err!("{} takes a text and a path", self.name);
        };
        let constant = match paths {
            ColumnarValue::Scalar(path) => path.try_as_str().flatten().map(path_of).transpose()?,
            ColumnarValue::Array(_) => None,
        };
        let all = [texts, paths];
        let scalar = all
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { call.number_rows };
        let (texts, paths) = (texts.to_array(rows)?, paths.to_array(rows)?);
        let mut found = StringBuilder::new();
        for (text, path) in texts
            .as_string::<i32>()
            .iter()
            .zip(paths.as_string::<i32>())
        {
            let (Some(text), Some(path)) = (text, path) else {
                found.append_null();
                continue;
            };
            let value = match &constant {
                Some(steps) => self.look(text, steps),
                None => self.look(text, &path_of(path)?),
            };
            found.append_option(value);
        }
        let found: ArrayRef = Arc::new(found.finish());
        Ok(if scalar {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?)
        } else {
            ColumnarValue::Array(found)
        })
    }
}

impl JsonAt {
    fn look(&self, text: &str, path: &[Step]) -> Option<String> {
        let mut value: &RawValue = serde_json::from_str(text).ok()?;
        for step in path {
            value = match step {
                Step::Field(name) => {
                    let fields: HashMap<String, &RawValue> =
                        serde_json::from_str(value.get()).ok()?;
                    fields.get(name).copied()?
                }
                Step::Element(number) => {
                    let elements: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                    elements.get(*number).copied()?
                }
            };
        }
        match value.get() {
            "null" => None,
            text if text.starts_with('"') => serde_json::from_str(text).ok(),
            text if text.starts_with(['{', '[']) => (!self.values_only).then(|| text.to_owned()),
            text => Some(text.to_owned()),
        }
    }
}

/// A step of a path.
enum Step {
    Field(String),
    Element(usize),
}

fn path_of(path: &str) -> Result<Vec<Step>> {
    match steps(path.trim()) {
        Some(steps) => Ok(steps),
        None => exec_err!(
            "`{path}` is no path in JSON: it is $, then .name, ['name'] or [0], as in $.a.b[0]"
        ),
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let path = path.strip_prefix("lax ").unwrap_or(path).trim_start();
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, more) = behind.split_at_checked(end)?;
            if name.is_empty() || name == "*" {
                return None;
            }
            steps.push(Step::Field(name.to_owned()));
            rest = more;
            continue;
        }
        let behind = rest.strip_prefix('[')?;
        let quote = behind
            .chars()
            .next()
            .filter(|sign| matches!(sign, '\'' | '"'));
        let (inside, more) = match quote {
            Some(quote) => behind.get(1..)?.split_once(&format!("{quote}]"))?,
            None => behind.split_once(']')?,
        };
        steps.push(match quote {
            Some(_) => Step::Field(inside.to_owned()),
            None => Step::Element(inside.trim().parse().ok()?),
        });
        rest = more;
    }
    Some(steps)
}
