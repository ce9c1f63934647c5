//! The smallest part of a query that can't be planned: its place is where the mistake is.

use std::ops::ControlFlow;

use datafusion_sql::sqlparser::ast::{
    Expr, Ident, Query as Ast, SelectItem, SetExpr, Spanned, Visit, Visitor,
};
use millstream_core::{Error, codes};

use crate::place::Place;

/// Parts that are planned at most.
const TRIES: usize = 200;

/// `error` of `query` with its place: that of the smallest expression that fails alone. `plan` plans a query of
/// one expression.
pub(crate) fn located(
    error: Error,
    query: &Ast,
    plan: impl Fn(Box<Ast>) -> Result<(), Error>,
) -> Error {
    if has_place(&error) {
        return error;
    }
    let SetExpr::Select(select) = query.body.as_ref() else {
        return error;
    };
    let alone = |expr: &Expr| {
        let mut query = query.clone();
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.projection = vec![SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::with_quote('`', "x"),
            }];
            select.selection = None;
        }
        plan(Box::new(query))
    };
    let mut search = Search {
        alone: &alone,
        inside_of_good: 0,
        tries: 0,
        found: None,
    };
    let _ended = select.visit(&mut search);
    if let Some((place, found)) = search.found {
        return if has_place(&found) {
            found
        } else {
            at(place, &found)
        };
    }
    // Each part is fine: it is the condition as a whole that is none.
    let condition = select.selection.as_ref();
    match condition.and_then(|condition| Place::of(condition.span())) {
        Some(place) if error.message().starts_with("WHERE") => at(Some(place), &error),
        _ => error,
    }
}

fn has_place(error: &Error) -> bool {
    error.message().starts_with("line ")
}

fn at(place: Option<Place>, error: &Error) -> Error {
    let code = if error.code() == codes::SQL_UNSUPPORTED.id {
        &codes::SQL_UNSUPPORTED
    } else {
        &codes::SQL_INVALID
    };
    // The column is that of the search.
    let message = error.message();
    let message = message.strip_prefix("column `x`: ").unwrap_or(message);
    let message = match place {
        Some(place) => format!("{place}: {message}"),
        None => message.to_owned(),
    };
    Error::new(code, message).next(error.next_step())
}

struct Search<'a> {
    alone: &'a dyn Fn(&Expr) -> Result<(), Error>,
    /// How many levels below an expression that can be planned the walk is.
    inside_of_good: usize,
    tries: usize,
    /// The deepest that can't be planned so far.
    found: Option<(Option<Place>, Error)>,
}

impl Visitor for Search<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.inside_of_good > 0 {
            self.inside_of_good += 1;
            return ControlFlow::Continue(());
        }
        self.tries += 1;
        if self.tries > TRIES {
            return ControlFlow::Break(());
        }
        // The body of a lambda means nothing without it.
        let tried = match expr {
            Expr::Lambda(_) => Ok(()),
            expr => (self.alone)(expr),
        };
        match tried {
            Ok(()) => self.inside_of_good = 1,
            Err(error) => {
                let above = self.found.take().and_then(|(place, _)| place);
                self.found = Some((Place::of(expr.span()).or(above), error));
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        if self.inside_of_good > 0 {
            self.inside_of_good -= 1;
            return ControlFlow::Continue(());
        }
        // Its parts can be planned, and it can't.
        ControlFlow::Break(())
    }
}
