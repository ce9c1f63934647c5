//! Parameters of deduplication: what is wrong with them, and what they come to.

use std::time::Duration;

use millstream_core::{Error, codes};

use super::choices::SourceType;
use super::given::Given;
use super::settings::UniqueSettings;
use super::{contradiction, table};

/// A hundred years.
const LONGEST_MINUTES: u64 = 100 * 365 * 24 * 60;

/// What is wrong, if records are deduplicated.
pub(super) fn problems(given: &Given) -> Vec<Error> {
    if !is_wanted(given) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if given.origin(table::UNIQUE_KEYS.name()).is_none() {
        let message = "unique.keys is not given, with source.type kafka_deduplication";
        problems.push(
            Error::new(&codes::INGEST_PARAMETERS, message)
                .next("give the fields that tell records apart: --unique.keys <field>,…"),
        );
    }
    let name = table::UNIQUE_TTL.name();
    match given.get(&table::UNIQUE_TTL) {
        Some(0) => problems.push(contradiction(
            format!("{name} is 0, so that no record is the same as another"),
            "give a number of minutes from 1, or --source.type kafka",
        )),
        Some(minutes @ LONGEST_MINUTES..) => problems.push(contradiction(
            format!("{name} is {minutes}, which is more than a hundred years"),
            "give a number of minutes below 52560000",
        )),
        _ => {}
    }
    let names = given.get(&table::UNIQUE_KEYS).map(|names| names.0);
    for name in names.iter().flatten() {
        if name.split('.').any(str::is_empty) {
            problems.push(contradiction(
                format!("unique.keys names `{name}`, which has an empty part"),
                "name a field, or one within it as a.b",
            ));
        }
    }
    problems
}

/// The settings; `None` where a value is missing or wrong.
pub(super) fn settings(given: &Given) -> Option<Option<UniqueSettings>> {
    if !is_wanted(given) {
        return Some(None);
    }
    Some(Some(UniqueSettings {
        keys: given.get(&table::UNIQUE_KEYS)?.0,
        within: Duration::from_secs(given.get(&table::UNIQUE_TTL)?.checked_mul(60)?),
        time: given.get(&table::UNIQUE_TIME)?,
        null: given.get(&table::UNIQUE_NULL)?,
    }))
}

fn is_wanted(given: &Given) -> bool {
    given.get(&table::SOURCE_TYPE) == Some(SourceType::KafkaDeduplication)
}
