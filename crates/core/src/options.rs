//! Options: each has one definition that says its name, type, unit, default, meaning and since when
//! it exists. Parsing, help texts and documentation are made from the same definition.
//!
//! Names and meanings follow Flink's `config.yaml` where the meaning is the same.

/// Defines options, and a list of them under the name that stands first.
macro_rules! options {
    ($(#[$doc:meta])* $all:ident; $($name:ident: $type:ty = $definition:expr;)*) => {
        $(
            #[doc = concat!("See [`ConfigOption::meaning`] of `", stringify!($name), "`.")]
            pub const $name: ConfigOption<$type> = $definition;
        )*
        $(#[$doc])*
        pub const $all: &[OptionSummary] = &[$($name.summary()),*];
    };
}

mod keys;
mod server;
mod value;

use std::collections::BTreeMap;

pub use keys::*;
pub use server::*;
pub use value::{FromOptionText, MemorySize, format_duration, parse_duration};

use crate::codes;
use crate::error::{Error, Result};

/// The definition of an option whose value is a `T`.
#[derive(Debug)]
pub struct ConfigOption<T: 'static> {
    /// The key, for example `execution.checkpointing.interval`.
    pub name: &'static str,
    /// Other keys that mean the same, older ones among them.
    pub aliases: &'static [&'static str],
    /// The default as text; `None`: not set.
    pub default: Option<&'static str>,
    /// What it means, the trade-off and the recommendation.
    pub meaning: &'static str,
    /// The version that brought it.
    pub since: &'static str,
    parse: fn(&str) -> Result<T, String>,
    type_name: &'static str,
}

/// What is known of an option without its type; for help texts and documentation.
#[derive(Debug, Clone, Copy)]
pub struct OptionSummary {
    /// The key.
    pub name: &'static str,
    /// Other keys that mean the same.
    pub aliases: &'static [&'static str],
    /// The type and unit, in words.
    pub type_name: &'static str,
    /// The default as text; `None`: not set.
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
    /// The version that brought it.
    pub since: &'static str,
}

impl<T: FromOptionText> ConfigOption<T> {
    /// An option without aliases, there since 0.1.0.
    pub const fn new(
        name: &'static str,
        default: Option<&'static str>,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            aliases: &[],
            default,
            meaning,
            since: "0.1.0",
            parse: T::from_option_text,
            type_name: T::TYPE_NAME,
        }
    }

    /// The same option, also known under `aliases`.
    #[must_use]
    pub const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The definition without its type.
    pub const fn summary(&self) -> OptionSummary {
        OptionSummary {
            name: self.name,
            aliases: self.aliases,
            type_name: self.type_name,
            default: self.default,
            meaning: self.meaning,
            since: self.since,
        }
    }

    /// Reads `text` as a value of this option.
    ///
    /// # Errors
    /// Names the option, the text and the expected type.
    pub fn parse(&self, text: &str) -> Result<T> {
        (self.parse)(text.trim()).map_err(|expected| {
            Error::new(
                &codes::OPTION_VALUE,
                format!("{} is `{text}`, which is not {expected}", self.name),
            )
            .next(format!("give {}", self.type_name))
        })
    }
}

/// What is shown for a secret.
pub const HIDDEN: &str = "******";

/// Whether the value of an option or parameter of this name must not be shown: it holds a password, a token or the
/// like. Flink's `GlobalConfiguration.SENSITIVE_KEYS`, and those of Kafka's SASL settings.
pub fn is_secret(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "password",
        "passwd",
        "secret",
        "token",
        "credential",
        "private-key",
        "apikey",
        "api-key",
        "auth-params",
        "service-key",
        "basic-auth",
        "jaas",
        "fs.azure.account.key",
        "sasl.kerberos.keytab",
    ];
    let name = name.to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part))
}

/// The option that has this key, or has it among its aliases: one of a job or of the server.
pub fn find(key: &str) -> Option<&'static OptionSummary> {
    let of = |options: &'static [OptionSummary]| {
        options
            .iter()
            .find(|option| option.name == key || option.aliases.contains(&key))
    };
    of(ALL).or_else(|| of(SERVER))
}

/// The key under which a setting is kept: an option has one, by whichever of its keys it is set.
fn kept_under(key: &str) -> &str {
    find(key).map_or(key, |option| option.name)
}

/// Option values by key, as text. Later settings overwrite earlier ones, also under another key of the same option: a
/// setting is kept under the option's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Configuration {
    values: BTreeMap<String, String>,
}

impl From<BTreeMap<String, String>> for Configuration {
    /// Where one option stands under several keys, its name counts.
    fn from(values: BTreeMap<String, String>) -> Self {
        let is_name = |(key, _): &(String, String)| kept_under(key) == key;
        let (names, aliases): (Vec<_>, Vec<_>) = values.into_iter().partition(is_name);
        let mut configuration = Self::new();
        for (key, value) in aliases.into_iter().chain(names) {
            configuration.set(key, value);
        }
        configuration
    }
}

impl From<Configuration> for BTreeMap<String, String> {
    fn from(configuration: Configuration) -> Self {
        configuration.values
    }
}

impl Configuration {
    /// No settings: every option has its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key`, the name or an alias of an option, to `value`.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let key = key.into();
        let key = match find(&key) {
            Some(option) => option.name.to_owned(),
            None => key,
        };
        self.values.insert(key, value.into());
    }

    /// The text that `key`, the name or an alias of an option, was set to.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(kept_under(key)).map(String::as_str)
    }

    /// All settings in the order of their keys, which are the options' names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The same settings with [secrets](is_secret) shown as `******`, as Flink shows them.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let shown = |key: &str, value: &str| {
            let value = if is_secret(key) { HIDDEN } else { value };
            (key.to_owned(), value.to_owned())
        };
        Self {
            values: self.iter().map(|(key, value)| shown(key, value)).collect(),
        }
    }

    /// Takes over every setting of `other`, which wins.
    pub fn extend(&mut self, other: &Self) {
        self.values
            .extend(other.values.iter().map(|(k, v)| (k.clone(), v.clone())));
    }

    /// The value of `option`: what was set under its name or an alias, else its default, else `None`.
    ///
    /// # Errors
    /// The text is not a value of the option's type.
    pub fn get<T: FromOptionText>(&self, option: &ConfigOption<T>) -> Result<Option<T>> {
        self.text(option.name)
            .or(option.default)
            .map(|text| option.parse(text))
            .transpose()
    }

    /// The value of an option that has a default.
    ///
    /// # Errors
    /// The text is not a value of the option's type, or there is neither a setting nor a default.
    pub fn require<T: FromOptionText>(&self, option: &ConfigOption<T>) -> Result<T> {
        self.get(option)?.ok_or_else(|| {
            Error::new(
                &codes::OPTION_CONFLICT,
                format!("{} is not set", option.name),
            )
            .next(format!("set it to {}", option.type_name))
        })
    }

    /// Whether `option` was set, under its name or an alias.
    pub fn is_set<T: FromOptionText>(&self, option: &ConfigOption<T>) -> bool {
        self.text(option.name).is_some()
    }
}

#[cfg(test)]
mod tests;
