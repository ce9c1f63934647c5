//! The statements that are sent. Pure.

mod steady;
mod words;

use millstream_core::{Error, Result, codes};

use self::steady::{cut_at, has_chance, unsteady};
use self::words::{top, words};
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
        let (text, words) = without_end(text);
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
            // It may end with a comment, which ends with its line.
            within: can_be_within.then(|| format!("({text}\n) `{NAME}`")),
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

    /// What stands behind `from` where a part of the rows is asked for.
    fn within(&self) -> Result<&str> {
        self.within.as_deref().ok_or_else(|| {
            let message = "source.db.sql begins with `with`, and Hive takes no such query as a part of another one, so that its \
                           rows can't be split (source.db.partition.column)";
            Error::new(&codes::SOURCE_HIVE_STATEMENT, message)
                .next("make a view of it and give source.db.table, or leave source.db.partition.column out")
        })
    }

    /// Looks whether the rows can be split by the values of a column.
    ///
    /// # Errors
    /// The query can't be part of another one, or parts of it would not be of the same rows.
    pub(super) fn check_parts(&self, column: &str) -> Result<()> {
        self.within()?;
        let Some(word) = unsteady(&self.words, column) else {
            return Ok(());
        };
        let message = format!(
            "source.db.sql has `{word}`, by which its rows may be other ones each time that it is asked, so that its parts \
             (source.db.partition.column) may not be of the same ones: some could be lost, and others come twice"
        );
        Err(Error::new(&codes::SOURCE_HIVE_STATEMENT, message).next(
            "leave source.db.partition.column out, or have the query answer the same rows each time: beside `limit` and `fetch`, within the same \
             parentheses, an `order by` over columns that tell every row from every other; `rand` and `uuid` only behind `distribute by` and the \
             like, or as columns of the outermost `select` by whose names nothing else goes (`uuid() as k`)",
        ))
    }

    /// Something of the rows.
    ///
    /// # Errors
    /// The query can't be part of another one.
    pub(super) fn some(&self, what: &str, where_: &str) -> Result<String> {
        let within = self.within()?;
        Ok(match where_ {
            "" => format!("select {what} from {within}"),
            _ => format!("select {what} from {within} where {where_}"),
        })
    }

    /// Whether rows are cut off somewhere, and an order alone says which.
    pub(super) fn is_cut(&self) -> bool {
        (0..self.words.len()).any(|place| cut_at(&self.words, place).is_some())
    }

    /// Whether chance makes something of the rows, or of their order.
    pub(super) fn has_chance(&self) -> bool {
        has_chance(&self.words)
    }

    /// Whether the rows come in an order that the query asks for.
    pub(super) fn is_ordered(&self) -> bool {
        let words: Vec<&str> = top(&self.words).map(|(_, word)| word).collect();
        words.windows(2).any(|pair| pair == ["order", "by"])
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

/// A statement without the `;` behind which only comments stand, and its [`words()`].
fn without_end(text: &str) -> (&str, Vec<String>) {
    let (mut words, end) = words(text);
    let Some(end) = end else {
        return (text.trim(), words);
    };
    let before = words.iter().take_while(|word| *word != ";").count();
    let is_end = words.iter().skip(before).all(|word| word == ";");
    if !is_end {
        return (text.trim(), words);
    }
    words.truncate(before);
    (text.get(..end).unwrap_or(text).trim(), words)
}

#[cfg(test)]
mod tests;
