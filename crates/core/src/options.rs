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
mod live;
mod paths;
pub mod reference;
mod server;
mod typed;
mod value;

use std::collections::BTreeMap;
use std::fmt;

pub use keys::*;
pub use live::{LiveSettings, check_live, live};
pub use paths::whole_place;
pub use server::*;
pub use typed::check_type;
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
    /// Whether it can be changed while a job runs.
    pub is_live: bool,
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
    /// Whether it can be changed while a job runs.
    pub is_live: bool,
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
            is_live: false,
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

    /// The same option, which can be changed while a job runs.
    #[must_use]
    pub const fn live(mut self) -> Self {
        self.is_live = true;
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
            is_live: self.is_live,
        }
    }

    /// Whether a setting of this key sets the option.
    pub fn is_set_by(&self, key: &str) -> bool {
        self.name == key || self.aliases.contains(&key)
    }

    /// Reads `text` as a value of this option.
    ///
    /// # Errors
    /// Names the option, the text and the expected type.
    pub fn parse(&self, text: &str) -> Result<T> {
        self.parse_as(text, text)
    }

    /// Reads `text`, which is shown as `written`.
    fn parse_as(&self, text: &str, written: &str) -> Result<T> {
        (self.parse)(text.trim()).map_err(|expected| {
            Error::new(
                &codes::OPTION_VALUE,
                format!("{} is `{written}`, which is not {expected}", self.name),
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
///
/// A value may have [references](reference) in it. It stays as it was written wherever the configuration is stored or shown;
/// what the references stand for is beside it once they are [resolved](Self::resolve), for reading the value alone.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Configuration {
    values: BTreeMap<String, String>,
    /// What counts, where that is not what was written.
    resolved: BTreeMap<String, String>,
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.values).finish()
    }
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
        let (key, value) = (key.into(), value.into());
        let key = match find(&key) {
            Some(option) => option.name.to_owned(),
            None => key,
        };
        self.resolved.remove(&key);
        // What is escaped is known without reading anything.
        if value.contains("$${") && !reference::has_references(&value) {
            let meant = reference::without_references(&value);
            self.resolved.insert(key.clone(), meant);
        }
        self.values.insert(key, value);
    }

    /// Sets `key` to what is `written` with references, and counts as `text`.
    pub fn set_resolved(
        &mut self,
        key: impl Into<String>,
        written: impl Into<String>,
        text: impl Into<String>,
    ) {
        let key = key.into();
        self.set(key.as_str(), written);
        self.resolved
            .insert(kept_under(&key).to_owned(), text.into());
    }

    /// The text that `key`, the name or an alias of an option, was set to, with what its references stand for where they are
    /// resolved.
    pub fn text(&self, key: &str) -> Option<&str> {
        let key = kept_under(key);
        let resolved = self.resolved.get(key);
        resolved
            .or_else(|| self.values.get(key))
            .map(String::as_str)
    }

    /// The text that `key`, the name or an alias of an option, was set to, with its references.
    pub fn written(&self, key: &str) -> Option<&str> {
        self.values.get(kept_under(key)).map(String::as_str)
    }

    /// Resolves the references in the settings whose keys are `wanted`, where they are not resolved yet.
    ///
    /// # Errors
    /// Something begins as a reference and is none, or what one stands for is not to be had ([`codes::REFERENCE`]).
    pub fn resolve(
        &mut self,
        wanted: impl Fn(&str) -> bool,
        read: reference::Read<'_>,
    ) -> Result<()> {
        for (key, value) in self.values.iter().filter(|(key, _)| wanted(key)) {
            if !self.resolved.contains_key(key) && reference::has_references(value) {
                let resolved = reference::resolve(key, value, read)?;
                self.resolved.insert(key.clone(), resolved);
            }
        }
        Ok(())
    }

    /// All settings as they were written, in the order of their keys, which are the options' names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The same settings as they were written, with [secrets](is_secret) shown as `******`, as Flink shows them. A reference
    /// to a secret is none.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut shown = Self::new();
        for (key, value) in self.iter() {
            let is_hidden = is_secret(key) && !reference::is_reference(value);
            shown.set(key, if is_hidden { HIDDEN } else { value });
        }
        shown
    }

    /// Takes over every setting of `other`, which wins.
    pub fn extend(&mut self, other: &Self) {
        for (key, value) in &other.values {
            self.set(key.as_str(), value.as_str());
            if let Some(resolved) = other.resolved.get(key) {
                self.resolved.insert(key.clone(), resolved.clone());
            }
        }
    }

    /// The value of `option`: what was set under its name or an alias, else its default, else `None`.
    ///
    /// # Errors
    /// The text is not a value of the option's type, or has references in it that are not [resolved](Self::resolve).
    pub fn get<T: FromOptionText>(&self, option: &ConfigOption<T>) -> Result<Option<T>> {
        if let (Some(written), Some(text)) = (self.written(option.name), self.text(option.name)) {
            if !self.resolved.contains_key(option.name) && reference::has_references(written) {
                return Err(unresolved(option.name, written));
            }
            return option.parse_as(text, written).map(Some);
        }
        option.default.map(|text| option.parse(text)).transpose()
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

    /// What to show of `value`, that of `option`, where it is refused: what was written, where that has references, never what
    /// those stand for.
    pub fn shown<T: FromOptionText>(
        &self,
        option: &ConfigOption<T>,
        value: impl fmt::Display,
    ) -> String {
        match self.written(option.name) {
            Some(written) if self.resolved.contains_key(option.name) => written.to_owned(),
            _ => value.to_string(),
        }
    }

    /// Whether `option` was set, under its name or an alias.
    pub fn is_set<T: FromOptionText>(&self, option: &ConfigOption<T>) -> bool {
        self.text(option.name).is_some()
    }
}

fn unresolved(name: &str, written: &str) -> Error {
    Error::new(
        &codes::REFERENCE,
        format!("{name} is `{written}`, and only the process that runs the job knows what that stands for"),
    )
    .next("write the value itself, or ask where the job runs")
}

#[cfg(test)]
mod tests;
