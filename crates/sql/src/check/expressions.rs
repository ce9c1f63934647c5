//! The check of expressions: columns and functions exist, nothing needs more than one row.

use std::collections::HashSet;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion_sql::sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, Ident, LambdaFunction, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned, Value, visit_expressions,
};
use millstream_core::{Error, Result};

use super::{AGGREGATE, SUBQUERY, Scope, WINDOW, many_rows};
use crate::elsewhere;
use crate::place::{Place, invalid, nearest, unsupported};

/// Checks every expression of `select`, whose table is called `qualifier`.
pub(super) fn check(select: &Select, qualifier: &str, scope: &Scope<'_>) -> Result<()> {
    let mut names = Names {
        scope,
        qualifier,
        lambdas: HashSet::new(),
    };
    for item in &select.projection {
        names.wildcard(item)?;
    }
    let walked = visit_expressions(select, |expr| match names.expression(expr) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    });
    match walked {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Names<'a> {
    scope: &'a Scope<'a>,
    qualifier: &'a str,
    /// Parameters of the lambdas walked so far (a lambda comes before its body); the planner decides
    /// which is in scope where.
    lambdas: HashSet<String>,
}

impl Names<'_> {
    fn wildcard(&self, item: &SelectItem) -> Result<()> {
        let options = match item {
            SelectItem::Wildcard(options) => options,
            SelectItem::QualifiedWildcard(kind, options) => {
                if let SelectItemQualifiedWildcardKind::ObjectName(name) = kind
                    && let [part] = name.0.as_slice()
                    && let Some(ident) = part.as_ident()
                {
                    self.table(ident)?;
                }
                options
            }
            _ => return Ok(()),
        };
        let other = options.opt_ilike.is_some()
            || options.opt_replace.is_some()
            || options.opt_rename.is_some()
            || options.opt_alias.is_some();
        if other {
            return Err(unsupported(
                Place::of(item.span()),
                "a wildcard option other than EXCEPT",
                "name the columns",
            ));
        }
        let except = options.opt_except.iter().flat_map(|except| {
            std::iter::once(&except.first_element).chain(&except.additional_elements)
        });
        except.into_iter().try_for_each(|ident| self.column(ident))
    }

    fn expression(&mut self, expr: &Expr) -> Result<()> {
        let place = Place::of(expr.span());
        match expr {
            Expr::Lambda(LambdaFunction { params, .. }) => {
                let params = params.iter().map(|param| param.name.value.clone());
                self.lambdas.extend(params);
                Ok(())
            }
            Expr::Identifier(ident) if self.lambdas.contains(&ident.value) => Ok(()),
            Expr::Identifier(ident) => self.column(ident),
            Expr::CompoundIdentifier(parts) => self.path(parts),
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => {
                Err(unsupported(place, "a subquery", SUBQUERY))
            }
            Expr::AtTimeZone { .. } => {
                let instead = "times have no time zone here: shift them with + interval '8' hour";
                Err(unsupported(place, "AT TIME ZONE", instead))
            }
            Expr::Function(function) => self.function(function),
            Expr::Floor {
                field: CeilFloorKind::DateTimeField(unit),
                ..
            }
            | Expr::Ceil {
                field: CeilFloorKind::DateTimeField(unit),
                ..
            } if *unit != DateTimeField::NoDateTime => Err(unsupported(
                place,
                "FLOOR or CEIL to a unit of time",
                "write date_trunc('hour', bought)",
            )),
            Expr::Value(value) if matches!(value.value, Value::Placeholder(_)) => Err(invalid(
                place,
                &format!("the placeholder {} has no value", value.value),
            )
            .next("write the value itself")),
            Expr::Value(value) => match &value.value {
                Value::Number(text, _) => number(text, place),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// A column, with the table before it or without, and behind it fields of structs within one another.
    fn path(&self, parts: &[Ident]) -> Result<()> {
        let fields = self.scope.schema.fields();
        let of_column = |ident: &Ident| fields.iter().find(|field| *field.name() == ident.value);
        let parts = match parts {
            [table, rest @ ..] if table.value == self.qualifier => rest,
            [first, field] if self.lambdas.contains(&first.value) && of_column(first).is_none() => {
                return Err(in_brackets(first, field));
            }
            [first, ..] if of_column(first).is_none() => return self.table(first),
            _ => parts,
        };
        let [column, inner @ ..] = parts else {
            return Ok(());
        };
        self.column(column)?;
        let mut name = column;
        let mut data_type = of_column(column).map(|field| field.data_type());
        for ident in inner {
            let fields = match data_type {
                Some(DataType::Struct(fields)) => fields,
                _ => {
                    let message = format!(
                        "`{}` is no struct, so it has no `{}`",
                        name.value, ident.value
                    );
                    return Err(invalid(Place::of(ident.span), &message)
                        .next("write the column's name alone"));
                }
            };
            let Some(field) = fields.iter().find(|field| *field.name() == ident.value) else {
                let message = format!("`{}` has no field `{}`", name.value, ident.value);
                let names = fields.iter().map(|field| field.name().as_str());
                return Err(invalid(Place::of(ident.span), &message).next(nearest(
                    &ident.value,
                    names,
                    true,
                )));
            };
            name = ident;
            data_type = Some(field.data_type());
        }
        Ok(())
    }

    fn table(&self, ident: &Ident) -> Result<()> {
        if ident.value == self.qualifier {
            return Ok(());
        }
        Err(invalid(
            Place::of(ident.span),
            &format!("there is no table `{}`", ident.value),
        )
        .next(format!("the table here is `{}`", self.qualifier)))
    }

    fn column(&self, ident: &Ident) -> Result<()> {
        let fields = self.scope.schema.fields();
        if fields.iter().any(|field| *field.name() == ident.value) {
            return Ok(());
        }
        let quotes = if ident.quote_style == Some('"') {
            " (double quotes stand around names, single quotes around strings)"
        } else {
            ""
        };
        let message = format!("there is no column `{}`{quotes}", ident.value);
        let names = fields.iter().map(|field| field.name().as_str());
        Err(invalid(Place::of(ident.span), &message).next(nearest(&ident.value, names, true)))
    }

    fn function(&self, function: &Function) -> Result<()> {
        let written = function.name.to_string().replace(['`', '"'], "");
        let name = written.to_lowercase();
        let place = Place::of(function.name.span());
        if function.over.is_some() {
            return Err(unsupported(
                place,
                &format!("`{written}` with OVER"),
                WINDOW,
            ));
        }
        if matches!(function.args, FunctionArguments::Subquery(_)) {
            return Err(unsupported(place, "a subquery", SUBQUERY));
        }
        if self.scope.functions.knows(&name) {
            refuse_clauses_of_json(function, &written, place)?;
            refuse_aggregate_syntax(function, &written, place)?;
            return check_arguments(function, &written, place);
        }
        if let Some((what, instead)) = many_rows(&name) {
            return Err(unsupported(place, &format!("{what} `{written}`"), instead));
        }
        if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == name) {
            return Err(invalid(place, &format!("there is no function `{written}`"))
                .next(format!("write {ours}")));
        }
        let near = nearest(
            &name,
            self.scope
                .functions
                .names()
                .chain(elsewhere::NAMES.iter().copied()),
            false,
        );
        let near = if near.is_empty() {
            "the guide's page on SQL lists the functions".to_string()
        } else {
            near
        };
        Err(invalid(place, &format!("there is no function `{written}`")).next(near))
    }
}

/// What to write instead of `x.field` where `x` is the parameter of a lambda.
fn in_brackets(parameter: &Ident, field: &Ident) -> Error {
    let (parameter, name) = (&parameter.value, &field.value);
    let message = format!("a field of `{parameter}`, which a lambda is given, stands in brackets");
    invalid(Place::of(field.span), &message).next(format!("write {parameter}['{name}']"))
}

/// Refuses `*` as an argument, and a struct two of whose fields have one name.
fn check_arguments(function: &Function, name: &str, place: Option<Place>) -> Result<()> {
    let FunctionArguments::List(list) = &function.args else {
        return Ok(());
    };
    let is_struct = name.eq_ignore_ascii_case("named_struct");
    let mut fields = HashSet::new();
    for (number, argument) in list.args.iter().enumerate() {
        let (FunctionArg::Named { arg, .. }
        | FunctionArg::ExprNamed { arg, .. }
        | FunctionArg::Unnamed(arg)) = argument;
        let FunctionArgExpr::Expr(value) = arg else {
            let message = format!("`{name}` takes values, and * is none");
            return Err(invalid(place, &message).next("name the columns"));
        };
        if let Expr::Value(field) = value
            && let Value::SingleQuotedString(field) = &field.value
            && is_struct
            && number.is_multiple_of(2)
            && !fields.insert(field)
        {
            let message = format!("two fields of the struct are called `{field}`");
            return Err(invalid(place, &message).next("give each of them a name of its own"));
        }
    }
    Ok(())
}

/// Refuses a number that is infinite, or 0, where it is taken for a Double.
fn number(text: &str, place: Option<Place>) -> Result<()> {
    let text = text.replace('_', "");
    let Ok(double) = text.parse::<f64>() else {
        return Ok(());
    };
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.contains(|sign: char| ('1'..='9').contains(&sign));
    let what = if double.is_infinite() {
        "large"
    } else if double == 0.0 && !is_zero {
        "small"
    } else {
        return Ok(());
    };
    Err(invalid(
        place,
        &format!("the number {text} is too {what} for a Double"),
    )
    .next("write a number between 5e-324 and 1.7976931348623157e308"))
}

/// Functions of other systems, in lower case, and how they are written here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("add_months", "bought + interval '1' month"),
    ("charindex", "strpos(name, 'a')"),
    ("conv", "to_hex(id) for the hexadecimal digits of a number"),
    ("convert", "cast(id as string)"),
    ("convert_tz", "bought + interval '8' hour"),
    ("date_add", "day + interval '1' day"),
    ("date_diff", "day - date '2024-01-01' for the days between"),
    ("date_sub", "day - interval '1' day"),
    ("datediff", "day - date '2024-01-01' for the days between"),
    ("day", "extract(day from bought)"),
    ("filter", "array_filter(arraySplit(tags), x -> x <> 'a')"),
    (
        "forall",
        "not array_any_match(arraySplit(tags), x -> x <> 'a')",
    ),
    ("getdate", "now()"),
    ("hex", "to_hex(id)"),
    ("hour", "extract(hour from bought)"),
    ("iff", "if(id > 1, 'a', 'b')"),
    ("is_not_null", "name is not null"),
    ("is_null", "name is null"),
    ("isnotnull", "name is not null"),
    ("isnull", "name is null"),
    (
        "last_day",
        "date_trunc('month', day) + interval '1' month - interval '1' day",
    ),
    ("lcase", "lower(name)"),
    ("len", "length(name)"),
    ("locate", "strpos(name, 'a')"),
    ("minute", "extract(minute from bought)"),
    ("mod", "id % 2"),
    ("month", "extract(month from bought)"),
    ("pmod", "(id % 2 + 2) % 2"),
    ("second", "extract(second from bought)"),
    ("size", "cardinality(arraySplit(tags))"),
    ("split", "arraySplit(tags, ',')"),
    ("str_to_date", "to_date(name, '%Y-%m-%d')"),
    ("strlen", "length(name)"),
    ("sysdate", "now()"),
    ("timestampadd", "bought + interval '1' day"),
    (
        "timestampdiff",
        "extract(epoch from now() - bought) for the seconds between",
    ),
    ("to_number", "cast(name as decimal(10,2))"),
    ("to_str", "cast(id as string)"),
    ("to_string", "cast(id as string)"),
    (
        "transform",
        "array_transform(arraySplit(tags), x -> upper(x))",
    ),
    ("ucase", "upper(name)"),
    ("year", "extract(year from bought)"),
];

