//! Which patterns text is read by, and what is said of others.

use std::collections::HashMap;

use chrono::format::{Item as Strftime, StrftimeItems};
use datafusion_common::{DataFusionError, Result, exec_datafusion_err, exec_err};

use super::check_fields;
use super::format::{Format, each_form, has_sections};
use crate::functions::mixed_pattern::mixed;
use crate::functions::pattern::{Item, is_strftime, java, postgres, strftime};

/// Refuses a pattern that strftime does not have.
pub(in crate::functions) fn check_strftime(pattern: &str) -> Result<()> {
    if StrftimeItems::new(pattern).any(|item| matches!(item, Strftime::Error)) {
        return exec_err!("`{pattern}` is no pattern of strftime");
    }
    if let Some((run, same)) = mixed(pattern) {
        return exec_err!(
            "the pattern `{pattern}` is one of strftime because of its percent signs, in which `{run}` means itself; write `{same}`"
        );
    }
    Ok(())
}

/// How many bytes a pattern has at most by which text is read: whoever names each part of a time needs fewer.
pub(crate) const LONGEST: usize = 1_000;

/// Refuses a pattern that is too long to be looked at.
fn check_length(pattern: &str) -> Result<()> {
    const SHOWN: usize = 40;
    if pattern.len() <= LONGEST {
        return Ok(());
    }
    let shown: String = pattern.chars().take(SHOWN).collect();
    exec_err!(
        "the pattern `{shown}…` has {} bytes, and one by which text is read has at most {LONGEST}",
        pattern.len()
    )
}

/// Refuses a pattern by which nothing can be read, and says how to write it.
pub(crate) fn check_reading(pattern: &str) -> Result<()> {
    check_length(pattern)?;
    if is_strftime(pattern) {
        return check_strftime(pattern);
    }
    match Format::of(pattern) {
        Ok(_) => Ok(()),
        Err(_) => Err(unread(pattern, "strftime or Java, which are")),
    }
}

/// Refuses a pattern that is none of strftime, where no other is read.
pub(crate) fn check_reading_strftime(pattern: &str) -> Result<()> {
    if is_strftime(pattern) {
        return check_strftime(pattern);
    }
    Err(unread(pattern, "strftime, which is"))
}

/// What to say of a pattern that is none of `those` that are read.
fn unread(pattern: &str, those: &str) -> DataFusionError {
    // Few letters mean something else in the two dialects, and those are told apart by their case.
    let has_minutes = pattern.to_lowercase().contains("mi");
    let is_java = !has_minutes && (pattern.contains("mm") || pattern.contains("yy"));
    let items = if is_java {
        java(pattern)
    } else {
        postgres(pattern).or_else(|_| java(pattern))
    };
    let items = match items {
        Err(why) if is_java => return exec_datafusion_err!("the pattern `{pattern}`: {why}"),
        items => items.unwrap_or_default(),
    };
    if items.iter().all(Item::is_plain) {
        return exec_datafusion_err!(
            "`{pattern}` is no pattern of {those} read here; write one such as `%Y-%m-%d`"
        );
    }
    if has_sections(&items) {
        return exec_datafusion_err!("the pattern `{pattern}`: {}", each_form(pattern, &items));
    }
    match strftime(&items) {
        Some(same) => {
            exec_datafusion_err!("`{pattern}` is no pattern of {those} read here; write `{same}`")
        }
        None if is_java && Format::of(pattern).is_err() => {
            exec_datafusion_err!("the pattern `{pattern}`: it can be written, but not read")
        }
        None => exec_datafusion_err!("`{pattern}` is no pattern of {those} read here"),
    }
}

/// The formats of the patterns that a batch brings, each of which is made once.
#[derive(Default)]
pub(in crate::functions) struct Formats<'a> {
    known: HashMap<&'a str, Result<Format>>,
}

impl<'a> Formats<'a> {
    /// How many are kept.
    const MOST: usize = 1_000;

    /// What a pattern reads, by the rules for one that stands in the SQL; one of strftime may leave parts out, if the text
    /// says enough.
    pub(in crate::functions) fn of(&mut self, pattern: &'a str) -> &Result<Format> {
        if self.known.len() >= Self::MOST && !self.known.contains_key(pattern) {
            self.known.clear();
        }
        self.known
            .entry(pattern)
            .or_insert_with(|| readable(pattern))
    }
}

fn readable(pattern: &str) -> Result<Format> {
    check_reading(pattern)?;
    if !is_strftime(pattern) {
        check_fields(pattern)?;
    }
    Format::of(pattern).map_err(|why| exec_datafusion_err!("the pattern `{pattern}`: {why}"))
}
