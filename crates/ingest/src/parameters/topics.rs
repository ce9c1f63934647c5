//! Names that no topic of Kafka can have: a broker refuses them, and clients take that for something that may pass.

use millstream_core::Error;

use super::contradiction;
use super::definition::Parameter;
use super::given::Given;

/// As many characters as a name may have.
const LONGEST: usize = 249;

/// What is wrong with the name that the parameter gives, if anything.
pub(super) fn wrong(given: &Given, parameter: &Parameter<String>) -> Option<Error> {
    let topic = given.get(parameter)?;
    let why = why_none(&topic)?;
    let message = given.shown(
        parameter.name(),
        &format!("{} is `{topic}`, which {why}", parameter.name()),
    );
    let next =
        "a topic of Kafka has up to 249 letters without accents, digits, and the signs . _ -";
    Some(contradiction(message, next))
}

/// Why no topic can be called so.
fn why_none(topic: &str) -> Option<&'static str> {
    let is_legal = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-');
    if topic.is_empty() {
        Some("is empty")
    } else if topic.len() > LONGEST {
        Some("is too long")
    } else if matches!(topic, "." | "..") || !topic.chars().all(is_legal) {
        Some("is no name of a topic")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::why_none;

    #[test]
    fn names_are_those_that_brokers_take() {
        for topic in ["orders", "a.b_c-1", "...", &"x".repeat(249)] {
            assert_eq!(why_none(topic), None, "{topic}");
        }
        for topic in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "\u{e9}",
            "a,b",
            &"x".repeat(250),
        ] {
            assert!(why_none(topic).is_some(), "{topic}");
        }
    }
}
