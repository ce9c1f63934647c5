//! Numbers with a point beside decimals: `price + 0.1` is exact where `price` is a `Decimal(10,2)`.
//!
//! DataFusion takes `0.1` for a Double, and then `price` as well. Beside anything else it stays one. A number of more
//! digits than a Double tells comes here by its text: it is exact beside decimals and whole numbers, and where it is a
//! whole number itself.

mod chosen;

use arrow::datatypes::{DECIMAL128_MAX_SCALE, DataType};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::expr::InList;
use datafusion_expr::{
    Between, BinaryExpr, Case, Expr, ExprSchemable, LogicalPlan, Operator, cast, lit,
};
use datafusion_optimizer::analyzer::AnalyzerRule;

use self::chosen::chosen;
use super::comparisons::{beside_whole_numbers, compared};
use super::items::{self, planned};
use super::lambdas::each_part;
use super::nested::has_parts;
use super::over_expressions;
use super::settled;
use super::times::days::joined;
use super::whole::{in_full, reckoned, refuse_beside_doubles};
use crate::functions::exact;
use crate::functions::times::CHOOSING;
use crate::functions::written::{
    self, as_written, decimal, double, is_certain, is_whole, negative, text_of,
};

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Decimals;

impl AnalyzerRule for Decimals {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten = each_part(expr, schema, &|part| one(part, schema))?;
            each_part(rewritten, schema, &|part| Ok(alone(part)))
        })
    }

    fn name(&self) -> &str {
        "numbers_beside_decimals"
    }
}

