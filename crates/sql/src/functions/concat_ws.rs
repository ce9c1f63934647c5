//! `concat_ws` of arrays, whose items are joined like other texts, as in Hive and Spark. Nulls are left out, also among items.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::bounded::bytes::elements;

/// The function of this module, which leaves what has no arrays to the one of `theirs`.
pub(super) fn function(theirs: &[Arc<ScalarUDF>]) -> Option<Arc<ScalarUDF>> {
    let below = theirs.iter().find(|it| it.name() == NAME)?;
    Some(Arc::new(ScalarUDF::from(ConcatWs {
        below: Arc::clone(below),
        signature: Signature::user_defined(Volatility::Immutable),
    })))
}

const NAME: &str = "concat_ws";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ConcatWs {
    below: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for ConcatWs {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if types.iter().any(DataType::is_list) {
            return Ok(DataType::Utf8);
        }
        self.below.return_type(types)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if let Some(separator) = types.first().filter(|it| it.is_nested()) {
            return exec_err!(
                "{NAME} takes a text first, which stands between the others, and no {separator}"
            );
        }
        if types.len() < 2 || !types.iter().any(DataType::is_nested) {
            return self.below.coerce_types(types);
        }
        types.iter().map(taken).collect()
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let has_arrays = |value: &ColumnarValue| value.data_type().is_list();
        if !call.args.iter().any(has_arrays) {
            return self.below.invoke_with_args(call);
        }
        let is_scalar = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        let is_constant = call.args.iter().all(is_scalar);
        let rows = if is_constant { 1 } else { call.number_rows };
        let values = call.args.iter().map(|value| value.to_array(rows));
        let values: Vec<ArrayRef> = values.collect::<Result<_>>()?;
        let Some((separators, parts)) = values.split_first() else {
            return exec_err!("{NAME} takes a text first");
        };
        let made: ArrayRef = Arc::new(joined(separators.as_string(), parts));
        Ok(match is_constant {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?),
            false => ColumnarValue::Array(made),
        })
    }
}

/// The type as which an argument beside arrays is taken.
fn taken(own: &DataType) -> Result<DataType> {
    let item = match own {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            item.data_type()
        }
        own if own.is_nested() => {
            return exec_err!("{NAME} takes texts and arrays of texts, and no {own}");
        }
        _ => return Ok(DataType::Utf8),
    };
    let has_a_text = item.is_null()
        || item.is_string()
        || item.is_numeric()
        || matches!(item, DataType::Boolean | DataType::Date32);
    if !has_a_text {
        return exec_err!(
            "{NAME} takes texts and arrays of texts, and no {own}: array_transform(a, x -> cast(x as string)) makes texts of items"
        );
    }
    let item = Field::new_list_field(DataType::Utf8, true);
    Ok(DataType::List(Arc::new(item)))
}

/// The texts and items of each row of `parts`, joined; null where there is no separator.
fn joined(separators: &StringArray, parts: &[ArrayRef]) -> StringArray {
    let mut made = StringBuilder::new();
    let mut texts: Vec<&str> = Vec::new();
    for (row, separator) in separators.iter().enumerate() {
        let Some(separator) = separator else {
            made.append_null();
            continue;
        };
        texts.clear();
        for part in parts.iter().filter(|part| part.is_valid(row)) {
            let (values, from, count) = elements(part, row).unwrap_or((part, row, 1));
            let values = values.as_string::<i32>();
            let places = (from..from + count).filter(|place| values.is_valid(*place));
            texts.extend(places.map(|place| values.value(place)));
        }
        made.append_value(texts.join(separator));
    }
    made.finish()
}
