//! From SQL text to one parsed `SELECT`.

use datafusion_sql::sqlparser::ast::{Expr, Query as Ast, Statement};
use datafusion_sql::sqlparser::dialect::Dialect;
use datafusion_sql::sqlparser::keywords::Keyword;
use datafusion_sql::sqlparser::parser::{Parser, ParserError};
use datafusion_sql::sqlparser::tokenizer::{Token, Tokenizer};
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

    /// Words that are no name even where what they begin is wrong: the parser would read all of it once more for each.
    fn is_reserved_for_identifier(&self, word: Keyword) -> bool {
        const BEGIN: &[Keyword] = &[
            Keyword::CASE,
            Keyword::EXISTS,
            Keyword::INTERVAL,
            Keyword::NOT,
            Keyword::STRUCT,
            Keyword::TRIM,
        ];
        BEGIN.contains(&word)
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
    let mut statements = parser(sql)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| syntax_error(sql, error))?;
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
        other => Err(not_a_query(sql, &other)),
    }
}

/// Parses `sql` as one expression.
pub(crate) fn parse_expression(sql: &str) -> Result<Expr> {
    parser(sql)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|error| syntax_error(sql, error))
}

/// Levels of an expression that are read and planned. Chains of other operators than those that are regrouped are as deep as they
/// are long.
pub(crate) const LEVELS: usize = 600;

/// Calls within each other that the parser makes: several for each level of an expression.
const CALLS: usize = 4 * LEVELS;

/// The parser at the start of `sql`, if its parentheses are not too deep: where the parser gives up within them it begins
/// anew for each.
fn parser(sql: &str) -> Result<Parser<'static>, ParserError> {
    let parser = Parser::new(&StreamDialect).with_recursion_limit(CALLS);
    let tokens = Tokenizer::new(&StreamDialect, sql).tokenize_with_location()?;
    let (mut open, mut deepest) = (0_usize, 0);
    for token in &tokens {
        match token.token {
            Token::LParen | Token::LBracket => open += 1,
            Token::RParen | Token::RBracket => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    if deepest > LEVELS {
        return Err(ParserError::RecursionLimitExceeded);
    }
    Ok(parser.with_tokens_with_locations(tokens))
}

fn not_a_query(sql: &str, statement: &Statement) -> Error {
    let text = statement.to_string();
    let verb = text.split_whitespace().next().unwrap_or("this statement");
    unsupported(
        first_word(sql),
        verb,
        "give only the SELECT; the sink's parameters say where its rows go",
    )
}

/// Where the SQL begins.
fn first_word(sql: &str) -> Option<Place> {
    let tokens = Tokenizer::new(&StreamDialect, sql)
        .tokenize_with_location()
        .ok()?;
    let first = tokens
        .iter()
        .find(|token| !matches!(token.token, Token::Whitespace(_)))?;
    Place::of(first.span)
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
    if lacks_an_end(sql) {
        return invalid(None, "a CASE has no END").next("write case when … then … else … end");
    }
    let (message, next) = in_plain_words(message);
    let place = place.or_else(|| end_of(sql));
    invalid(place, &message).next(next)
}

/// Whether there are fewer END than CASE: the parser takes CASE for a name then.
fn lacks_an_end(sql: &str) -> bool {
    let Ok(tokens) = Tokenizer::new(&StreamDialect, sql).tokenize() else {
        return false;
    };
    let count = |word: Keyword| {
        let words = tokens.iter().filter(
            |token| matches!(token, Token::Word(found) if found.keyword == word && found.quote_style.is_none()),
        );
        words.count()
    };
    count(Keyword::CASE) > count(Keyword::END)
}

/// The place behind the last character.
fn end_of(sql: &str) -> Option<Place> {
    let line = sql.lines().last()?;
    Some(Place {
        line: sql.lines().count() as u64,
        column: line.trim_end().chars().count() as u64 + 1,
    })
}

/// What the parser says, in plain words, and what to do next.
fn in_plain_words(message: &str) -> (String, &'static str) {
    const MEND: &str = "mend the SQL at this place";
    let message = message.trim_end_matches('.');
    let found = |token: &str| match token {
        "EOF" => "the end of the SQL".to_owned(),
        token => format!("`{token}`"),
    };
    if message == "Unterminated string literal" {
        return (
            "the text that begins here has no quote at its end".to_owned(),
            "write ' behind it, and '' for a quote within it",
        );
    }
    if let Some(rest) = message.strip_prefix("Expected close delimiter '") {
        let quote = rest.chars().next().unwrap_or('"');
        let message = format!("the name that begins here has no {quote} at its end");
        return (message, MEND);
    }
    if message.contains("multi-line comment") {
        return ("a comment has no end".to_owned(), "write */ behind it");
    }
    if let Some(token) = message.strip_prefix("No infix parser for token") {
        return match token.to_lowercase().contains("value: \"div\"") {
            true => (
                "there is no operator div".to_owned(),
                "write id / 2: a whole number divided by another gives a whole number",
            ),
            false => (
                "this sign is no operator".to_owned(),
                "use one of those that the guide's page on SQL lists",
            ),
        };
    }
    let Some((wanted, token)) = message
        .strip_prefix("Expected")
        .and_then(|rest| rest.trim_start_matches(':').trim().split_once(", found: "))
    else {
        return (message.to_owned(), MEND);
    };
    let token = found(token);
    match wanted {
        "end of statement" => (
            format!("{token} was not expected here"),
            "a comma, an operator or a quote may be missing before it; a name that is a word of SQL stands in backquotes",
        ),
        "an expression" => (format!("an expression is missing before {token}"), MEND),
        "an SQL statement" => (
            format!("{token} begins no statement"),
            "give one SELECT, for example select * from t1",
        ),
        ")" if ["`default`", "`error`", "`null`"].contains(&token.to_lowercase().as_str()) => (
            format!("{wanted} is missing before {token}"),
            "what json_value does not find is null: write coalesce(json_value(name, '$.a'), 'x') for something else",
        ),
        "SELECT, VALUES, or a subquery in the query body" => (
            format!("a query is expected before {token}, and none is offered here"),
            "write array_any_match(arraySplit(tags), x -> x = 'a') for what is so of an item of an array",
        ),
        sign if sign.chars().all(|sign| sign.is_ascii_punctuation()) => {
            (format!("{sign} is missing before {token}"), MEND)
        }
        "identifier" => (format!("a name is missing before {token}"), MEND),
        wanted => (format!("{wanted} is expected before {token}"), MEND),
    }
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
