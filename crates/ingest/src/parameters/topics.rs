//! Names that no topic of Kafka can have: a broker refuses them, and clients take that for something that may pass.

use millstream_core::Error;

use super::checks::whole;
use super::definition::Parameter;
use super::given::Given;
use super::{contradiction, table};

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

/// Which parameter has the job read the topic on these brokers, if one does.
pub(super) fn read_by(given: &Given, topic: &str, brokers: &str) -> Option<&'static str> {
    let from_kafka = given.get(&table::SOURCE_TYPE)?.is_kafka();
    let is_there = from_kafka && same_brokers(&given.get(&table::SOURCE_BROKERS)?, brokers);
    let names = given.get(&table::SOURCE_TOPIC);
    if names.is_some_and(|names| names.0.iter().any(|name| name == topic)) {
        return is_there.then(|| table::SOURCE_TOPIC.name());
    }
    let pattern = given.get(&table::SOURCE_TOPIC_PATTERN)?;
    // What is no expression is told elsewhere.
    let matches = whole(&pattern).is_ok_and(|pattern| pattern.is_match(topic));
    (is_there && matches).then(|| table::SOURCE_TOPIC_PATTERN.name())
}

/// Whether two lists of brokers have one in common, as they are written.
pub(super) fn same_brokers(one: &str, other: &str) -> bool {
    let of_the_other: Vec<&str> = other.split(',').map(str::trim).collect();
    one.split(',')
        .any(|broker| of_the_other.contains(&broker.trim()))
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
    use super::{same_brokers, why_none};

    #[test]
    fn one_broker_in_common_is_enough() {
        assert!(same_brokers("a:9092,b:9092", "c:9092, b:9092"));
        assert!(!same_brokers("a:9092", "a:9093"));
    }

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
