//! A query is tried before it runs, so that no mistake waits for the first record.
//!
//! Values are what records bring; constants are what the query says. A call with a constant that works for no
//! value at all is a mistake of the query, and is refused. What reads text is not judged by values made here: only
//! its constants are looked at. Nor is what a lambda makes of elements, of which values made here would be some.

mod made;
mod samples;
mod vain;

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, DataFusionError, Result, exec_err};
use datafusion_expr::expr::{HigherOrderFunction, Lambda, ScalarFunction};
use datafusion_expr::utils::split_conjunction;
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, col};

use crate::functions::exact::AS_WRITTEN;
use crate::functions::format_time::check_writing;
use crate::functions::reading::{
    check_fields, check_reading, check_reading_strftime, check_time_of_day, names_zone,
};
use crate::functions::replacement::PATTERN_OF_RECORD;
use crate::functions::room;
use crate::physical::physical;

use self::samples::{TRIES, row_of, sample};

pub(crate) use self::made::reads_made_text;
pub(crate) use self::samples::row_alone;
pub use self::samples::sample_rows;
pub(crate) use self::vain::refuse_vain;

/// Functions that read text, in lower case: whether they work is up to the text. Their other arguments are
/// patterns.
const READING: &[&str] = &[
    AS_WRITTEN,
    "to_date",
    "to_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
];

/// Refuses calls whose constants can't work, and a condition that is null for every record. The expressions of `plan` must have
/// been simplified: of constants their value is left.
///
/// # Errors
/// What such a call says, and for a pattern of another dialect what to write.
pub(crate) fn try_constants(plan: &LogicalPlan) -> Result<()> {
    each_expression(plan, try_one)?;
    plan.apply(|node| {
        let LogicalPlan::Filter(filter) = node else {
            return Ok(TreeNodeRecursion::Continue);
        };
        // One that is false is written on purpose.
        if split_conjunction(&filter.predicate)
            .into_iter()
            .any(is_null)
        {
            return exec_err!("WHERE is null for every record, and keeps none");
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map(|_| ())
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
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

fn try_one(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::ScalarFunction(call) => {
            let name = call.func.name().to_lowercase();
            check_constants(call, &name)?;
            // A text of the query is judged as it is: were it read, its time would stand here.
            let is_literal = |arg: &Expr| matches!(arg, Expr::Literal(..));
            if READING.contains(&name.as_str()) && !call.args.iter().all(is_literal) {
                return Ok(());
            }
            let args: Vec<&Expr> = call.args.iter().collect();
            try_call(&name, &args, schema, |args| {
                Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&call.func), args))
            })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            try_call("", &[left.as_ref(), right.as_ref()], schema, |args| {
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
            check_condition(call, schema)?;
            // Whether a lambda works is up to the elements: they are judged where the query says them all.
            if !call.args.iter().all(is_constant) {
                return Ok(());
            }
            let args: Vec<&Expr> = call.args.iter().collect();
            try_call(call.func.name(), &args, schema, |args| {
                Expr::HigherOrderFunction(HigherOrderFunction::new(Arc::clone(&call.func), args))
            })
        }
        _ => Ok(()),
    }
}

/// Looks at those constants of a call that may be wrong though it works for some values, or of which no trial tells.
fn check_constants(call: &ScalarFunction, name: &str) -> Result<()> {
    match name {
        "from_unixtime" => check_zone(call),
        "date_format" | "to_char" => {
            let mut patterns = call.args.iter().skip(1).flat_map(patterns_of);
            patterns.try_for_each(|pattern| check_writing(name, pattern))
        }
        name if READING.contains(&name) => check_patterns(call, name),
        _ => Ok(()),
    }
}

/// The constants behind the text that a function reads.
fn check_patterns(call: &ScalarFunction, name: &str) -> Result<()> {
    for pattern in call.args.iter().skip(1).flat_map(patterns_of) {
        if name == "to_time" {
            check_reading_strftime(pattern)?;
            check_time_of_day(pattern)?;
            continue;
        }
        check_reading(pattern)?;
        // Days are read by patterns that name time zones, too.
        if name != "to_date" || !names_zone(pattern) {
            check_fields(pattern)?;
        }
    }
    Ok(())
}

/// The constants of which an argument is one, whatever the condition: those that CASE and `coalesce` hand on.
fn patterns_of(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Case(case) => {
            let values = case.when_then_expr.iter().map(|(_, value)| value.as_ref());
            let values = values.chain(case.else_expr.as_deref());
            values.flat_map(patterns_of).collect()
        }
        Expr::ScalarFunction(call) if call.func.name() == "coalesce" => {
            call.args.iter().flat_map(patterns_of).collect()
        }
        Expr::Cast(cast) => patterns_of(&cast.expr),
        other => text_of(other).into_iter().collect(),
    }
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

/// Functions whose lambda is a condition.
const BY_CONDITION: &[&str] = &["array_any_match", "array_filter", "array_first"];

/// Says what the function would say of the first array with a lambda that is no condition.
fn check_condition(call: &HigherOrderFunction, schema: &DFSchema) -> Result<()> {
    let name = call.func.name();
    if !BY_CONDITION.contains(&name) {
        return Ok(());
    }
    for arg in &call.args {
        let Expr::Lambda(lambda) = arg else {
            continue;
        };
        match lambda.body.get_type(schema) {
            Ok(DataType::Boolean) | Err(_) => {}
            Ok(other) => return exec_err!("{name} lambda must return boolean, got {other}"),
        }
    }
    Ok(())
}

/// Whether an argument is the same for all records, and not null.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => !value.is_null(),
        Expr::Lambda(lambda) => is_closed(lambda),
        _ => false,
    }
}

