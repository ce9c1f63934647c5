//! The fields of a JSON object, as they are written.

use std::collections::HashMap;
use std::ops::Range;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{NOT_TEXT, Wrong};
use crate::files_source::FieldTable;
use crate::rows::Reason;

/// Where the fields of an object lie that are columns.
#[derive(Debug)]
pub(super) struct Fields {
    names: HashMap<String, usize>,
    /// For each name where its value lies; `None`: nowhere.
    found: Vec<Option<Range<usize>>>,
}

impl Fields {
    pub(super) fn new(names: &[String]) -> Self {
        let numbered = names.iter().cloned().zip(0..);
        Self {
            names: numbered.collect(),
            found: vec![None; names.len()],
        }
    }

    /// Forgets what was found.
    pub(super) fn clear(&mut self) {
        self.found.iter_mut().for_each(|found| *found = None);
    }

    /// Finds the fields of an object. Of two with the same name the last holds, as in most readers of JSON.
    pub(super) fn find(&mut self, value: &[u8]) -> Result<(), Wrong> {
        let text =
            std::str::from_utf8(value).map_err(|_| Wrong::value(Reason::Charset, NOT_TEXT))?;
        if text.trim_ascii().is_empty() {
            return Err(Wrong::value(
                Reason::Json,
                "an empty value instead of a JSON object",
            ));
        }
        if !text.trim_ascii_start().starts_with('{') {
            return Err(Wrong::value(Reason::Json, "no JSON object"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let visitor = Object {
            text,
            fields: &mut *self,
        };
        let read = deserializer
            .deserialize_map(visitor)
            .and_then(|()| deserializer.end());
        read.map_err(|error| {
            self.clear();
            Wrong::value(Reason::Json, format!("no JSON object: {error}"))
        })
    }

    /// Puts the value of a field into the table: texts without quotes and escapes, other values as they are written.
    pub(super) fn put(
        &self,
        field: usize,
        value: &[u8],
        table: &mut FieldTable,
    ) -> Result<(), &'static str> {
        let place = self.found.get(field).cloned().flatten();
        let Some(raw) = place.and_then(|place| value.get(place)) else {
            table.put(None);
            return Ok(());
        };
        match raw {
            b"null" => table.put(None),
            [b'"', text @ .., b'"'] if !text.contains(&b'\\') => table.put(Some(text)),
            [b'"', ..] => {
                let text: String = serde_json::from_slice(raw)
                    .map_err(|_| "a text with an escape that means no character")?;
                table.put(Some(text.as_bytes()));
            }
            other => table.put(Some(other)),
        }
        Ok(())
    }
}

/// Notes where the values of an object lie.
struct Object<'a> {
    text: &'a str,
    fields: &'a mut Fields,
}

impl<'de> Visitor<'de> for Object<'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let begin = self.text.as_ptr().addr();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let Some(number) = self.fields.names.get(&*name.0) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &RawValue = map.next_value()?;
            // It is a piece of the text.
            let start = raw.get().as_ptr().addr() - begin;
            if let Some(found) = self.fields.found.get_mut(*number) {
                *found = Some(start..start + raw.get().len());
            }
        }
        Ok(())
    }
}

/// A name, copied only if it holds escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);
