//! Which topics are wanted.

use millstream_core::{Error, Result, codes};
use regex::Regex;

use super::options::Topics;

/// Which topics are wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    names: Vec<String>,
    pattern: Option<Regex>,
}

impl Wanted {
    /// # Errors
    /// No topic is named, or the pattern is no regular expression.
    pub(super) fn new(topics: &Topics) -> Result<Self> {
        match topics {
            Topics::Names(names) => {
                let mut names = names.clone();
                names.sort_unstable();
                names.dedup();
                if names.is_empty() || names.iter().any(|name| !is_name(name)) {
                    let message = format!("`{}` names no topics", names.join(","));
                    return Err(Error::new(&codes::INGEST_PARAMETERS, message).next(
                        "give names of letters, digits, `.`, `_` and `-`, separated by commas",
                    ));
                }
                Ok(Self {
                    names,
                    pattern: None,
                })
            }
            Topics::Pattern(pattern) => {
                let whole = format!("^(?:{pattern})$");
                let regex = Regex::new(&whole).map_err(|error| {
                    let message = format!("`{pattern}` is no regular expression");
                    Error::new(&codes::INGEST_PARAMETERS, message)
                        .cause(error)
                        .next("correct source.kafka.topic.pattern")
                })?;
                Ok(Self {
                    names: Vec::new(),
                    pattern: Some(regex),
                })
            }
        }
    }

    pub(super) fn is_pattern(&self) -> bool {
        self.pattern.is_some()
    }

    /// What brokers are to be asked for: each name, or everything.
    pub(super) fn names(&self) -> Vec<Option<&str>> {
        match self.pattern {
            Some(_) => vec![None],
            None => self.names.iter().map(|name| Some(name.as_str())).collect(),
        }
    }

    /// Whether a topic is wanted. Kafka's own are by name only.
    pub(super) fn holds(&self, topic: &str) -> bool {
        match &self.pattern {
            Some(pattern) => !topic.starts_with("__") && pattern.is_match(topic),
            None => self.names.iter().any(|name| name == topic),
        }
    }
}

/// Whether Kafka takes this as the name of a topic.
fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=249).contains(&name.len()) && name.chars().all(legal)
}

#[cfg(test)]
mod tests;