/// Whether a lambda reads nothing but its parameters, and those of lambdas within it.
fn is_closed(lambda: &Lambda) -> bool {
    let mut known: Vec<&String> = lambda.params.iter().collect();
    let mut read: Vec<&String> = Vec::new();
    let mut has_columns = false;
    let walked = lambda.body.apply(|part| {
        match part {
            Expr::Column(_) => has_columns = true,
            Expr::LambdaVariable(variable) => read.push(&variable.name),
            Expr::Lambda(inner) => known.extend(&inner.params),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.is_ok() && !has_columns && read.iter().all(|name| known.contains(name))
}

/// Tries a call of `name` that is made of `args` by `build`, if there is a constant among them.
fn try_call(
    name: &str,
    args: &[&Expr],
    schema: &DFSchema,
    build: impl Fn(Vec<Expr>) -> Expr,
) -> Result<()> {
    if !args.iter().any(|arg| is_constant(arg)) {
        return Ok(());
    }
    let (mut fields, mut places) = (Vec::new(), Vec::new());
    let mut built = Vec::with_capacity(args.len());
    for (place, arg) in args.iter().enumerate() {
        if is_constant(arg) {
            built.push((*arg).clone());
            continue;
        }
        let Ok(data_type) = arg.get_type(schema) else {
            return Ok(());
        };
        if sample(&data_type, 0).is_none() {
            return Ok(());
        }
        let column = format!("c{place}");
        fields.push(Field::new(&column, data_type, true));
        places.push(place);
        built.push(col(column));
    }
    let fields = Arc::new(Schema::new(fields));
    let columns = DFSchema::try_from(Arc::clone(&fields))?;
    let call = physical(&build(built), &columns)?;
    // Each is tried as if it were alone: what they make together depends on the records.
    room::refill();
    let mut last = Ok(());
    for number in 0..TRIES {
        let row = row_of(name, &fields, &places, number)?;
        last = call
            .evaluate(&row)
            .and_then(|value| value.into_array(1))
            .map(|_| ());
        if last.is_ok() {
            return Ok(());
        }
    }
    match last {
        Err(error) if !fields.fields().is_empty() && is_about_records(&error) => Ok(()),
        last => last,
    }
}

/// Whether what is said of a failure is that there is no such call for values of these types, whatever they are.
pub(crate) fn tells_of_types(said: &str) -> bool {
    let words = [
        "Nested comparison: ",
        "This feature is not implemented",
        "Unsupported data type",
        "not implemented for type",
    ];
    words.iter().any(|words| said.contains(words))
}

/// Whether an array is too short or too long for a call, or a pattern has too few groups: what those of records have is not known
/// here.
fn is_about_records(error: &DataFusionError) -> bool {
    let said = error.to_string();
    let words = [
        "the same length",
        "start_from out of bounds",
        PATTERN_OF_RECORD,
    ];
    words.iter().any(|words| said.contains(words))
}
