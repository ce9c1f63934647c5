//! Fields of JSON objects by their paths.

use std::collections::HashMap;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields that are wanted of an object, and of the objects in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    wanted: HashMap<String, Wanted>,
}

/// What is wanted of one field.
#[derive(Debug, Clone, Default)]
struct Wanted {
    /// The numbers of the paths that end here.
    itself: Vec<usize>,
    /// The paths that go on.
    within: Fields,
}

/// For each path its value as it is written; `None`: there is none.
pub(super) type Found<'a> = Vec<Option<&'a RawValue>>;

impl Fields {
    /// Adds path number `number`.
    pub(super) fn add(&mut self, path: &[&str], number: usize) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let wanted = self.wanted.entry((*first).to_owned()).or_default();
        if rest.is_empty() {
            wanted.itself.push(number);
        } else {
            wanted.within.add(rest, number);
        }
    }

    /// Finds the values in `text`. What is no object has no fields; of two fields with the same name the last holds.
    pub(super) fn find<'a>(&self, text: &'a str, found: &mut Found<'a>) {
        if self.wanted.is_empty() || !text.trim_ascii_start().starts_with('{') {
            return;
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let visitor = Object {
            fields: self,
            found: &mut *found,
        };
        if deserializer.deserialize_map(visitor).is_err() {
            self.forget(found);
        }
    }

    fn forget(&self, found: &mut Found<'_>) {
        for wanted in self.wanted.values() {
            wanted.forget(found);
        }
    }
}

impl Wanted {
    fn forget(&self, found: &mut Found<'_>) {
        for number in &self.itself {
            if let Some(place) = found.get_mut(*number) {
                *place = None;
            }
        }
        self.within.forget(found);
    }
}

/// The text of a value: of a text what it says, of another value as it is written; `None`: it is null.
pub(super) fn text_of(value: &RawValue) -> Option<std::borrow::Cow<'_, str>> {
    let raw = value.get();
    if raw == "null" {
        return None;
    }
    let inner = raw
        .strip_prefix('"')
        .and_then(|behind| behind.strip_suffix('"'));
    match inner {
        None => Some(raw.into()),
        Some(inner) if !inner.contains('\\') => Some(inner.into()),
        // Half a character stays as it is written.
        Some(_) => Some(serde_json::from_str(raw).map_or(raw.into(), String::into)),
    }
}

/// Notes the values of an object.
struct Object<'f, 'a> {
    fields: &'f Fields,
    found: &'f mut Found<'a>,
}

impl<'a> Visitor<'a> for Object<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name<'a>>()? {
            let Some(wanted) = self.fields.wanted.get(&*name.0) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &'a RawValue = map.next_value()?;
            wanted.forget(self.found);
            for number in &wanted.itself {
                if let Some(place) = self.found.get_mut(*number) {
                    *place = Some(value);
                }
            }
            wanted.within.find(value.get(), self.found);
        }
        Ok(())
    }
}

/// A name, copied only if it holds escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

#[cfg(test)]
mod tests;
