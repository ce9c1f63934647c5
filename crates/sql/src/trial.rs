//! A query is tried before it runs, so that no mistake waits for the first record.
//!
//! Values are what records bring; constants are what the query says. A call with a constant that works for no
//! value at all is a mistake of the query, and is refused. What reads text is not judged by values made here: only
//! its constants are looked at.

mod vain;

use std::cell::Cell;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{
    ArrayRef, MapArray, RecordBatch, RecordBatchOptions, StructArray, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;
use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, Result, ScalarValue, exec_err};
use datafusion_expr::expr::{HigherOrderFunction, ScalarFunction};
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, col};

use crate::functions::format_time::check_reading;
use crate::functions::reading::{check_fields, names_zone};
use crate::functions::room;
use crate::physical::physical;

pub(crate) use self::vain::refuse_vain;

/// Functions that read text, in lower case: whether they work is up to the text. Their other arguments are
/// patterns of strftime.
const READING: &[&str] = &[
    "to_date",
    "to_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
];

/// How many values of each type are tried.
const TRIES: usize = 5;

/// Refuses calls whose constants can't work.
///
/// # Errors
/// What such a call says, and for a pattern of another dialect what to write.
pub(crate) fn try_constants(plan: &LogicalPlan) -> Result<()> {
    each_expression(plan, try_one)
}

/// Looks at every part of every expression, with the columns that it is over.
fn each_expression(
    plan: &LogicalPlan,
    look: impl Fn(&Expr, &DFSchema) -> Result<()>,
) -> Result<()> {
    plan.apply(|node| {
        let Some(input) = node
            .inputs()
            .first()
            .map(|input| Arc::clone(input.schema()))
        else {
            return Ok(TreeNodeRecursion::Continue);
        };
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                look(expr, &input)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map(|_| ())
}

/// Functions beside [those](READING) that read text where they are given any.
const READING_TOO: &[&str] = &["date_format", "unix_timestamp"];

/// Whether the query reads times or numbers from text that it makes of columns, as in `to_date(concat(a, '-', b))`: of values made
/// here nothing of use comes together, which says nothing of what records bring.
///
/// # Errors
/// The types of an expression do not fit.
pub(crate) fn reads_made_text(plan: &LogicalPlan) -> Result<bool> {
    let found = Cell::new(false);
    each_expression(plan, |expr, schema| {
        let read = match expr {
            Expr::ScalarFunction(call) => {
                let name = call.func.name().to_lowercase();
                let reads = READING.iter().chain(READING_TOO).any(|own| *own == name);
                call.args.first().filter(|_| reads)
            }
            Expr::Cast(cast) => Some(cast.expr.as_ref()),
            _ => None,
        };
        if read.is_some_and(|read| is_made_text(read, schema)) {
            found.set(true);
        }
        Ok(())
    })?;
    Ok(found.get())
}

/// Whether an expression is text, and more than a column.
fn is_made_text(expr: &Expr, schema: &DFSchema) -> bool {
    let is_text = || expr.get_type(schema).is_ok_and(|own| own.is_string());
    !matches!(expr, Expr::Column(_)) && !expr.column_refs().is_empty() && is_text()
}

fn try_one(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::ScalarFunction(call) => {
            let name = call.func.name().to_lowercase();
            if READING.contains(&name.as_str()) {
                return check_patterns(call, &name);
            }
            if name == "from_unixtime" {
                check_zone(call)?;
            }
            let args: Vec<&Expr> = call.args.iter().collect();
            try_call(&args, schema, |args| {
                Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&call.func), args))
            })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            try_call(&[left.as_ref(), right.as_ref()], schema, |args| {
                let mut args = args.into_iter();
                match (args.next(), args.next()) {
                    (Some(left), Some(right)) => {
                        Expr::BinaryExpr(BinaryExpr::new(Box::new(left), *op, Box::new(right)))
                    }
                    _ => expr.clone(),
                }
            })
        }
        Expr::HigherOrderFunction(call) => {
            let args: Vec<&Expr> = call.args.iter().collect();
            try_call(&args, schema, |args| {
                Expr::HigherOrderFunction(HigherOrderFunction::new(Arc::clone(&call.func), args))
            })
        }
        _ => Ok(()),
    }
}

/// The constants behind the text that a function reads.
fn check_patterns(call: &ScalarFunction, name: &str) -> Result<()> {
    for pattern in call.args.iter().skip(1).filter_map(text_of) {
        check_reading(pattern)?;
        match name {
            // It reads times of the day alone.
            "to_time" => {}
            // Here the names of time zones are read.
            "to_date" if names_zone(pattern) => {}
            _ => check_fields(pattern)?,
        }
    }
    Ok(())
}