fn one(mut expr: Expr, schema: &DFSchema) -> Result<Expr> {
    match &mut expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_exact(*op) => {
            // The digits behind the points add up in a product, and there are no more than so many.
            let most = match *op {
                Operator::Multiply => {
                    DECIMAL128_MAX_SCALE - scale(left, schema).max(scale(right, schema))
                }
                _ => DECIMAL128_MAX_SCALE,
            };
            if is_arithmetic(*op) {
                with_exponent(left);
                with_exponent(right);
                reckoned(left, *op, right);
                unify(vec![left.as_mut(), right.as_mut()], most, schema)?;
            } else {
                held_against(vec![left.as_mut(), right.as_mut()], schema)?;
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if *op == Operator::Divide => {
            if let Some(quotient) = quotient(left, right, schema) {
                return Ok(quotient);
            }
        }
        Expr::Between(Between {
            expr, low, high, ..
        }) => held_against(vec![expr.as_mut(), low.as_mut(), high.as_mut()], schema)?,
        Expr::InList(InList { expr, list, .. }) => {
            held_against(std::iter::once(expr.as_mut()).chain(list).collect(), schema)?;
        }
        Expr::Cast(cast) if cast.field.data_type().is_decimal() => in_full(&mut cast.expr),
        Expr::TryCast(cast) if cast.field.data_type().is_decimal() => in_full(&mut cast.expr),
        Expr::Negative(number) => {
            if let Some(negative) = negated(number) {
                return Ok(negative);
            }
        }
        Expr::ScalarFunction(call) if call.func.name() != written::NAME => {
            let name = call.func.name();
            if let Some(number) = whole_already(name, &mut call.args, schema) {
                return Ok(number);
            }
            let mut args: Vec<&mut Expr> = call.args.iter_mut().collect();
            if IN_DOUBLES.contains(&name) && args.iter().any(|arg| has_decimals(arg, schema)) {
                return plan_err!(
                    "{name} reckons with Doubles, which does not give the exact number of decimals"
                );
            }
            if CHOOSING.contains(&name) {
                chosen(args, schema, name)?;
            } else {
                let count = joined(name).min(args.len());
                if let Some(elements) = args.get_mut(..count) {
                    items::of_numbers(elements, schema, name)?;
                    refuse_beside_doubles(elements, schema, name)?;
                }
                // What stands in a struct meets nothing before the struct does.
                if !matches!(name, "named_struct" | "struct") {
                    beside(args, schema)?;
                }
            }
            if let Some(itself) = planned::itself(&call.func) {
                call.func = itself;
            }
        }
        Expr::Case(Case {
            expr,
            when_then_expr,
            else_expr,
        }) => {
            if let Some(operand) = expr {
                let whens = when_then_expr.iter_mut().map(|(when, _)| when.as_mut());
                held_against(
                    std::iter::once(operand.as_mut()).chain(whens).collect(),
                    schema,
                )?;
            }
            let results = when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
            let results = results.chain(else_expr.as_mut().map(|expr| expr.as_mut()));
            chosen(results.collect(), schema, "CASE")?;
        }
        _ => {}
    }
    Ok(expr)
}

/// A number by its text with the other sign.
fn negated(number: &Expr) -> Option<Expr> {
    let text = text_of(number)?;
    match number {
        Expr::ScalarFunction(call) => Some(call.func.call(vec![lit(negative(text))])),
        _ => None,
    }
}

/// A number that stands beside nothing that says more of it.
fn alone(expr: Expr) -> Expr {
    let number = text_of(&expr).map(|text| {
        let exact = is_whole(text).then(|| decimal(text)).flatten();
        exact.unwrap_or_else(|| double(text))
    });
    match number {
        Some(number) => Expr::Literal(number, None),
        None => expr,
    }
}

fn is_arithmetic(op: Operator) -> bool {
    use Operator::{Minus, Modulo, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Modulo)
}

/// A number with an exponent counts as a Double, but where it is compared or handed on.
fn with_exponent(expr: &mut Expr) {
    let number = text_of(expr).filter(|text| text.contains(['e', 'E']) && is_certain(text));
    if let Some(number) = number.map(double) {
        *expr = Expr::Literal(number, None);
    }
}

/// Operators that are exact for decimals. The quotient of two is not.
fn is_exact(op: Operator) -> bool {
    use Operator::{
        Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, Modulo, Multiply, NotEq,
        Plus,
    };
    matches!(
        op,
        Plus | Minus
            | Multiply
            | Modulo
            | Eq
            | NotEq
            | Lt
            | LtEq
            | Gt
            | GtEq
            | IsDistinctFrom
            | IsNotDistinctFrom
    )
}

/// What is compared: all numbers that are exact stay so.
fn held_against(mut exprs: Vec<&mut Expr>, schema: &DFSchema) -> Result<()> {
    if any_with_parts(&exprs, schema) {
        return items::of_numbers(&mut exprs, schema, items::COMPARISON);
    }
    beside_whole_numbers(&mut exprs, schema)?;
    unify(
        exprs.iter_mut().map(|expr| &mut **expr).collect(),
        DECIMAL128_MAX_SCALE,
        schema,
    )?;
    compared(exprs, schema)
}

/// A quotient with a decimal in it, which is a Double: the digits that one has may be any.
fn quotient(left: &mut Expr, right: &mut Expr, schema: &DFSchema) -> Option<Expr> {
    whole([&mut *left, &mut *right], schema);
    let mut sides = [left, right];
    let decimal = sides
        .iter()
        .any(|side| is(side, schema, DataType::is_decimal));
    let known = |side: &&mut Expr| {
        let literal = matches!(&**side, Expr::Literal(..)) || text_of(side).is_some();
        literal || is(side, schema, |it| it.is_decimal() || it.is_integer())
    };
    let numeric = |side: &&mut Expr| is(side, schema, DataType::is_numeric);
    if !decimal || !sides.iter().all(known) || !sides.iter().all(numeric) {
        return None;
    }
    let sides = sides
        .each_mut()
        .map(|side| cast(std::mem::take(*side), DataType::Float64));
    Some(exact::quotient().call(sides.to_vec()))
}

/// A whole number that is to be made a whole number.
fn whole_already(name: &str, args: &mut [Expr], schema: &DFSchema) -> Option<Expr> {
    match args {
        [number] if WHOLE.contains(&name) && is(number, schema, DataType::is_integer) => {
            Some(std::mem::take(number))
        }
        _ => None,
    }
}

/// Functions that leave nothing behind the point.
const WHOLE: &[&str] = &["ceil", "floor", "round", "trunc"];

/// Digits behind the point; 0 for what is no decimal.
fn scale(expr: &Expr, schema: &DFSchema) -> i8 {
    match expr.get_type(schema) {
        Ok(DataType::Decimal128(_, scale)) => scale,
        _ => 0,
    }
}

fn is(expr: &Expr, schema: &DFSchema, of: impl Fn(&DataType) -> bool) -> bool {
    settled::type_of(expr, schema).is_ok_and(|data_type| of(&data_type))
}

/// Makes decimals of the numbers with a point, if one of the expressions is a decimal, where they have at most `most`
/// digits behind the point.
fn unify(exprs: Vec<&mut Expr>, most: i8, schema: &DFSchema) -> Result<()> {
    if !exprs
        .iter()
        .any(|expr| is(expr, schema, DataType::is_decimal))
    {
        whole(exprs, schema);
        return Ok(());
    }
    let fits = |exact: &ScalarValue| matches!(exact, ScalarValue::Decimal128(_, _, scale) if *scale <= most);
    for expr in exprs {
        if let Some(text) = text_of(expr) {
            match decimal(text).filter(fits) {
                Some(exact) => *expr = Expr::Literal(exact, None),
                None => return plan_err!("the number {text} can't be exact beside a decimal here"),
            }
        } else if let Expr::Literal(ScalarValue::Float64(Some(number)), _) = expr
            && let Some(exact) = as_written(*number).filter(fits)
        {
            *expr = Expr::Literal(exact, None);
        }
    }
    Ok(())
}

/// Makes a number whose text is known a Double beside a Double, and otherwise a decimal if it is a whole number.
fn whole<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, schema: &DFSchema) {
    let exprs: Vec<&mut Expr> = exprs.into_iter().collect();
    let double_beside = exprs.iter().any(|expr| {
        text_of(expr).is_none_or(|text| !is_whole(text)) && is(expr, schema, DataType::is_floating)
    });
    for expr in exprs {
        let number = text_of(expr).map(|text| match decimal(text) {
            Some(exact) if is_whole(text) && !double_beside => exact,
            _ => double(text),
        });
        if let Some(number) = number {
            *expr = Expr::Literal(number, None);
        }
    }
}

