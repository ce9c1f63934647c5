//! Partitions: their values, and the names that Hive makes of them. Pure.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field};
use millstream_core::Result;
use millstream_core::type_names::type_in_words;
use millstream_hive_thrift::hive_metastore as told;

use super::lazy::Values;
use super::table::{Table, refused};
use super::{are_beside, place_of};

/// What stands for null in the name of a partition.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A partition of a table.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    /// The directory of its files.
    pub(super) directory: PathBuf,
    /// The values of the columns of partitions: one each.
    pub(super) values: Arc<[ArrayRef]>,
}

impl Partition {
    /// The partition that the metastore tells of.
    ///
    /// # Errors
    /// SOURCE_TABLE: its files can't be read with those of the table.
    pub(super) fn of(table: &Table, told: &told::Partition) -> Result<Self> {
        let values = told.values.as_deref().unwrap_or_default();
        let name = name_of(&table.keys, values);
        let refuse = |why: &str| refused(&format!("{table}: partition {name}"), why);
        let descriptor = told.sd.as_ref().ok_or_else(|| refuse("has no files"))?;
        table.check(&name, descriptor)?;
        let location = descriptor.location.as_deref().unwrap_or_default();
        let directory = place_of(location).filter(|place| are_beside(place, &table.location));
        let directory = directory.ok_or_else(|| {
            refuse(&format!(
                "lies at {location}, in another store than the table"
            ))
        })?;
        let found = values_of(&table.keys, values).map_err(|why| refuse(&why))?;
        Ok(Self {
            directory,
            values: table.as_told(&found),
        })
    }

    /// What the names of the directories above a file say, for a partition that the metastore does not know any more.
    /// `None`: they say nothing.
    pub(super) fn values_by_path(keys: &[Field], file: &Path) -> Option<Arc<[ArrayRef]>> {
        let directories: Vec<String> = file
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let texts: Option<Vec<String>> = keys
            .iter()
            .map(|key| {
                let mut pairs = directories
                    .iter()
                    .rev()
                    .filter_map(|name| name.split_once('='));
                let same = pairs.find(|(name, _)| unescaped(name).eq_ignore_ascii_case(key.name()));
                same.map(|(_, value)| unescaped(value))
            })
            .collect();
        values_of(keys, &texts?).ok().map(Into::into)
    }
}

/// The values of a partition, each of its column's type.
fn values_of(keys: &[Field], texts: &[String]) -> std::result::Result<Vec<ArrayRef>, String> {
    if keys.len() != texts.len() {
        return Err(format!(
            "has {} values for {} columns",
            texts.len(),
            keys.len()
        ));
    }
    let pairs = keys.iter().zip(texts);
    let value = pairs.map(|(key, text)| {
        let mut values = Values::new(key.data_type());
        let wanted = Some(in_full(key, text)).filter(|_| text != NULL);
        let fits = values.append(wanted.as_deref().map(str::as_bytes));
        if !fits && wanted.is_some() {
            let kind = type_in_words(key.data_type());
            return Err(format!("is of `{text}`, which is no {kind}"));
        }
        Ok(values.finish())
    });
    value.collect()
}

/// The value of a partition, of whose times Hive takes a day alone for its midnight.
fn in_full<'a>(key: &Field, text: &'a str) -> Cow<'a, str> {
    let is_day = matches!(key.data_type(), DataType::Timestamp(..)) && !text.contains(':');
    match is_day {
        true => Cow::Owned(format!("{} 00:00:00", text.trim())),
        false => Cow::Borrowed(text),
    }
}

/// The name of a partition, as Hive writes it: `dt=2024-01-01/hour=3`.
pub(super) fn name_of(keys: &[Field], values: &[String]) -> String {
    let parts = keys
        .iter()
        .zip(values)
        .map(|(key, value)| format!("{}={}", escaped(key.name()), escaped(value)));
    parts.collect::<Vec<_>>().join("/")
}

/// Signs that Hive does not write into names of directories as they are.
fn is_escaped(sign: char) -> bool {
    sign.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(sign)
}

fn escaped(text: &str) -> String {
    if text.is_empty() {
        return NULL.to_owned();
    }
    let mut name = String::with_capacity(text.len());
    for sign in text.chars() {
        match is_escaped(sign) {
            true => name.push_str(&format!("%{:02X}", u32::from(sign))),
            false => name.push(sign),
        }
    }
    name
}

/// A text out of the name of a directory. What is no escape stands for itself.
fn unescaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, behind)) = rest.split_once('%') {
        text.push_str(before);
        let code = behind.get(..2);
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                text.push(char::from(code));
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                text.push('%');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests;
