//! Every function is called by its own name, and everything is planned once.
//!
//! DataFusion gives a call by another name (`nvl`, `pow`, `list_append`) a name of its own, and asks twice for the type of what has
//! one: each level of such calls would take twice as long as the one within it. So would each of `map`, whose arguments it plans
//! twice to learn whether they are lists, of BETWEEN, which becomes two comparisons of the same, and of lambdas, whose bodies are asked
//! for their types by the call and for what it gives. Wholes within wholes have types as deep as they are, which all that is around
//! looks through.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use arrow::datatypes::Schema;
use datafusion_sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectNamePart, Query as Ast, Spanned, VisitMut, VisitorMut,
};
use millstream_core::{Error, Result, counted};

use super::item_type;
use crate::functions::Functions;
use crate::place::{Place, invalid};

/// Names of `coalesce` that take two values, as they do elsewhere.
const OF_TWO: &[&str] = &["ifnull", "nvl"];

/// Functions that put what they are given into an array, a map or a struct.
const MAKING: &[&str] = &["make_array", "make_map", "map", "named_struct", "struct"];

/// Arrays, structs and maps that are made within each other, at most.
const WHOLES: usize = 100;

/// BETWEENs, lambdas and calls of `map` within each other of which something is planned twice, at most.
const TWICE: usize = 8;

/// How the functions of a query are called in it.
#[derive(Debug, Default)]
pub(super) struct Called {
    /// The names by which each is called, by its own.
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Called {
    /// `error`, with the name that stands in the query where a function has only one other there.
    pub(super) fn as_written(&self, error: Error) -> Error {
        error.reworded(|text| {
            let names = self.names.iter();
            let others = names.filter(|(_, names)| names.len() == 1);
            let text = without_signatures(text).unwrap_or_else(|| text.to_owned());
            others.fold(text, |text, (own, names)| {
                names
                    .iter()
                    .fold(text, |text, name| renamed(&text, own, name))
            })
        })
    }

    fn note(&mut self, own: &str, name: &str) {
        let names = self.names.entry(own.to_owned()).or_default();
        names.insert(name.to_owned());
    }
}

/// `text` that lists what each of the ways in which a function is called would want, without that list.
fn without_signatures(text: &str) -> Option<String> {
    const TYPE: &str = "(DataType: ";
    let (before, rest) = text.split_once("Function '")?;
    let (name, rest) = rest.split_once('\'')?;
    let (_, rest) = rest.split_once(" failed to match any signature, errors: ")?;
    let given = rest.split_once(TYPE).map(|(_, given)| {
        let end = given.find(").,").unwrap_or(given.len());
        let given = given.get(..end).unwrap_or(given);
        // One parenthesis is that of the list.
        match given.matches(')').count() > given.matches('(').count() {
            true => given.strip_suffix(')').unwrap_or(given),
            false => given,
        }
    });
    Some(match given {
        Some(given) => format!("{before}`{name}` takes no {given} there"),
        None => format!("{before}`{name}` does not take what it is given"),
    })
}

/// `text` about a function in backquotes, or of which something is said, with another name of it.
fn renamed(text: &str, own: &str, name: &str) -> String {
    let text = text.replace(&format!("`{own}`"), &format!("`{name}`"));
    let text = text.replace(&format!("Function '{own}'"), &format!("Function '{name}'"));
    let text = text.replace(&format!(": {own} "), &format!(": {name} "));
    match text.strip_prefix(own) {
        Some(rest) if rest.starts_with(' ') => format!("{name}{rest}"),
        _ => text,
    }
}

/// Has `query` over a table with `schema` call `functions` by their own names.
///
/// # Errors
/// SQL_INVALID for a function of two values and for a map that are given others, and for what stands within too many others.
pub(super) fn by_own_names(
    query: &mut Ast,
    functions: &Functions,
    schema: &Schema,
) -> Result<Called> {
    let mut calls = Calls {
        functions,
        schema,
        called: Called::default(),
        lambdas: 0,
        wholes: 0,
        twice: 0,
    };
    match query.visit(&mut calls) {
        ControlFlow::Continue(()) => Ok(calls.called),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Calls<'a> {
    functions: &'a Functions,
    schema: &'a Schema,
    called: Called,
    /// How many lambdas are around.
    lambdas: usize,
    /// How many arrays, structs and maps are around.
    wholes: usize,
    /// How much is around of which something is planned twice.
    twice: usize,
}

impl VisitorMut for Calls<'_> {
    type Break = Box<Error>;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Function(call) = expr
            && let Err(error) = self.call(call)
        {
            return ControlFlow::Break(Box::new(error));
        }
        for own in of_syntax(expr) {
            self.called.note(own, own);
        }
        self.lambdas += usize::from(matches!(expr, Expr::Lambda(_)));
        self.wholes += wholes_of(expr);
        self.twice += usize::from(is_planned_twice(expr));
        if self.wholes > WHOLES || self.twice > TWICE {
            return ControlFlow::Break(Box::new(too_deep(expr)));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        self.lambdas -= usize::from(matches!(expr, Expr::Lambda(_)));
        self.wholes -= wholes_of(expr);
        self.twice -= usize::from(is_planned_twice(expr));
        ControlFlow::Continue(())
    }
}

impl Calls<'_> {
    fn call(&mut self, call: &mut Function) -> Result<()> {
        let count = match &call.args {
            FunctionArguments::List(list) => list.args.len(),
            _ => 0,
        };
        let are_lists = self.are_lists(call);
        let [ObjectNamePart::Identifier(name)] = call.name.0.as_mut_slice() else {
            return Ok(());
        };
        let given = name.value.to_lowercase();
        if given == "map" {
            if !count.is_multiple_of(2) {
                let message = format!(
                    "`map` takes keys and their values in turn, and is given {}",
                    counted(count, "argument")
                );
                return Err(invalid(Place::of(name.span), &message)
                    .next("write it like map('a', 1, 'b', 2), or map(['a', 'b'], [1, 2])"));
            }
            match (count, are_lists) {
                // What it is called without arguments for is told by the planner.
                (0, _) | (2, None) => {}
                // In capital letters the planner takes it for a function like others.
                (2, Some(true)) => *name = as_it_stands("MAP", name),
                _ => *name = as_it_stands("make_map", name),
            }
            return Ok(());
        }
        if OF_TWO.contains(&given.as_str()) && count != 2 {
            let message = format!("`{given}` takes 2 arguments, and is given {count}");
            return Err(invalid(Place::of(name.span), &message).next(format!(
                "write it like {given}(name, 'none'), or coalesce(…) for any number of values"
            )));
        }
        if let Some(own) = self.own_name(&given) {
            self.called.note(&own, &given);
            if own != given {
                *name = as_it_stands(&own, name);
            }
        }
        Ok(())
    }

