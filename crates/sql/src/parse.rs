//! From SQL text to one parsed `SELECT`.

use datafusion_sql::sqlparser::ast::{Expr, Query as Ast, Statement};
use datafusion_sql::sqlparser::dialect::Dialect;
use datafusion_sql::sqlparser::parser::{Parser, ParserError};
use millstream_core::{Error, Result};

use crate::place::{Place, invalid, too_deep, unsupported};

/// The SQL dialect: identifiers as in Flink (case-sensitive, backquoted), also in double quotes as
/// the standard has it; strings in single quotes.
///
/// Clauses that are refused later are parsed on purpose, so that the refusal can name them.
#[derive(Debug)]
struct StreamDialect;

impl Dialect for StreamDialect {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`' || ch == '"'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }
}

/// Parses `sql` as one query; a semicolon at the end is allowed.
pub(crate) fn parse(sql: &str) -> Result<Box<Ast>> {
    let mut statements =
        Parser::parse_sql(&StreamDialect, sql).map_err(|error| syntax_error(sql, error))?;
    let statement = match (statements.pop(), statements.is_empty()) {
        (None, _) => {
            return Err(invalid(None, "the SQL is empty")
                .next("give one SELECT, for example select * from t1"));
        }
        (Some(_), false) => {
            return Err(unsupported(
                None,
                "more than one statement",
                "give one SELECT here and run one job for each of the others",
            ));
        }
        (Some(statement), true) => statement,
    };
    match statement {
        Statement::Query(query) => Ok(query),
        other => Err(not_a_query(&other)),
    }
}

/// Parses `sql` as one expression.
pub(crate) fn parse_expression(sql: &str) -> Result<Expr> {
    Parser::new(&StreamDialect)
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|error| syntax_error(sql, error))
}

fn not_a_query(statement: &Statement) -> Error {
    let text = statement.to_string();
    let verb = text.split_whitespace().next().unwrap_or("this statement");
    unsupported(
        None,
        verb,
        "give only the SELECT; the sink's parameters say where its rows go",
    )
}

fn syntax_error(sql: &str, error: ParserError) -> Error {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            return too_deep();
        }
    };
    let (message, place) = split_place(&text);
    let place = place.map(|place| at_found_token(sql, message, place));
    let message = message.replace("found: EOF", "found: the end of the SQL");
    invalid(place, &message).next("mend the SQL at this place")
}

/// Cuts the parser's ` at Line: 1, Column: 9` off its message.
fn split_place(text: &str) -> (&str, Option<Place>) {
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return (text, None);
    };
    let parsed = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Place {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        })
    });
    (message, parsed)
}

/// Where the token is that `message` names behind `found: `.
///
/// The parser sometimes gives the place of the token behind it; then the last occurrence before
/// that place is meant.
fn at_found_token(sql: &str, message: &str, place: Place) -> Place {
    let Some((_, token)) = message.rsplit_once("found: ") else {
        return place;
    };
    let line_index = usize::try_from(place.line).unwrap_or(1).saturating_sub(1);
    let Some(line) = sql.lines().nth(line_index) else {
        return place;
    };
    let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
    let here = line.char_indices().nth(column).map_or(line.len(), |c| c.0);
    let (before, after) = line.split_at(here);
    if after.starts_with(token) {
        return place;
    }
    match before.rfind(token) {
        Some(at) => Place {
            line: place.line,
            column: before.get(..at).map_or(0, |t| t.chars().count()) as u64 + 1,
        },
        None => place,
    }
}
