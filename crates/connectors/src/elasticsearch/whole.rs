//! Records that are one JSON object each, of which nobody has said what columns they have: their objects are the documents, and
//! of their fields those are looked for that name a document. Pure.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ids::NoId;
use super::options::{EsOptions, SyncType};
use super::pattern::IndexPattern;
use crate::rows::json_texts;

/// What documents are named by: the columns of the rows, or fields of records that are objects.
pub(super) struct Naming {
    /// The columns, or the fields that are wanted, as texts.
    pub(super) named: RecordBatch,
    /// Whether the records are objects as they came.
    pub(super) is_whole: bool,
    /// Records that can be no documents, by their rows; empty: all can be.
    unfit: Vec<Option<NoId>>,
}

impl Naming {
    /// What the rows of a batch are named by.
    ///
    /// # Errors
    /// Fields can't be taken out, in words.
    pub(super) fn of(batch: &RecordBatch, options: &EsOptions) -> Result<Self, String> {
        let Some(texts) = json_texts(batch) else {
            return Ok(Self {
                named: batch.clone(),
                is_whole: false,
                unfit: Vec::new(),
            });
        };
        let mut names: Vec<&str> = options.id.iter().map(String::as_str).collect();
        names.extend(options.index.columns());
        names.sort_unstable();
        names.dedup();
        let writes_version = options.version.is_some() && options.sync != SyncType::Finite;
        let object = Object {
            names: &names,
            taken: writes_version.then_some(options.version_column.as_str()),
        };
        let mut columns = vec![Vec::with_capacity(texts.len()); names.len()];
        let mut unfit = Vec::with_capacity(texts.len());
        for text in texts {
            let read = object.read(text);
            let (fields, why) = match read {
                Ok(fields) => (fields, None),
                Err(why) => (vec![None; names.len()], Some(why)),
            };
            for (column, field) in columns.iter_mut().zip(fields) {
                column.push(field);
            }
            unfit.push(why);
        }
        let fields = names
            .iter()
            .map(|name| Field::new(*name, DataType::Utf8, true));
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let columns = columns
            .into_iter()
            .map(|column| Arc::new(StringArray::from_iter(column)) as ArrayRef);
        let rows = RecordBatchOptions::new().with_row_count(Some(texts.len()));
        let named = RecordBatch::try_new_with_options(Arc::new(schema), columns.collect(), &rows);
        Ok(Self {
            named: named.map_err(|error| error.to_string())?,
            is_whole: true,
            unfit,
        })
    }

    /// Why a record can be no document.
    pub(super) fn why_not(&self, row: usize) -> Option<&NoId> {
        self.unfit.get(row)?.as_ref()
    }
}

/// Whether the indices of records without a schema can be told: a field that is a date to nobody can't be written as one.
///
/// # Errors
/// They can't, in words.
pub(super) fn check_index(index: &IndexPattern) -> Result<(), String> {
    match index.dates().next() {
        None => Ok(()),
        Some(name) => Err(format!(
            "sink.es.index writes {name} as a date, and records without a schema have no dates"
        )),
    }
}

/// The fields that are wanted of an object.
#[derive(Clone, Copy)]
struct Object<'n> {
    names: &'n [&'n str],
    /// A field that no record may have.
    taken: Option<&'n str>,
}

/// The texts of the fields that are wanted.
type Fields<'a> = Vec<Option<Cow<'a, str>>>;

impl Object<'_> {
    fn read<'a>(&self, text: Option<&'a str>) -> Result<Fields<'a>, NoId> {
        let of_record = |why: &str| NoId {
            column: None,
            why: why.to_owned(),
        };
        let text = text.ok_or_else(|| of_record("it has no value, and a document is an object"))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(*self);
        let values = read.and_then(|values| json.end().map(|()| values));
        let values =
            values.map_err(|error| of_record(&format!("it is no JSON object: {error}")))?;
        if let Some(taken) = self.taken.filter(|_| values.is_taken) {
            return Err(NoId {
                column: Some(taken.to_owned()),
                why: "the record has this field, and the version of the document is written to it"
                    .to_owned(),
            });
        }
        let fields = self.names.iter().zip(values.found);
        let texts = fields.map(|(name, value)| {
            value.map_or(Ok(None), |value| {
                text_of(value).ok_or_else(|| NoId {
                    column: Some((*name).to_owned()),
                    why: "it is an object or an array, and names the document".to_owned(),
                })
            })
        });
        texts.collect()
    }
}

/// The text of a value: of a text what it says, of a number or a boolean what is written; none of null. `None`: it has parts.
fn text_of(value: &RawValue) -> Option<Option<Cow<'_, str>>> {
    let raw = value.get();
    match raw.as_bytes().first() {
        Some(b'{' | b'[') => None,
        Some(b'n') => Some(None),
        // Half a character stays as it is written.
        Some(b'"') => Some(Some(
            serde_json::from_str::<String>(raw).map_or(raw.into(), Cow::Owned),
        )),
        _ => Some(Some(raw.into())),
    }
}

/// What an object has of what is asked for; of two fields of one name the last counts.
struct Values<'a> {
    found: Vec<Option<&'a RawValue>>,
    is_taken: bool,
}

impl<'a> Visitor<'a> for Object<'_> {
    type Value = Values<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Values<'a>, A::Error> {
        let mut values = Values {
            found: vec![None; self.names.len()],
            is_taken: false,
        };
        while let Some(Name(name)) = map.next_key::<Name<'a>>()? {
            values.is_taken |= self.taken == Some(&*name);
            let place = self.names.iter().position(|wanted| *wanted == name);
            match place.and_then(|place| values.found.get_mut(place)) {
                Some(found) => *found = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// A name, copied only if it holds escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
