//! What stands at the end of a path in a JSON text.
//!
//! The values of one level after the other are read over. So neither an array of millions of elements nor one within millions of
//! others takes more than the place of the value that is looked for.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::path::Step;

/// The value, as it is written. Of two fields of one name the last holds. None where nothing stands there, or where the text is no
/// JSON.
pub(super) fn look<'a>(text: &'a str, path: &[Step]) -> Option<&'a RawValue> {
    let mut value: &'a RawValue = serde_json::from_str(text).ok()?;
    for step in path {
        let mut within = serde_json::Deserializer::from_str(value.get());
        value = match step {
            Step::Field(name) => within.deserialize_map(Named(name)),
            Step::Element(number) => within.deserialize_seq(Numbered(*number)),
        }
        .ok()??;
    }
    Some(value)
}

/// Looks for the field of that name.
struct Named<'n>(&'n str);

impl<'a> Visitor<'a> for Named<'_> {
    type Value = Option<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = fields.next_key_seed(IsNamed(self.0))? {
            if is_it {
                found = Some(fields.next_value()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Tells whether a field has that name.
struct IsNamed<'n>(&'n str);

impl<'a> DeserializeSeed<'a> for IsNamed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, name: D) -> Result<bool, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for IsNamed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// Looks for the element of that number, counted from 0.
struct Numbered(usize);

impl<'a> Visitor<'a> for Numbered {
    type Value = Option<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        for _ in 0..self.0 {
            if elements.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = elements.next_element()?;
        // An array of which not all is read counts as damaged.
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}
