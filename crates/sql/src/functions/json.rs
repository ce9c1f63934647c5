//! `json_value(text, path)` as Flink has it, and `get_json_object(text, path)` as Hive has it: what stands at a place of a JSON
//! text. Null where nothing stands there, or where the text is no JSON.
//!
//! What is not asked for is read over, whatever there is of it and however deep it is nested: nothing is kept of a text but where
//! the value stands.

mod look;
mod path;

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use self::look::look;
use self::path::{Step, path_of};

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
    fn look<'a>(&self, text: &'a str, path: &[Step]) -> Option<Cow<'a, str>> {
        match look(text, path)?.get() {
            "null" => None,
            text if text.starts_with('"') => serde_json::from_str(text).ok().map(Cow::Owned),
            text if text.starts_with(['{', '[']) => {
                (!self.values_only).then_some(Cow::Borrowed(text))
            }
            text => Some(Cow::Borrowed(text)),
        }
    }
}
