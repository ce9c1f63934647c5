//! Functions and operators of Flink and Hive that are written with others here: a call of one becomes an expression of those.

use std::ops::ControlFlow;

use arrow::array::timezone::Tz;
use datafusion_sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Spanned,
    Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion_sql::sqlparser::tokenizer::Span;
use millstream_core::{Error, Result};

use crate::functions::reading::{Format, LONGEST, fault, is_strftime};
use crate::parse::parse_expression;
use crate::place::{Place, invalid};

/// Names of functions that are written so, in lower case.
pub(crate) const NAMES: &[&str] = &["if", "regexp_extract", "split_index", "unix_timestamp"];

/// Functions that are there, and mean something else elsewhere.
const OTHERWISE: &[&str] = &[
    "encode",
    "from_unixtime",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "to_date",
    "to_timestamp",
    "to_unixtime",
    "trunc",
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
            "regexp_match(a0, '(' || a1 || ')')[case when a2 >= 0 then a2 + 1 when a2 < 0 then 0 end]"
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
        ("trunc", [_, unit]) if text(unit).is_some() => {
            return Err(wrong(
                "trunc cuts digits off a number, and knows no units of time",
                "write it like date_trunc('month', bought)",
            ));
        }
        ("from_unixtime", [_, zone]) => return from_unixtime(zone, span),
        ("to_timestamp" | "to_date" | "to_unixtime", [_, pattern]) => {
            check_java(pattern, span)?;
            return Ok(None);
        }
        _ => return Ok(None),
    };
    Ok(Some(meant))
}

/// What `unix_timestamp(s, pattern)` means.
fn unix_timestamp(pattern: &Expr, span: Span) -> Result<String> {
    let wrong = |what: &str| invalid(Place::of(span), what);
    if let Some(pattern) = text(pattern) {
        Format::of(pattern)
            .map_err(|what| wrong(&format!("the pattern `{pattern}`: {what}")).next(WRITE_JAVA))?;
    } else if matches!(pattern, Expr::Value(value) if value.value != Value::Null) {
        return Err(wrong("the pattern of unix_timestamp is a text")
            .next("write it like unix_timestamp(name, 'yyyy-MM-dd')"));
    }
    check_java(pattern, span)?;
    Ok("to_unixtime(a0, a1)".to_owned())
}

const WRITE_JAVA: &str = "write it like 'yyyy-MM-dd HH:mm:ss'";

/// Refuses one of Java's patterns by which what it writes can't be read. What stands in the SQL otherwise, and patterns of
/// other dialects, are looked at where they are tried.
fn check_java(pattern: &Expr, span: Span) -> Result<()> {
    // One that is too long is told of where it is tried.
    let is_looked_at = |pattern: &&str| pattern.len() <= LONGEST && !is_strftime(pattern);
    let Some(pattern) = text(pattern).filter(is_looked_at) else {
        return Ok(());
    };
    if Format::of(pattern).is_err() {
        return Ok(());
    }
    let Some(fault) = fault(pattern) else {
        return Ok(());
    };
    let next = match fault.likely {
        Some(likely) => format!("write `{likely}`"),
        None => WRITE_JAVA.to_owned(),
    };
    let what = format!("the pattern `{pattern}` {}", fault.what);
    Err(invalid(Place::of(span), &what).next(next))
}

/// What `from_unixtime(n, zone)` means where the second argument is no time zone, but a pattern. A zone stands in the SQL as it
/// is; what comes of columns and expressions is a pattern.
///
/// What is neither is told here: of a constant number the planner would make a time of such a zone before it is looked at.
fn from_unixtime(zone: &Expr, span: Span) -> Result<Option<String>> {
    const WRITTEN: &str = "date_format(from_unixtime(a0), a1)";
    let mut zone = zone;
    while let Expr::Nested(inner) = zone {
        zone = inner;
    }
    if !matches!(zone, Expr::Value(_)) {
        return Ok(Some(WRITTEN.to_owned()));
    }
    let Some(pattern) = text(zone).filter(|zone| zone.parse::<Tz>().is_err()) else {
        return Ok(None);
    };
    match Format::of(pattern) {
        Ok(_) => Ok(Some(WRITTEN.to_owned())),
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
