//! JSON as Jackson reads it, which reads it for Flink: `"2"` and `2.7` are the number 2 where a whole one is wanted, `"true"` is a flag,
//! and a number or a flag a text. A blank text is no number and no flag, but `null`. An array is no object, though.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::vec::IntoIter;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// A value that is read so.
struct Lenient(Value);

/// What is said of a blank text where a number or a flag belongs. Whether that may be left away is known one level further up, by whom
/// it can't be asked for any more: so the field is taken out, and all is read again.
const BLANK: &str = "a blank text stands where a number or a flag belongs";

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong<T> {
    /// A line for each problem; where that is known, it begins with the name of the field.
    pub(super) problems: Vec<String>,
    /// What is read where the fields that are wrong are left away; `None`: nothing.
    pub(super) rest: Option<T>,
}

/// Reads a value, or tells everything that is wrong with it.
pub(super) fn read<T: DeserializeOwned>(mut value: Value) -> Result<T, Wrong<T>> {
    /// Nobody mends more at once.
    const MOST: usize = 20;
    let mut problems = Vec::new();
    let mut gone = Gone::new();
    loop {
        let error = match T::deserialize(Lenient(value.clone())) {
            Ok(read) if problems.is_empty() => return Ok(read),
            Ok(read) => {
                let rest = Some(read);
                return Err(Wrong { problems, rest });
            }
            Err(error) => error.to_string(),
        };
        let (taken_out, told) = take_out(&mut value, &error, "", &mut gone).unzip();
        let is_nothing = error.ends_with(BLANK) && taken_out.as_ref().is_some_and(is_blank);
        if is_nothing {
            continue;
        }
        let is_taken_out = taken_out.is_some();
        // What is missing may be so because it was taken out.
        if is_taken_out || problems.is_empty() {
            problems.push(told.unwrap_or(error));
        }
        if !is_taken_out || problems.len() == MOST {
            let rest = None;
            return Err(Wrong { problems, rest });
        }
    }
}

fn is_blank(value: &Value) -> bool {
    matches!(value, Value::String(text) if text.trim().is_empty())
}

/// How many elements were taken out of each list, by the place of the list. An error names an element by the place that it has then.
type Gone = BTreeMap<String, usize>;

/// Takes the field, or the element of a list, that `error` is about out of `value`, which is at `place`. Answers what was there, and the
/// error with the places that elements had when nothing was taken out yet; `None`: there is nothing of that name.
fn take_out(
    value: &mut Value,
    error: &str,
    place: &str,
    gone: &mut Gone,
) -> Option<(Value, String)> {
    match value {
        Value::Object(fields) => take_field(fields, error, place, gone),
        Value::Array(elements) => take_element(elements, error, place, gone),
        _ => None,
    }
}

fn take_field(
    fields: &mut Map<String, Value>,
    error: &str,
    place: &str,
    gone: &mut Gone,
) -> Option<(Value, String)> {
    let behind = |name: &str| {
        let rest = error.strip_prefix(&*name.escape_debug().to_string())?;
        rest.strip_prefix(": ")
    };
    let names = fields.keys().filter(|name| behind(name).is_some());
    let name = names.max_by_key(|name| name.len()).cloned()?;
    let rest = behind(&name).unwrap_or_default();
    let shown = format!("{}: ", name.escape_debug());
    let inside = fields
        .get_mut(&name)
        .and_then(|inner| take_out(inner, rest, &format!("{place}{shown}"), gone));
    let (was, told) = match inside {
        Some(inside) => inside,
        None => (fields.remove(&name)?, rest.to_owned()),
    };
    Some((was, format!("{shown}{told}")))
}

fn take_element(
    elements: &mut Vec<Value>,
    error: &str,
    place: &str,
    gone: &mut Gone,
) -> Option<(Value, String)> {
    let (index, rest) = error.strip_prefix('[')?.split_once("]: ")?;
    let index: usize = index.parse().ok()?;
    let element = elements.get_mut(index)?;
    // Elements are read in their order: all that are gone stood before this one.
    let shown = format!("[{}]: ", index + gone.get(place).copied().unwrap_or(0));
    let inside = take_out(element, rest, &format!("{place}{shown}"), gone);
    let (was, told) = match inside {
        Some(inside) => inside,
        None => {
            *gone.entry(place.to_owned()).or_default() += 1;
            (elements.remove(index), rest.to_owned())
        }
    };
    Some((was, format!("{shown}{told}")))
}

impl Lenient {
    /// The value as one of the type that is wanted, where Jackson takes it for that.
    fn number(self) -> Result<Value, Error> {
        if is_blank(&self.0) {
            return Err(Error::custom(BLANK));
        }
        Ok(match &self.0 {
            Value::String(text) => match text.trim().parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => self.0,
            },
            // What stands behind the point is cut off.
            Value::Number(number) => match number.as_f64() {
                Some(whole) if !number.is_i64() && whole.abs() < 9e15 => (whole as i64).into(),
                _ => self.0,
            },
            _ => self.0,
        })
    }

    fn flag(self) -> Result<Value, Error> {
        if is_blank(&self.0) {
            return Err(Error::custom(BLANK));
        }
        Ok(match &self.0 {
            Value::String(text) => match text.trim() {
                "true" | "True" | "TRUE" => true.into(),
                "false" | "False" | "FALSE" => false.into(),
                _ => self.0,
            },
            Value::Number(number) if number.is_i64() => (number.as_i64() != Some(0)).into(),
            _ => self.0,
        })
    }

    fn text(self) -> Value {
        match self.0 {
            Value::Number(number) => number.to_string().into(),
            Value::Bool(flag) => flag.to_string().into(),
            other => other,
        }
    }
}

macro_rules! as_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number()?.deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Error;

    as_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(values) => visitor.visit_seq(Elements(values.into_iter().enumerate())),
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.flag()?.deserialize_any(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text().deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text().deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
            Value::Array(_) => Err(Error::custom("an array stands where an object belongs")),
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any i128 u128
    }
}

/// The elements of a list. What is wrong with one is told with its place.
struct Elements(Enumerate<IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Elements {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((index, value)) = self.0.next() else {
            return Ok(None);
        };
        let element = seed.deserialize(Lenient(value)).map(Some);
        element.map_err(|error| Error::custom(format!("[{index}]: {error}")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of an object. What is wrong with one is told with its name.
struct Fields {
    rest: serde_json::map::IntoIter,
    next: Option<(String, Value)>,
}

impl Fields {
    fn of(fields: Map<String, Value>) -> Self {
        Self {
            rest: fields.into_iter(),
            next: None,
        }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        let key = seed.deserialize(Value::String(name.clone()));
        self.next = Some((name, value));
        key.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) = self.next.take().unwrap_or_default();
        seed.deserialize(Lenient(value))
            .map_err(|error| Error::custom(format!("{}: {error}", name.escape_debug())))
    }
}

#[cfg(test)]
mod tests;
