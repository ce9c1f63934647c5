//! The arguments of a job: `--name value` or `--name=value`.

use std::collections::BTreeMap;

use millstream_core::options::FromOptionText;
use millstream_core::{Error, Result, codes};

use super::EntryPoint;

/// What a job was given for its parameters.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    values: BTreeMap<String, Argument>,
}

/// A value; what its references stand for is never shown.
#[derive(Clone, Default)]
struct Argument {
    text: String,
    written: String,
}

impl std::fmt::Debug for Argument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.written.fmt(f)
    }
}

impl Arguments {
    /// Reads `given` as parameters of `entry`, with what their references stand for.
    ///
    /// # Errors
    /// A parameter is unknown, a value is missing, or what a reference stands for is not to be had.
    pub(super) fn parse(entry: &EntryPoint, given: &[String]) -> Result<Self> {
        let mut values: BTreeMap<String, Argument> = entry
            .parameters
            .iter()
            .filter_map(|parameter| {
                let text = parameter.default?.to_owned();
                let written = text.clone();
                Some((parameter.name.to_owned(), Argument { text, written }))
            })
            .collect();
        let mut given = given.iter();
        while let Some(argument) = given.next() {
            let name = argument.trim_start_matches('-');
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            if !argument.starts_with('-') || !entry.parameters.iter().any(|p| p.name == name) {
                return Err(unknown(entry, argument));
            }
            let value = value.or_else(|| given.next().cloned()).ok_or_else(|| {
                Error::new(&codes::USAGE, format!("parameter --{name} has no value"))
                    .next(format!("give --{name} VALUE"))
            })?;
            let text = millstream_process::secrets::resolve(&format!("--{name}"), &value)?;
            let written = value;
            values.insert(name.to_owned(), Argument { text, written });
        }
        Ok(Self { values })
    }

    /// What was given for `name`, or its default.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.text.as_str())
    }

    /// The value of `name`.
    ///
    /// # Errors
    /// It was not given and has no default.
    pub fn require(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| {
            Error::new(
                &codes::OPTION_CONFLICT,
                format!("parameter --{name} is missing"),
            )
            .next(format!("give --{name} VALUE; --help lists the parameters"))
        })
    }

    /// The value of `name` as a `T`.
    ///
    /// # Errors
    /// It is missing, or is not a `T`.
    pub fn parsed<T: FromOptionText>(&self, name: &str) -> Result<T> {
        let text = self.require(name)?;
        T::from_option_text(text).map_err(|expected| {
            let written = self.values.get(name).map_or(text, |value| &value.written);
            Error::new(
                &codes::OPTION_VALUE,
                format!("--{name} is `{written}`, which is not {expected}"),
            )
            .next(format!("give {}", T::TYPE_NAME))
        })
    }
}

fn unknown(entry: &EntryPoint, argument: &str) -> Error {
    let names: Vec<String> = entry
        .parameters
        .iter()
        .map(|p| format!("--{}", p.name))
        .collect();
    Error::new(
        &codes::OPTION_UNKNOWN,
        format!("{} has no parameter `{argument}`", entry.name),
    )
    .next(format!("it has {}", names.join(", ")))
}
