//! JSON as Jackson reads it, which reads it for Flink: `"2"` and `2.7` are the number 2 where a whole one is wanted, `"true"` is a flag,
//! and a number or a flag a text. A blank text is no number and no flag, but `null`. An array is no object, though.

use serde::de::value::SeqDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    Visitor,
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
    loop {
        let error = match T::deserialize(Lenient(value.clone())) {
            Ok(read) if problems.is_empty() => return Ok(read),
            Ok(read) => {
                let rest = Some(read);
                return Err(Wrong { problems, rest });
            }
            Err(error) => error.to_string(),
        };
        let taken_out = take_out(&mut value, &error);
        let is_nothing = error.ends_with(BLANK) && taken_out.as_ref().is_some_and(is_blank);
        if is_nothing {
            continue;
        }
        let is_taken_out = taken_out.is_some();
        // What is missing may be so because it was taken out.
        if is_taken_out || problems.is_empty() {
            problems.push(error);
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

/// Takes the field that `error` is about out of `value`; answers what was there; `None`: there is no such field.
fn take_out(value: &mut Value, error: &str) -> Option<Value> {
    let Value::Object(fields) = value else {
        return None;
    };
    let behind = |name: &str| {
        let rest = error.strip_prefix(&*name.escape_debug().to_string())?;
        rest.strip_prefix(": ")
    };
    let names = fields.keys().filter(|name| behind(name).is_some());
    let name = names.max_by_key(|name| name.len()).cloned()?;
    let rest = behind(&name).unwrap_or_default().to_owned();
    let inside = fields
        .get_mut(&name)
        .and_then(|inner| take_out(inner, &rest));
    inside.or_else(|| fields.remove(&name))
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
            Value::Array(values) => {
                let values = values.into_iter().map(Lenient);
                SeqDeserializer::new(values).deserialize_any(visitor)
            }
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

impl IntoDeserializer<'_, Error> for Lenient {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
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
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Wanted {
        number: Option<i64>,
        flag: bool,
        text: Option<String>,
        list: Vec<String>,
        map: BTreeMap<String, String>,
        inner: Option<Box<Wanted>>,
    }

    fn read(value: Value) -> Result<Wanted, Vec<String>> {
        super::read(value).map_err(|wrong| wrong.problems)
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let given = json!({
            "number": "x", "flag": "maybe", "text": {}, "list": ["a"],
            "inner": {"number": [], "text": "well", "flag": "often"}, "map": {"a: b": [], "a": []},
        });
        let problems = read(given).expect_err("much is wrong");
        let mut told: Vec<_> = problems
            .iter()
            .filter_map(|problem| problem.split_once(": invalid type"))
            .map(|(field, _)| field)
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                "flag",
                "inner: flag",
                "inner: number",
                "map: a",
                "map: a: b",
                "number",
                "text"
            ],
            "{problems:?}"
        );
    }

    #[test]
    fn what_jackson_coerces_is_taken() {
        let given = json!({
            "number": "2", "flag": "true", "text": 5, "list": [1, true, "a"], "map": {"a": 1, "b": false},
            "inner": {"number": 2.7, "flag": 0, "text": true}, "nope": [{}],
        });
        let read = read(given).expect("all of it");
        let expected = Wanted {
            number: Some(2),
            flag: true,
            text: Some("5".to_owned()),
            list: ["1", "true", "a"].map(str::to_owned).into(),
            map: [("a", "1"), ("b", "false")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            inner: Some(Box::new(Wanted {
                number: Some(2),
                text: Some("true".to_owned()),
                ..Wanted::default()
            })),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_blank_text_is_no_number_and_no_flag_but_nothing() {
        let given =
            json!({"number": "", "flag": " ", "text": "", "inner": {"number": "\t", "text": " "}});
        let read = read(given).expect("it may be left away");
        let expected = Wanted {
            text: Some(String::new()),
            inner: Some(Box::new(Wanted {
                text: Some(" ".to_owned()),
                ..Wanted::default()
            })),
            ..Wanted::default()
        };
        assert_eq!(read, expected);
        let wrong = super::read::<Wanted>(json!({"number": "", "flag": "often", "text": "t"}));
        let wrong = wrong.expect_err("a flag");
        assert!(
            matches!(wrong.problems.as_slice(), [one] if one.starts_with("flag: ")),
            "{wrong:?}"
        );
        let rest = wrong.rest.expect("the rest is read");
        assert_eq!(rest.text.as_deref(), Some("t"));
    }

    #[test]
    fn a_blank_text_is_none_of_several_names() {
        #[derive(Debug, PartialEq, Deserialize)]
        enum Mode {
            Claim,
        }
        #[derive(Debug, Deserialize)]
        struct Chosen {
            mode: Option<Mode>,
        }
        let read = super::read::<Chosen>(json!({"mode": "Claim"}));
        assert_eq!(read.expect("one of them").mode, Some(Mode::Claim));
        super::read::<Chosen>(json!({"mode": ""})).expect_err("Jackson refuses it, too");
    }

    #[test]
    fn what_stands_behind_the_point_is_cut_off() {
        for (given, expected) in [(2.0, 2), (2.7, 2), (-2.7, -2), (0.9, 0), (1e3, 1000)] {
            let read = read(json!({"number": given})).expect("a number");
            assert_eq!(read.number, Some(expected), "{given}");
        }
        // As a text it is no whole number, for Jackson neither.
        assert!(read(json!({"number": "2.7"})).is_err());
    }

    #[test]
    fn what_means_nothing_is_refused_with_its_name() {
        for (given, expected) in [
            (json!([]), "an array stands where an object belongs"),
            (json!("text"), "invalid type: string"),
            (
                json!({"inner": []}),
                "inner: an array stands where an object belongs",
            ),
            (json!({"number": "two"}), "number: invalid type: string"),
            (
                json!({"number": 1e40}),
                "number: invalid type: floating point",
            ),
            (json!({"number": true}), "number: invalid type: boolean"),
            (json!({"flag": "often"}), "flag: invalid type: string"),
            (json!({"list": {"a": 1}}), "list: invalid type: map"),
            (json!({"text": [1]}), "text: invalid type: sequence"),
            (json!({"map": {"a": [1]}}), "map: a: invalid type: sequence"),
        ] {
            let problems = read(given).expect_err(expected);
            let [error] = problems.as_slice() else {
                panic!("{problems:?}");
            };
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
