//! Functions and operators of Flink and Hive that are written with others here: a call of one becomes an expression of those.

use std::ops::ControlFlow;

use arrow::array::timezone::Tz;
use datafusion_sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Spanned,
    Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion_sql::sqlparser::tokenizer::Span;
use millstream_core::{Error, Result};

use crate::functions::format_time::read_as_strftime;
use crate::functions::reading::fault;
use crate::parse::parse_expression;
use crate::place::{Place, invalid};

/// Names of functions that are written so, in lower case.
pub(crate) const NAMES: &[&str] = &["if", "regexp_extract", "split_index", "unix_timestamp"];

/// Functions that are there, and mean something else elsewhere.
const OTHERWISE: &[&str] = &[
    "array_remove",
    "encode",
    "from_unixtime",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "to_date",
    "to_timestamp",
    "to_unixtime",
];

/// Puts the expression that means the same in place of a call of such a function.
///
/// # Errors
/// SQL_INVALID for arguments that it does not take.
pub(crate) fn expand(expr: &mut Expr) -> Result<()> {
    if let Expr::RLike {
        negated,
        expr: text,
        pattern,
        ..
    } = &*expr
    {
        let not = if *negated { "not " } else { "" };
        let (arguments, span) = (vec![(**text).clone(), (**pattern).clone()], pattern.span());
        *expr = filled(&format!("{not}regexp_like(a0, a1)"), arguments, span)?;
        return Ok(());
    }
    let Expr::Function(call) = &*expr else {
        return Ok(());
    };
    let [ObjectNamePart::Identifier(name)] = call.name.0.as_slice() else {
        return Ok(());
    };
    let (span, name) = (name.span, name.value.to_lowercase());
    if !NAMES.contains(&name.as_str()) && !OTHERWISE.contains(&name.as_str()) {
        return Ok(());
    }
    let Some(mut arguments) = arguments(call) else {
        return Ok(());
    };
    if name == "encode" {
        // The bytes of a digest are encoded, and not its text.
        if let [digest, _] = arguments.as_mut_slice()
            && let Some(bytes) = bytes_of(digest)
            && let Expr::Function(call) = expr
            && let FunctionArguments::List(list) = &mut call.args
            && let Some(first) = list.args.first_mut()
        {
            *first = FunctionArg::Unnamed(FunctionArgExpr::Expr(bytes));
        }
        return Ok(());
    }
    let Some(template) = template(&name, &arguments, span)? else {
        return Ok(());
    };
    *expr = filled(&template, arguments, span)?;
    Ok(())
}

/// The expression of a template whose `a0`, `a1` and so on are `arguments`.
fn filled(template: &str, arguments: Vec<Expr>, span: Span) -> Result<Expr> {
    let mut meant = parse_expression(template)?;
    let mut filler = Filler { arguments, span };
    if let ControlFlow::Break(never) = meant.visit(&mut filler) {
        match never {}
    }
    Ok(meant)
}

/// The call of a digest whose text `expr` is.
fn bytes_of(expr: &Expr) -> Option<Expr> {
    let called = |expr: &Expr| match expr {
        Expr::Function(call) => match call.name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => Some(name.value.to_lowercase()),
            _ => None,
        },
        _ => None,
    };
    let Expr::Function(call) = expr else {
        return None;
    };
    if called(expr)? != "encode" {
        return None;
    }
    let inner = arguments(call)?.into_iter().next()?;
    called(&inner)?.starts_with("sha").then_some(inner)
}

/// The arguments of a call that has nothing else in it.
fn arguments(call: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &call.args else {
        return None;
    };
    let plain = call.over.is_none() && call.filter.is_none() && list.clauses.is_empty();
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    });
    arguments.collect::<Option<Vec<_>>>().filter(|_| plain)
}

