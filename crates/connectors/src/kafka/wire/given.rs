//! Properties by their names in librdkafka, and what is said of those that can't be heeded here.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_core::{Error, codes};

/// What is lost where transactions can't be asked about.
const LOST: &str = "what became of a transaction can't be asked then, so output could not be exactly once; use \
                    AT_LEAST_ONCE, or";

/// Properties by their names in librdkafka.
pub(super) struct Given<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Given<'a> {
    pub(super) fn new(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(settings.into_iter().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }

    /// A time in milliseconds.
    pub(super) fn time(&self, name: &str, default: Duration) -> Duration {
        let given = self.get(name).and_then(|time| time.trim().parse().ok());
        given.map_or(default, Duration::from_millis)
    }
}

/// The error of a property that this connection can't do as it says.
pub(super) fn unheeded(what: &str, instead: &str) -> Error {
    let message = format!("{what} can't be had where transactions are asked about");
    Error::new(&codes::INGEST_UNSUPPORTED, message).next(format!("{LOST} {instead}"))
}
