//! Rules of columns: `check.<column>`.

use millstream_core::options::FromOptionText;
use regex::Regex;

/// What values of a column have to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The column.
    pub column: String,
    /// Every one of these has to hold.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// There is a value.
    NotNull,
    /// A value is not below the first and not above the second, in the order of the column's type.
    Range(Option<String>, Option<String>),
    /// All of a value, as text, fits this regular expression.
    Pattern(String),
}

impl Rule {
    /// As it is written.
    pub fn text(&self) -> String {
        let end = |end: &Option<String>| end.clone().unwrap_or_default();
        match self {
            Self::NotNull => NOT_NULL.to_owned(),
            Self::Range(least, greatest) => format!("{RANGE}{}..{}", end(least), end(greatest)),
            Self::Pattern(pattern) => format!("{PATTERN}{pattern}"),
        }
    }
}

const NOT_NULL: &str = "not null";
const RANGE: &str = "range ";
const PATTERN: &str = "pattern ";

/// The rules of one column, as they are given: `not null; range 0..150; pattern [a-z]+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules(pub(super) Vec<Rule>);

impl FromOptionText for Rules {
    const TYPE_NAME: &'static str =
        "rules with `;` between them: not null, range LEAST..GREATEST, and last pattern EXPRESSION";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let mut rules = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(pattern) = begins(rest, PATTERN) {
                // It takes the rest: `;` may be in it.
                let pattern = pattern.trim();
                whole(pattern).map_err(|error| {
                    let error = error.to_string();
                    let line = error.lines().last().unwrap_or_default();
                    format!("a regular expression ({})", line.trim())
                })?;
                rules.push(Rule::Pattern(pattern.to_owned()));
                break;
            }
            let (rule, behind) = rest.split_once(';').unwrap_or((rest, ""));
            rules.push(rule_of(rule.trim())?);
            rest = behind.trim();
        }
        if rules.is_empty() {
            return Err(Self::TYPE_NAME.to_owned());
        }
        Ok(Self(rules))
    }
}

fn rule_of(text: &str) -> Result<Rule, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.join(" ").eq_ignore_ascii_case(NOT_NULL) {
        return Ok(Rule::NotNull);
    }
    let ends = begins(text, RANGE).and_then(|range| range.split_once(".."));
    let (least, greatest) = ends.ok_or_else(|| Rules::TYPE_NAME.to_owned())?;
    let end = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match (end(least), end(greatest)) {
        (None, None) => Err("a range with an end".to_owned()),
        (least, greatest) => Ok(Rule::Range(least, greatest)),
    }
}

/// What stands behind a word, in any case.
fn begins<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

/// The expression for the whole of a value.
pub(crate) fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

#[cfg(test)]
mod tests {
    use millstream_core::options::FromOptionText;

    use super::{Rule, Rules};

    fn rules(text: &str) -> Result<Vec<String>, String> {
        let rules = Rules::from_option_text(text)?;
        Ok(rules.0.iter().map(Rule::text).collect())
    }

    #[test]
    fn rules_follow_each_other_and_a_pattern_is_the_last() {
        let read = rules("NOT  NULL; range 0..150 ; pattern a;b|c").expect("rules");
        assert_eq!(read, ["not null", "range 0..150", "pattern a;b|c"]);
        assert_eq!(rules("range ..10").expect("a rule"), ["range ..10"]);
        assert_eq!(
            rules("range 2024-01-01..").expect("a rule"),
            ["range 2024-01-01.."]
        );
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["", "unique", "range 5", "range ..", "pattern ("] {
            assert!(rules(text).is_err(), "{text}");
        }
    }
}
