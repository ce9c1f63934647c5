//! `date_format(time, pattern)` as Flink, Hive and Spark have it, and `to_char(time, pattern)` as PostgreSQL and
//! Oracle. A pattern with a percent sign outside of its quotes is one of strftime for both.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::DateTime;
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::durations::refuse_lost;
use super::pattern::{Dialect, Item, append};
use super::reading::check_strftime;

const MICROS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The functions of this module; patterns of strftime are left to `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let Some(below) = theirs.iter().find(|function| function.name() == "to_char") else {
        return Vec::new();
    };
    let functions = [
        ("date_format", Dialect::Java),
        ("to_char", Dialect::Postgres),
    ];
    let functions = functions.map(|(name, dialect)| {
        Arc::new(ScalarUDF::from(FormatTime {
            name,
            dialect,
            below: Arc::clone(below),
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    });
    functions.to_vec()
}

/// The items of a pattern of `dialect`.
fn items(dialect: Dialect, pattern: &str) -> Result<Vec<Item>> {
    let items = dialect.items(pattern);
    items.map_err(|why| exec_datafusion_err!("the pattern `{pattern}`: {why}"))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct FormatTime {
    name: &'static str,
    dialect: Dialect,
    /// What formats by patterns of strftime.
    below: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for FormatTime {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [time, pattern] = types else {
            return exec_err!("{} takes a time and a pattern", self.name);
        };
        if !(pattern.is_string() || pattern.is_null()) {
            return exec_err!("the pattern of {} is a text, not {pattern}", self.name);
        }
        let time = match time {
            text if text.is_string() || text.is_null() => MICROS,
            DataType::Timestamp(..)
            | DataType::Date32
            | DataType::Date64
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Duration(_) => time.clone(),
            other => return exec_err!("{} takes a time, not {other}", self.name),
        };
        Ok(vec![time, DataType::Utf8])
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [times, patterns] = arguments.args.as_slice() else {
            return exec_err!("{} takes a time and a pattern", self.name);
        };
        match patterns {
            ColumnarValue::Scalar(pattern) => match pattern.try_as_str().flatten() {
                None => Ok(ColumnarValue::Scalar(ScalarValue::Utf8(None))),
                Some(pattern) if self.dialect.is_strftime(pattern) => {
                    check_strftime(pattern)?;
                    self.below.invoke_with_args(arguments)
                }
                Some(pattern) => self.by_one(times, pattern),
            },
            ColumnarValue::Array(patterns) => {
                let patterns = Arc::clone(patterns);
                // Of a single time DataFusion would make a single text, by the first of the patterns.
                let times = times.to_array(patterns.len())?;
                self.by_each(&times, patterns.as_string::<i32>(), arguments)
            }
        }
    }
}

impl FormatTime {
    fn by_one(&self, times: &ColumnarValue, pattern: &str) -> Result<ColumnarValue> {
        let items = items(self.dialect, pattern)?;
        let array = self.micros(&times.to_array(1)?)?;
        let array = array.as_primitive::<TimestampMicrosecondType>();
        let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 20);
        let mut text = String::new();
        for micros in array {
            push(&mut texts, &mut text, micros, &items)?;
        }
        let texts: ArrayRef = Arc::new(texts.finish());
        Ok(match times {
            ColumnarValue::Scalar(_) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&texts, 0)?)
            }
            ColumnarValue::Array(_) => ColumnarValue::Array(texts),
        })
    }

    /// By the pattern of each row, whatever the others are: which of them share a batch is nobody's choice.
    fn by_each(
        &self,
        times: &ArrayRef,
        patterns: &StringArray,
        arguments: ScalarFunctionArgs,
    ) -> Result<ColumnarValue> {
        // Those of strftime have no items.
        let mut read: HashMap<&str, Option<Vec<Item>>> = HashMap::new();
        for pattern in patterns.iter().flatten() {
            if read.contains_key(pattern) {
                continue;
            }
            let own = if self.dialect.is_strftime(pattern) {
                check_strftime(pattern)?;
                None
            } else {
                Some(items(self.dialect, pattern)?)
            };
            read.insert(pattern, own);
        }
        let below = if read.values().any(Option::is_none) {
            Some(self.by_strftime(times, patterns, arguments)?)
        } else {
            None
        };
        let micros = if read.values().any(Option::is_some) {
            Some(self.micros(times)?)
        } else {
            None
        };
        let below = below.as_ref().map(|texts| texts.as_string::<i32>());
        let micros = micros
            .as_ref()
            .map(|micros| micros.as_primitive::<TimestampMicrosecondType>());
        let mut texts = StringBuilder::new();
        let mut text = String::new();
        for (row, pattern) in patterns.iter().enumerate() {
            match pattern.and_then(|pattern| read.get(pattern)) {
                None => texts.append_null(),
                Some(None) => texts.append_option(
                    below
                        .filter(|below| below.is_valid(row))
                        .map(|below| below.value(row)),
                ),
                Some(Some(items)) => {
                    let micros = micros.filter(|micros| micros.is_valid(row));
                    let micros = micros.map(|micros| micros.value(row));
                    push(&mut texts, &mut text, micros, items)?;
                }
            }
        }
        Ok(ColumnarValue::Array(Arc::new(texts.finish())))
    }

    /// The texts of those rows whose pattern is one of strftime.
    fn by_strftime(
        &self,
        times: &ArrayRef,
        patterns: &StringArray,
        mut arguments: ScalarFunctionArgs,
    ) -> Result<ArrayRef> {
        let own: StringArray = patterns
            .iter()
            .map(|pattern| pattern.filter(|pattern| self.dialect.is_strftime(pattern)))
            .collect();
        arguments.args = vec![
            ColumnarValue::Array(Arc::clone(times)),
            ColumnarValue::Array(Arc::new(own)),
        ];
        self.below
            .invoke_with_args(arguments)?
            .into_array(times.len())
    }

    fn micros(&self, times: &ArrayRef) -> Result<ArrayRef> {
        match times.data_type() {
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
                let micros = cast(times, &MICROS)?;
                refuse_lost(times, &micros)?;
                Ok(micros)
            }
            other => exec_err!(
                "{} writes {other} by patterns of strftime only, such as %H:%M:%S",
                self.name
            ),
        }
    }
}

fn push(
    texts: &mut StringBuilder,
    text: &mut String,
    micros: Option<i64>,
    items: &[Item],
) -> Result<()> {
    let Some(micros) = micros else {
        texts.append_null();
        return Ok(());
    };
    let Some(time) = DateTime::from_timestamp_micros(micros) else {
        return exec_err!("a time that no calendar has: {micros} microseconds");
    };
    text.clear();
    append(items, time.naive_utc(), text);
    texts.append_value(&text);
    Ok(())
}

/// Refuses a pattern by which the function of that name, one of those here, writes nothing.
pub(crate) fn check_writing(name: &str, pattern: &str) -> Result<()> {
    let dialect = match name {
        "date_format" => Dialect::Java,
        _ => Dialect::Postgres,
    };
    if dialect.is_strftime(pattern) {
        return check_strftime(pattern);
    }
    items(dialect, pattern).map(|_| ())
}
