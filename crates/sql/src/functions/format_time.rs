//! `date_format(time, pattern)` as Flink, Hive and Spark have it, and `to_char(time, pattern)` as PostgreSQL and
//! Oracle. A pattern with a percent sign is one of strftime for both.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::DateTime;
use chrono::format::{Item as Strftime, StrftimeItems};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::durations::refuse_lost;
use super::mixed_pattern::mixed;
use super::pattern::{Item, append, forms, java, postgres, strftime};
use super::reading::fault;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Dialect {
    Java,
    Postgres,
}

impl Dialect {
    fn read(self, pattern: &str) -> Result<Vec<Item>> {
        let read = match self {
            Self::Java => java(pattern),
            Self::Postgres => postgres(pattern),
        };
        read.map_err(|why| exec_datafusion_err!("the pattern `{pattern}`: {why}"))
    }
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
                Some(pattern) if is_strftime(pattern) => {
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
        let items = self.dialect.read(pattern)?;
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
            let items = if is_strftime(pattern) {
                check_strftime(pattern)?;
                None
            } else {
                Some(self.dialect.read(pattern)?)
            };
            read.insert(pattern, items);
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
            .map(|pattern| pattern.filter(|pattern| is_strftime(pattern)))
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

/// The pattern of strftime that reads what a pattern of Java's writes; one of strftime is itself.
///
/// # Errors
/// In words: it is none, or has what can't be read.
pub(crate) fn read_as_strftime(pattern: &str) -> std::result::Result<String, String> {
    if is_strftime(pattern) {
        return Ok(pattern.to_owned());
    }
    let items = java(pattern)?;
    if items.iter().all(Item::is_plain) {
        return Err("there is no part of a time in it".to_owned());
    }
    if has_sections(&items) {
        return Err(each_form(&items));
    }
    strftime(&items).ok_or_else(|| "it can be written, but not read".to_owned())
}

fn has_sections(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(item, Item::Section(_)))
}

/// What to write in place of a pattern with sections, by which nothing is read: all patterns that it stands for.
fn each_form(items: &[Item]) -> String {
    let forms = forms(items);
    let forms = forms.iter().filter_map(|form| strftime(form));
    let forms: Vec<String> = forms
        .filter(|form| fault(form).is_none())
        .map(|form| format!("'{}'", form.replace('\'', "''")))
        .collect();
    let forms = match forms.as_slice() {
        [] => "'%Y-%m-%d %H:%M', '%Y-%m-%d'".to_owned(),
        forms => forms.join(", "),
    };
    format!(
        "its sections in [ ] are not read; give a pattern for each form of the text, such as to_timestamp(…, {forms})"
    )
}

fn is_strftime(pattern: &str) -> bool {
    pattern.contains('%')
}

/// Refuses a pattern that strftime does not have.
pub(super) fn check_strftime(pattern: &str) -> Result<()> {
    if StrftimeItems::new(pattern).any(|item| matches!(item, Strftime::Error)) {
        return exec_err!("`{pattern}` is no pattern of strftime");
    }
    if let Some((run, same)) = mixed(pattern) {
        return exec_err!(
            "the pattern `{pattern}` is one of strftime because of its percent signs, in which `{run}` means itself; write `{same}`"
        );
    }
    Ok(())
}

/// Refuses a pattern by which nothing can be read, and says how to write it.
pub(crate) fn check_reading(pattern: &str) -> Result<()> {
    if is_strftime(pattern) {
        return check_strftime(pattern);
    }
    // Few letters mean something else in the two dialects, and those are told apart by their case.
    let has_minutes = pattern.to_lowercase().contains("mi");
    let is_java = !has_minutes && (pattern.contains("mm") || pattern.contains("yy"));
    let items = if is_java {
        java(pattern)
    } else {
        postgres(pattern).or_else(|_| java(pattern))
    };
    let items = match items {
        Err(why) if is_java => return exec_err!("the pattern `{pattern}`: {why}"),
        items => items.unwrap_or_default(),
    };
    if items.iter().all(Item::is_plain) {
        return exec_err!(
            "`{pattern}` is no pattern of strftime, which is read here; write one such as `%Y-%m-%d`"
        );
    }
    if has_sections(&items) {
        return exec_err!("the pattern `{pattern}`: {}", each_form(&items));
    }
    match strftime(&items) {
        Some(same) => {
            exec_err!("`{pattern}` is no pattern of strftime, which is read here; write `{same}`")
        }
        None => exec_err!("`{pattern}` is no pattern of strftime, which is read here"),
    }
}
