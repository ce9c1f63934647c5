//! The statements that are sent. Pure.

use millstream_core::{Error, Result, codes};

use super::options::What;

/// What a query is called within another one.
const NAME: &str = "millstream_rows";

/// The query whose rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    text: String,
    /// What stands behind `from` where a part of the rows is asked for.
    within: Option<String>,
    words: Vec<String>,
}

impl Statement {
    /// The query for what is asked.
    ///
    /// # Errors
    /// It is none, or more than one.
    pub(super) fn of(what: &What) -> Result<Self> {
        match what {
            What::Table(table) => {
                let table = quoted_path(table)?;
                Ok(Self {
                    text: format!("select * from {table}"),
                    within: Some(table),
                    words: Vec::new(),
                })
            }
            What::Query(text) => Self::query(text),
        }
    }

    fn query(text: &str) -> Result<Self> {
        let text = text
            .trim()
            .trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        let words = words(text);
        let wrong = |what: String| {
            Error::new(
                &codes::SOURCE_HIVE_STATEMENT,
                format!("source.db.sql {what}"),
            )
            .next("give one query: select … from …")
        };
        let first = words.iter().find(|word| *word != "(");
        match first.map(String::as_str) {
            Some("select" | "with" | "from" | "table" | "values") => {}
            Some(other) => return Err(wrong(format!("is no query: it begins with `{other}`"))),
            None => return Err(wrong("is empty".to_owned())),
        }
        // `from t insert …` and `with q as (…) insert …` begin as queries do.
        if words.iter().any(|word| word == "insert") {
            return Err(wrong("is no query: it holds `insert`".to_owned()));
        }
        if words.iter().any(|word| word == ";") {
            return Err(wrong("holds more than one statement".to_owned()));
        }
        let can_be_within = words.first().is_none_or(|word| word != "with");
        Ok(Self {
            within: can_be_within.then(|| format!("({text}) `{NAME}`")),
            text: text.to_owned(),
            words,
        })
    }

    /// All rows.
    pub(super) fn all(&self) -> &str {
        &self.text
    }

    /// No rows, but their columns, without a job on Hive's side; `None`: such a statement can't be made.
    pub(super) fn none(&self) -> Option<String> {
        let within = self.within.as_ref()?;
        Some(format!("select * from {within} limit 0"))
    }

    /// Something of the rows.
    ///
    /// # Errors
    /// The query can't be part of another one.
    pub(super) fn some(&self, what: &str, where_: &str) -> Result<String> {
        let within = self.within.as_ref().ok_or_else(|| {
            let message = "source.db.sql begins with `with`, and Hive takes no such query as a part of another one, so that its \
                           rows can't be split (source.db.partition.column)";
            Error::new(&codes::SOURCE_HIVE_STATEMENT, message)
                .next("make a view of it and give source.db.table, or leave source.db.partition.column out")
        })?;
        if !where_.is_empty() && self.top().contains(&"limit") && !self.is_ordered() {
            let message = "source.db.sql has a `limit` and no order, so that each part of its rows (source.db.partition.column) would be of \
                           other ones: some would be lost, and others come twice";
            return Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message).next(
                "leave source.db.partition.column out, or give source.db.sql an `order by` over columns that tell every row from every other",
            ));
        }
        Ok(match where_ {
            "" => format!("select {what} from {within}"),
            _ => format!("select {what} from {within} where {where_}"),
        })
    }

    /// Whether the rows come in an order that the query asks for.
    pub(super) fn is_ordered(&self) -> bool {
        let words = self.top();
        words.windows(2).any(|pair| pair == ["order", "by"])
    }

    /// The words that stand in no parentheses.
    fn top(&self) -> Vec<&str> {
        let mut depth = 0_usize;
        let words = self.words.iter().map(String::as_str);
        words
            .filter(|word| {
                match *word {
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0
            })
            .collect()
    }
}

/// A name as Hive takes any.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// `table` or `database.table`, with or without quotes of its own.
fn quoted_path(table: &str) -> Result<String> {
    let parts: Vec<String> = table
        .split('.')
        .map(|part| part.trim().trim_matches('`'))
        .map(
            |part| match part.is_empty() || part.contains(['`', ';', '\'', '"']) {
                true => None,
                false => Some(quoted(part)),
            },
        )
        .collect::<Option<_>>()
        .unwrap_or_default();
    match parts.len() {
        1..=3 => Ok(parts.join(".")),
        _ => {
            let message = format!("source.db.table `{table}` is no name of a table");
            Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message)
                .next("write table, or database.table; a query goes into source.db.sql"))
        }
    }
}

/// The words of a query in small letters, parentheses and semicolons among them: without texts, names in quotes and
/// comments.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        let is_comment = sign == '-' && rest.peek() == Some(&'-');
        let is_long_comment = sign == '/' && rest.peek() == Some(&'*');
        if sign.is_alphanumeric() || sign == '_' {
            word.extend(sign.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        match sign {
            '\'' | '"' | '`' => pass_text(&mut rest, sign),
            '(' | ')' | ';' => words.push(sign.to_string()),
            _ if is_comment => while rest.next().is_some_and(|sign| sign != '\n') {},
            _ if is_long_comment => pass_comment(&mut rest),
            _ => {}
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn pass_text(rest: &mut impl Iterator<Item = char>, quote: char) {
    while let Some(sign) = rest.next() {
        if sign == quote {
            return;
        }
        if sign == '\\' && quote != '`' {
            rest.next();
        }
    }
}

fn pass_comment(rest: &mut impl Iterator<Item = char>) {
    let mut before = ' ';
    for sign in rest {
        if before == '*' && sign == '/' {
            return;
        }
        before = sign;
    }
}

#[cfg(test)]
mod tests;