/// What a function or CASE is given: DataFusion would make Doubles of the decimals among them.
fn beside(exprs: Vec<&mut Expr>, schema: &DFSchema) -> Result<()> {
    let text = |expr: &&mut Expr| {
        text_of(expr)
            .filter(|text| !is_certain(text))
            .map(str::to_owned)
    };
    let long = exprs.iter().find_map(text);
    if let Some(text) = long
        && exprs
            .iter()
            .any(|expr| is(expr, schema, DataType::is_decimal))
    {
        return plan_err!("the number {text} can't be exact beside a decimal here");
    }
    whole(exprs, schema);
    Ok(())
}

/// Functions that make Doubles of the items of arrays.
const IN_DOUBLES: &[&str] = &[
    "array_add",
    "array_avg",
    "array_distance",
    "array_normalize",
    "array_product",
    "array_scale",
    "array_subtract",
    "array_sum",
    "cosine_distance",
    "inner_product",
];

fn any_with_parts(exprs: &[&mut Expr], schema: &DFSchema) -> bool {
    exprs.iter().any(|expr| is(expr, schema, has_parts))
}

fn has_decimals(expr: &Expr, schema: &DFSchema) -> bool {
    is(expr, schema, |data_type| match data_type {
        DataType::List(item) | DataType::LargeList(item) => item.data_type().is_decimal(),
        _ => false,
    })
}
