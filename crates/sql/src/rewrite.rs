//! What the planner can't do, written as what it can, in the parsed text.
//!
//! - A long chain of AND or OR becomes a tree of few levels: both may be grouped as one likes. So does one of `||` whose parts are
//!   all columns and constants that are texts; of others their types have to be known first, which is when they are planned.
//! - `LIKE … ESCAPE` becomes a pattern with the escape that the planner knows.
//! - A call of a function that is written with others here becomes an expression of those.
//! - `nvl2`, which only looks at the first of what it is given, becomes CASE: the planner makes one type of all three.
//! - A cast to text of some length cuts the text, and fills it for CHAR.

use std::ops::ControlFlow;

use arrow::datatypes::Schema;
use datafusion_sql::sqlparser::ast::{
    BinaryOperator, CharacterLength, DataType, Expr, FunctionArg, FunctionArgExpr,
    FunctionArguments, ObjectNamePart, Query as Ast, Spanned, Value, ValueWithSpan, VisitMut,
    VisitorMut,
};
use millstream_core::{Error, Result};

use crate::elsewhere::expand;
use crate::parse::{LEVELS, parse_expression};
use crate::place::{Place, invalid, too_deep};

/// Chains of at least this many parts are regrouped.
const LONG: usize = 16;

/// Rewrites `query` over a table with `schema`.
///
/// # Errors
/// SQL_INVALID for a LIKE that has no pattern to escape in, or an expression of too many levels.
pub(crate) fn rewrite(query: &mut Ast, schema: &Schema) -> Result<()> {
    let mut rewriter = Rewriter {
        schema,
        level: 0,
        lambdas: 0,
    };
    match query.visit(&mut rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Rewriter<'a> {
    schema: &'a Schema,
    level: usize,
    /// How many lambdas are around.
    lambdas: usize,
}

impl VisitorMut for Rewriter<'_> {
    type Break = Box<Error>;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        self.level += 1;
        if self.level > LEVELS {
            return ControlFlow::Break(Box::new(too_deep()));
        }
        self.lambdas += usize::from(matches!(expr, Expr::Lambda(_)));
        self.regroup(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        self.level -= 1;
        self.lambdas -= usize::from(matches!(expr, Expr::Lambda(_)));
        match escape(expr)
            .and_then(|()| cut(expr))
            .and_then(|()| expand(expr))
            .and_then(|()| looked_at(expr))
        {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(Box::new(error)),
        }
    }
}

impl Rewriter<'_> {
    /// Makes a tree of a long chain.
    fn regroup(&self, expr: &mut Expr) {
        let op = match expr {
            Expr::BinaryOp { op, .. } if chains(op) => op.clone(),
            _ => return,
        };
        let mut may_be = true;
        let mut length = 1;
        let mut part: &Expr = expr;
        while let Expr::BinaryOp {
            left,
            op: next,
            right,
        } = part
            && *next == op
        {
            length += 1;
            may_be = may_be && self.may_be_part(right, &op);
            part = left.as_ref();
        }
        if length >= LONG && may_be && self.may_be_part(part, &op) {
            let parts = parts_of(taken(expr), &op);
            *expr = grouped(parts, &op);
        }
    }

    /// Whether a chain of `op` may be grouped as one likes as far as this part of it goes: that of `||` beside an array may not.
    fn may_be_part(&self, part: &Expr, op: &BinaryOperator) -> bool {
        if *op != BinaryOperator::StringConcat {
            return true;
        }
        match part {
            Expr::Value(value) => matches!(value.value, Value::SingleQuotedString(_)),
            // The parameter of a lambda may have the name of a column.
            Expr::Identifier(name) if self.lambdas == 0 => {
                let field = self.schema.field_with_name(&name.value);
                field.is_ok_and(|field| field.data_type().is_string())
            }
            _ => false,
        }
    }
}

/// The parts of a chain in their order.
fn parts_of(chain: Expr, op: &BinaryOperator) -> Vec<Expr> {
    let mut parts = Vec::new();
    let mut rest = chain;
    loop {
        match rest {
            Expr::BinaryOp {
                left,
                op: next,
                right,
            } if next == *op => {
                parts.push(*right);
                rest = *left;
            }
            first => {
                parts.push(first);
                break;
            }
        }
    }
    parts.reverse();
    parts
}

fn chains(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::StringConcat
    )
}

/// The parts as pairs, the pairs as pairs, and so on.
fn grouped(mut parts: Vec<Expr>, op: &BinaryOperator) -> Expr {
    while parts.len() > 1 {
        let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => Expr::BinaryOp {
                    left: Box::new(left),
                    op: op.clone(),
                    right: Box::new(right),
                },
                None => left,
            });
        }
        parts = pairs;
    }
    parts.pop().unwrap_or_else(nothing)
}

fn taken(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, nothing())
}