    /// The name that the function has which is called `given`, in lower case.
    fn own_name(&self, given: &str) -> Option<String> {
        if let Some(function) = self.functions.scalar(given) {
            let own = function.name().to_lowercase();
            let itself = self.functions.scalar(&own);
            // Another may have taken its name.
            return itself.is_some_and(|it| it == function).then_some(own);
        }
        let function = self.functions.higher_order(given)?;
        Some(function.name().to_lowercase())
    }

    /// Whether the two arguments of a call are lists, as far as that is seen.
    fn are_lists(&self, call: &Function) -> Option<bool> {
        let FunctionArguments::List(list) = &call.args else {
            return None;
        };
        let [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(keys)),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(values)),
        ] = list.args.as_slice()
        else {
            return None;
        };
        match (self.is_list(keys), self.is_list(values)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn is_list(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::Nested(inner) => self.is_list(inner),
            Expr::Array(_) => Some(true),
            Expr::Value(_) => Some(false),
            // The parameter of a lambda may have the name of a column.
            Expr::Identifier(column) if self.lambdas == 0 => {
                let field = self.schema.field_with_name(&column.value).ok()?;
                Some(item_type(field.data_type()).is_some())
            }
            Expr::Function(_) if makes_whole(expr) => {
                Some(name_of(expr)?.value.eq_ignore_ascii_case("make_array"))
            }
            _ => None,
        }
    }
}

/// The functions of which the planner may make what is written otherwise: what is said of them need not be about a call.
fn of_syntax(expr: &Expr) -> &'static [&'static str] {
    match expr {
        Expr::BinaryOp { op, .. } => match op {
            BinaryOperator::StringConcat => &["array_append", "array_concat", "array_prepend"],
            BinaryOperator::AtArrow | BinaryOperator::ArrowAt => &["array_has_all"],
            _ => &[],
        },
        Expr::CompoundFieldAccess { .. } => &["array_element", "array_slice", "get_field"],
        Expr::Extract { .. } => &["date_part"],
        Expr::Position { .. } => &["strpos"],
        Expr::Substring { .. } => &["substr"],
        _ => &[],
    }
}

/// A name by which the planner finds a function in these letters.
fn as_it_stands(own: &str, written: &Ident) -> Ident {
    Ident {
        value: own.to_owned(),
        quote_style: Some('"'),
        span: written.span,
    }
}

/// The name of the function that is called.
fn name_of(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Function(call) => match call.name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn makes_whole(expr: &Expr) -> bool {
    matches!(expr, Expr::Array(_))
        || name_of(expr).is_some_and(|name| {
            let mut names = MAKING.iter();
            names.any(|making| name.value.eq_ignore_ascii_case(making))
        })
}

/// How many wholes within each other it makes: a map of single keys and values is made of two arrays of them.
fn wholes_of(expr: &Expr) -> usize {
    let is_of_pairs = name_of(expr).is_some_and(|name| name.value.eq_ignore_ascii_case("make_map"));
    usize::from(makes_whole(expr)) + usize::from(is_of_pairs)
}

/// Whether something of it is planned twice: it is BETWEEN, a lambda, or a `map` of which the planner is left to see what it is given.
fn is_planned_twice(expr: &Expr) -> bool {
    if matches!(expr, Expr::Between { .. } | Expr::Lambda(_)) {
        return true;
    }
    name_of(expr).is_some_and(|name| match name.quote_style {
        Some(_) => name.value == "map",
        None => name.value.eq_ignore_ascii_case("map"),
    })
}

fn too_deep(expr: &Expr) -> Error {
    let message = match expr {
        Expr::Between { .. } | Expr::Lambda(_) => format!(
            "BETWEEN and lambdas are nested too deep: {TWICE} within each other are the most, together with calls of map"
        ),
        _ => format!(
            "arrays, structs and maps are nested too deep: {WHOLES} within each other are the most, of which map('a', 1) is two, and {TWICE} calls of map over what is neither a column nor written in brackets"
        ),
    };
    invalid(Place::of(expr.span()), &message)
        .next("write fewer of them within each other, or take what they hold apart")
}
