//! Settings that can be changed while a job runs.

use std::time::Duration;

use super::{
    ALL, CHECKPOINT_INTERVAL, Configuration, OptionSummary, RATE_LIMIT_BYTES, RATE_LIMIT_RECORDS,
    find,
};
use crate::codes;
use crate::error::{Error, Result};

/// The options that can be changed while a job runs.
pub fn live() -> impl Iterator<Item = &'static OptionSummary> {
    ALL.iter().filter(|option| option.is_live)
}

/// Whether `key`, the name or an alias of an option, can be set to `value` while a job runs; the option.
///
/// # Errors
/// There is no such option ([`codes::OPTION_UNKNOWN`]), it can't be changed then ([`codes::OPTION_CONFLICT`]), or the value is
/// none of its values.
pub fn check_live(key: &str, value: &str) -> Result<&'static OptionSummary> {
    let Some(option) = find(key) else {
        return Err(Error::new(
            &codes::OPTION_UNKNOWN,
            format!("{key} is no option"),
        ));
    };
    let mut configuration = Configuration::new();
    configuration.set(key, value);
    if !option.is_live {
        let names: Vec<&str> = live().map(|option| option.name).collect();
        let message = format!("{} can't be changed while a job runs", option.name);
        return Err(Error::new(&codes::OPTION_CONFLICT, message).next(format!(
            "restart the job with it (`millstream restart`); what can be changed is {}",
            names.join(", ")
        )));
    }
    LiveSettings::of(&configuration)?;
    Ok(option)
}

/// The settings that can be changed while a job runs; `None`: it is not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveSettings {
    /// The time between the starts of two checkpoints.
    pub checkpoint_interval: Option<Duration>,
    /// Records in a second; 0: no limit.
    pub records: Option<u64>,
    /// Bytes in a second; 0: no limit.
    pub bytes: Option<u64>,
}

impl LiveSettings {
    /// Those that are set in `configuration`, without defaults.
    ///
    /// # Errors
    /// A value does not fit its type.
    pub fn of(configuration: &Configuration) -> Result<Self> {
        let mut settings = Self::default();
        if configuration.is_set(&CHECKPOINT_INTERVAL) {
            settings.checkpoint_interval = configuration.get(&CHECKPOINT_INTERVAL)?;
        }
        if configuration.is_set(&RATE_LIMIT_RECORDS) {
            settings.records = configuration.get(&RATE_LIMIT_RECORDS)?;
        }
        if configuration.is_set(&RATE_LIMIT_BYTES) {
            settings.bytes = configuration.get(&RATE_LIMIT_BYTES)?.map(|size| size.0);
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_changed_is_named_with_what_can() {
        let error = |key, value| {
            let error = check_live(key, value).expect_err(key);
            (error.code().to_owned(), error.to_string())
        };
        assert_eq!(
            check_live("rate.limit.bytes", "10 mb").expect("live").name,
            "rate.limit.bytes"
        );
        let (code, text) = error("parallelism.default", "4");
        assert_eq!(code, codes::OPTION_CONFLICT.id);
        assert!(text.contains("rate.limit.records"), "{text}");
        assert_eq!(error("rate.limit", "4").0, codes::OPTION_UNKNOWN.id);
        let (code, text) = error("rate.limit.records", "many");
        assert_eq!(code, codes::OPTION_VALUE.id);
        assert!(text.contains("rate.limit.records is `many`"), "{text}");
    }

    #[test]
    fn what_is_not_set_stays_as_it_is() {
        let mut configuration = Configuration::new();
        configuration.set("execution.checkpointing.interval", "5 s");
        let settings = LiveSettings::of(&configuration).expect("read");
        assert_eq!(settings.checkpoint_interval, Some(Duration::from_secs(5)));
        assert_eq!((settings.records, settings.bytes), (None, None));
    }
}