/// RETURNING and NULL ON NULL inside a call, which functions of JSON have elsewhere.
fn refuse_clauses_of_json(function: &Function, name: &str, place: Option<Place>) -> Result<()> {
    use FunctionArgumentClause::{JsonNullClause, JsonReturningClause};
    let FunctionArguments::List(list) = &function.args else {
        return Ok(());
    };
    let mut clauses = list.clauses.iter();
    if !clauses.any(|clause| matches!(clause, JsonNullClause(_) | JsonReturningClause(_))) {
        return Ok(());
    }
    Err(unsupported(
        place,
        &format!("`{name}` with RETURNING or NULL ON NULL"),
        "convert what it gives, as in cast(json_value(name, '$.a') as int)",
    ))
}

/// DISTINCT, ORDER BY and FILTER inside or behind a call mean an aggregate.
fn refuse_aggregate_syntax(function: &Function, name: &str, place: Option<Place>) -> Result<()> {
    let in_call = match &function.args {
        FunctionArguments::List(list) => {
            list.duplicate_treatment.is_some() || !list.clauses.is_empty()
        }
        _ => false,
    };
    if !in_call && function.filter.is_none() && function.within_group.is_empty() {
        return Ok(());
    }
    let what = format!("`{name}` with DISTINCT, ORDER BY or FILTER");
    let refusal: Error = unsupported(place, &what, AGGREGATE);
    Err(refusal)
}