fn nothing() -> Expr {
    Expr::Value(Value::Null.into())
}

/// Puts the planner's own escape, a backslash, in place of the one that is given.
fn escape(expr: &mut Expr) -> Result<()> {
    let place = Place::of(expr.span());
    let (Expr::Like {
        pattern,
        escape_char,
        ..
    }
    | Expr::ILike {
        pattern,
        escape_char,
        ..
    }) = expr
    else {
        return Ok(());
    };
    let Some(given) = escape_char.take() else {
        return Ok(());
    };
    let wrong =
        |what: &str| invalid(place, what).next("write it like name LIKE '10!%%' ESCAPE '!'");
    let Value::SingleQuotedString(given) = &given.value else {
        return Err(wrong("what follows ESCAPE is not a text"));
    };
    let mut characters = given.chars();
    let (escape, more) = (characters.next(), characters.next());
    if more.is_some() {
        return Err(wrong("what follows ESCAPE is more than one character"));
    }
    let Expr::Value(ValueWithSpan {
        value: Value::SingleQuotedString(pattern),
        ..
    }) = pattern.as_mut()
    else {
        return Err(wrong("with ESCAPE the pattern must be a text of the query"));
    };
    *pattern = escaped(pattern, escape)
        .ok_or_else(|| wrong("the escape character stands before neither %, _ nor itself"))?;
    Ok(())
}

/// `pattern` with a backslash as its escape; `None`: the escape stands where it may not.
fn escaped(pattern: &str, escape: Option<char>) -> Option<String> {
    let mut result = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        let literal = if Some(next) == escape {
            let literal = rest.next()?;
            if !matches!(literal, '%' | '_') && Some(literal) != escape {
                return None;
            }
            Some(literal)
        } else {
            (next == '\\').then_some('\\')
        };
        match literal {
            Some(literal @ ('%' | '_' | '\\')) => result.extend(['\\', literal]),
            Some(literal) => result.push(literal),
            None => result.push(next),
        }
    }
    Some(result)
}

/// Has a cast to text of some length give text of that length.
fn cut(expr: &mut Expr) -> Result<()> {
    if !matches!(expr, Expr::Cast { .. }) {
        return Ok(());
    }
    let place = Place::of(expr.span());
    let Expr::Cast { data_type, .. } = expr else {
        return Ok(());
    };
    let (length, fill) = match data_type {
        DataType::Varchar(length)
        | DataType::Nvarchar(length)
        | DataType::CharVarying(length)
        | DataType::CharacterVarying(length) => (length.take(), false),
        DataType::Char(length) | DataType::Character(length) => (length.take(), true),
        _ => return Ok(()),
    };
    *data_type = DataType::String(None);
    let Some(CharacterLength::IntegerLength { length, .. }) = length else {
        return Ok(());
    };
    if length == 0 {
        return Err(
            invalid(place, "a text of at most 0 characters holds nothing")
                .next("write varchar(10), or string for a text of any length"),
        );
    }
    let function = if fill { "rpad" } else { "left" };
    let mut call = parse_expression(&format!("{function}(null, {length})"))?;
    if let Expr::Function(function) = &mut call
        && let FunctionArguments::List(list) = &mut function.args
        && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = list.args.first_mut()
    {
        *first = taken(expr);
        *expr = call;
    }
    Ok(())
}

/// Writes a call of `nvl2` as CASE, if it is given what it takes.
fn looked_at(expr: &mut Expr) -> Result<()> {
    let Expr::Function(call) = &mut *expr else {
        return Ok(());
    };
    let [ObjectNamePart::Identifier(name)] = call.name.0.as_slice() else {
        return Ok(());
    };
    let is_plain = call.over.is_none() && call.filter.is_none();
    if !is_plain || !name.value.eq_ignore_ascii_case("nvl2") {
        return Ok(());
    }
    let span = name.span;
    let FunctionArguments::List(list) = &mut call.args else {
        return Ok(());
    };
    if list.args.len() != 3 {
        let message = format!("`nvl2` takes 3 arguments, and is given {}", list.args.len());
        return Err(invalid(Place::of(span), &message)
            .next("write it like nvl2(name, 'there is one', 'there is none')"));
    }
    let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(tested)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(otherwise)),
    ] = list.args.as_mut_slice()
    else {
        return Ok(());
    };
    let (tested, value, otherwise) = (taken(tested), taken(value), taken(otherwise));
    let mut case = parse_expression("case when null is not null then null else null end")?;
    if let Expr::Case {
        case_token,
        end_token,
        conditions,
        else_result: Some(last),
        ..
    } = &mut case
        && let [when] = conditions.as_mut_slice()
        && let Expr::IsNotNull(looked_at) = &mut when.condition
    {
        case_token.0.span = span;
        end_token.0.span = span;
        **looked_at = tested;
        when.result = value;
        **last = otherwise;
        *expr = case;
    }
    Ok(())
}