fn check_zone(call: &ScalarFunction) -> Result<()> {
    let Some(zone) = call.args.get(1).and_then(text_of) else {
        return Ok(());
    };
    if zone.parse::<Tz>().is_ok() {
        return Ok(());
    }
    exec_err!(
        "`{zone}` is no time zone, which is what from_unixtime takes; write date_format(from_unixtime(…), '…') for text"
    )
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

/// Tries a call that is made of `args` by `build`, if there is a constant among them.
fn try_call(args: &[&Expr], schema: &DFSchema, build: impl Fn(Vec<Expr>) -> Expr) -> Result<()> {
    let is_constant = |expr: &Expr| match expr {
        Expr::Literal(value, _) => !value.is_null(),
        Expr::Lambda(_) => expr.column_refs().is_empty(),
        _ => false,
    };
    if !args.iter().any(|arg| is_constant(arg)) {
        return Ok(());
    }
    let mut fields = Vec::new();
    let mut built = Vec::with_capacity(args.len());
    for (place, arg) in args.iter().enumerate() {
        if is_constant(arg) {
            built.push((*arg).clone());
            continue;
        }
        // A parameter of a lambda has no type here, and a lambda may read columns.
        let Ok(data_type) = arg.get_type(schema) else {
            return Ok(());
        };
        if matches!(arg, Expr::Lambda(_)) || sample(&data_type, 0).is_none() {
            return Ok(());
        }
        let name = format!("c{place}");
        fields.push(Field::new(&name, data_type, true));
        built.push(col(name));
    }
    let fields = Arc::new(Schema::new(fields));
    let columns = DFSchema::try_from(Arc::clone(&fields))?;
    let call = physical(&build(built), &columns)?;
    // Each is tried as if it were alone: what they make together depends on the records.
    room::refill();
    let mut last = Ok(());
    for number in 0..TRIES {
        let values = fields.fields().iter();
        let values = values.map(|field| match sample(field.data_type(), number) {
            Some(value) => value.to_array(),
            None => Ok(new_null_array(field.data_type(), 1)),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(
            Arc::clone(&fields),
            values.collect::<Result<_>>()?,
            &options,
        )?;
        last = call
            .evaluate(&batch)
            .and_then(|value| value.into_array(1))
            .map(|_| ());
        if last.is_ok() {
            return Ok(());
        }
    }
    last
}

/// A value that a record may have; none for types that no one writes.
fn sample(data_type: &DataType, number: usize) -> Option<ScalarValue> {
    const TEXTS: [&str; TRIES] = ["a", "", "1", "2024-01-02 03:04:05", "a,b"];
    const NUMBERS: [i64; TRIES] = [1, 0, 2, 5, 100];
    const MICROS: [i64; TRIES] = [
        1_704_164_645_000_000,
        0,
        1_709_209_815_250_000,
        -1_000_000,
        253_402_300_799_000_000,
    ];
    let number = number % TRIES;
    let whole = NUMBERS.get(number).copied()?;
    let value = match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            ScalarValue::Utf8(Some((*TEXTS.get(number)?).to_owned()))
        }
        DataType::Boolean => ScalarValue::Boolean(Some(number.is_multiple_of(2))),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            ScalarValue::TimestampMicrosecond(MICROS.get(number).copied(), None)
        }
        DataType::List(item) => {
            let item = [sample(item.data_type(), number)?];
            let item_type = item.first()?.data_type();
            return Some(ScalarValue::List(ScalarValue::new_list_nullable(
                &item, &item_type,
            )));
        }
        DataType::Struct(fields) => {
            return Some(ScalarValue::Struct(Arc::new(one_struct(fields, number)?)));
        }
        DataType::Map(entries, ordered) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return None;
            };
            let entry = one_struct(fields, number)?;
            let one = OffsetBuffer::from_lengths([1]);
            let map = MapArray::try_new(Arc::clone(entries), one, entry, None, *ordered).ok()?;
            return Some(ScalarValue::Map(Arc::new(map)));
        }
        decimal if decimal.is_decimal() => {
            return ScalarValue::Int64(Some(whole)).cast_to(decimal).ok();
        }
        number if number.is_numeric() => ScalarValue::Int64(Some(whole)),
        other => return ScalarValue::new_default(other).ok(),
    };
    value.cast_to(data_type).ok()
}

fn one_struct(fields: &Fields, number: usize) -> Option<StructArray> {
    let values = fields.iter().map(|field| {
        let value = sample(field.data_type(), number)?.to_array().ok()?;
        cast(&value, field.data_type()).ok()
    });
    StructArray::try_new(fields.clone(), values.collect::<Option<_>>()?, None).ok()
}

/// Rows with which whatever takes `schema` can be tried before there are records: one of nulls, and some of
/// values. A column of a type that no value is known of is null in all of them.
pub fn sample_rows(schema: &Schema) -> std::result::Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| {
        let data_type = field.data_type();
        let mut rows: Vec<ArrayRef> = vec![new_null_array(data_type, 1)];
        for number in 0..TRIES {
            let value = sample(data_type, number).and_then(|value| value.to_array().ok());
            let value = value.filter(|value| value.data_type() == data_type);
            rows.push(value.unwrap_or_else(|| new_null_array(data_type, 1)));
        }
        let rows: Vec<&dyn arrow::array::Array> = rows.iter().map(AsRef::as_ref).collect();
        concat(&rows)
    });
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    RecordBatch::try_new_with_options(
        Arc::new(Schema::new(fields)),
        columns.collect::<Result<_, _>>()?,
        &RecordBatchOptions::new().with_row_count(Some(TRIES + 1)),
    )
}