/// What a call means, with `a0`, `a1` and so on in the places of its arguments; none for a function of that name that is
/// there itself.
fn template(name: &str, arguments: &[Expr], span: Span) -> Result<Option<String>> {
    let wrong = |what: &str, next: &str| -> Error { invalid(Place::of(span), what).next(next) };
    let meant = match (name, arguments) {
        ("if", [_, _, _]) => "case when a0 then a1 else a2 end".to_owned(),
        ("if", _) => {
            return Err(wrong(
                "if takes a condition and two values",
                "write it like if(id > 1, 'a', 'b')",
            ));
        }
        ("regexp_extract", [_, _]) => "regexp_match(a0, '(' || a1 || ')')[1]".to_owned(),
        // There is no group below 0, and the element 0 is null.
        ("regexp_extract", [_, _, _]) => {
            "regexp_match(a0, '(' || a1 || ')')[case when a2 >= 0 then a2 + 1 else 0 end]"
                .to_owned()
        }
        ("regexp_extract", _) => {
            return Err(wrong(
                "regexp_extract takes a text, a pattern and the number of a group",
                "write it like regexp_extract(name, '([a-z]+)', 1)",
            ));
        }
        // A number below 0 gives null, as in Flink: it is no place from the end, and no mistake.
        ("split_index", [_, _, _]) => {
            "arraySplit(a0, a1)[case when a2 >= 0 then a2 + 1 end]".to_owned()
        }
        ("split_index", _) => {
            return Err(wrong(
                "split_index takes a text, a separator and a number from 0 on",
                "write it like split_index(tags, ',', 0)",
            ));
        }
        ("unix_timestamp", []) => "to_unixtime(now())".to_owned(),
        ("unix_timestamp", [_]) => "to_unixtime(a0)".to_owned(),
        ("unix_timestamp", [_, pattern]) => return unix_timestamp(pattern, span).map(Some),
        ("unix_timestamp", _) => {
            return Err(wrong(
                "unix_timestamp takes a text and a pattern",
                "write it like unix_timestamp(name, 'yyyy-MM-dd')",
            ));
        }
        ("sha224" | "sha256" | "sha384" | "sha512", [_]) => format!("encode({name}(a0), 'hex')"),
        ("array_remove", [_, _]) => "array_remove_all(a0, a1)".to_owned(),
        ("from_unixtime", [_, zone]) => return from_unixtime(zone, span),
        ("to_timestamp" | "to_date" | "to_unixtime", [_, pattern]) => {
            return by_java(name, pattern, span);
        }
        _ => return Ok(None),
    };
    Ok(Some(meant))
}

/// What `unix_timestamp(s, pattern)` means.
fn unix_timestamp(pattern: &Expr, span: Span) -> Result<String> {
    let wrong = |what: &str| invalid(Place::of(span), what);
    let pattern = text(pattern).ok_or_else(|| {
        wrong("unix_timestamp takes a pattern that stands in the SQL")
            .next("write it like unix_timestamp(name, 'yyyy-MM-dd')")
    })?;
    let same = read_as_strftime(pattern)
        .map_err(|what| wrong(&format!("the pattern `{pattern}`: {what}")).next(WRITE_JAVA))?;
    reading("to_unixtime", pattern, &same, span)
}

/// What a call of `name` means that reads by one of Java's patterns, which stands in the SQL; none for one of another
/// dialect, which is told where it is tried.
fn by_java(name: &str, pattern: &Expr, span: Span) -> Result<Option<String>> {
    let Some(pattern) = text(pattern).filter(|pattern| !pattern.contains('%')) else {
        return Ok(None);
    };
    match read_as_strftime(pattern) {
        Ok(same) => reading(name, pattern, &same, span).map(Some),
        Err(_) => Ok(None),
    }
}

const WRITE_JAVA: &str = "write it like 'yyyy-MM-dd HH:mm:ss'";

/// The call of `name` that reads by `same`, which is what `pattern` means in strftime.
fn reading(name: &str, pattern: &str, same: &str, span: Span) -> Result<String> {
    // Patterns of strftime are looked at where they are tried.
    if !pattern.contains('%')
        && let Some(fault) = fault(pattern)
    {
        let next = match fault.likely {
            Some(likely) => format!("write `{likely}`"),
            None => WRITE_JAVA.to_owned(),
        };
        let what = format!("the pattern `{pattern}` {}", fault.what);
        return Err(invalid(Place::of(span), &what).next(next));
    }
    Ok(format!("{name}(a0, '{}')", same.replace('\'', "''")))
}

/// What `from_unixtime(n, zone)` means where the second argument is no time zone, but a pattern.
///
/// What is neither is told here: of a constant number the planner would make a time of such a zone before it is looked at.
fn from_unixtime(zone: &Expr, span: Span) -> Result<Option<String>> {
    let Some(pattern) = text(zone).filter(|zone| zone.parse::<Tz>().is_err()) else {
        return Ok(None);
    };
    match read_as_strftime(pattern) {
        Ok(_) => Ok(Some("date_format(from_unixtime(a0), a1)".to_owned())),
        Err(what) => {
            let message = format!(
                "`{pattern}` is no time zone, which is what from_unixtime takes, and no pattern: {what}"
            );
            Err(invalid(Place::of(span), &message).next(
                "write it like from_unixtime(id, 'yyyy-MM-dd'), and other text by date_format(from_unixtime(…), '…')",
            ))
        }
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

/// Puts the arguments into their places, and has what is called stand where the call stood.
struct Filler {
    arguments: Vec<Expr>,
    span: Span,
}

enum Never {}

impl VisitorMut for Filler {
    type Break = Never;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Never> {
        match expr {
            Expr::Function(call) => {
                for part in &mut call.name.0 {
                    if let ObjectNamePart::Identifier(name) = part {
                        name.span = self.span;
                    }
                }
            }
            Expr::Case {
                case_token,
                end_token,
                ..
            } => {
                case_token.0.span = self.span;
                end_token.0.span = self.span;
            }
            Expr::Value(value) => value.span = self.span,
            Expr::Identifier(name) => {
                let argument = name
                    .value
                    .strip_prefix('a')
                    .and_then(|number| self.arguments.get(number.parse::<usize>().ok()?));
                if let Some(argument) = argument {
                    *expr = argument.clone();
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
