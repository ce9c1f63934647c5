//! The keys of rows, and their fingerprints.
//!
//! A fingerprint is the first half of the BLAKE3 hash of the key's values, each with its length: no two keys that occur
//! have the same, and who writes records can't make one that another is taken for.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use millstream::Fingerprint;
use millstream_connectors::kafka::ENVELOPE;
use millstream_connectors::rows::is_json;
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};

use super::fields::{Fields, Found, text_of};
use super::texts::{self, Texts, is_comparable};
use crate::parameters::{UniqueNull, UniqueSettings};

/// Where the value of a key lies.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The number of the column.
    column: usize,
    /// The path within the JSON text of the column; empty: the column is it.
    path: Vec<String>,
}

/// Reads the keys of rows with one schema.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Keys {
    /// For each key, in the order in which they are given.
    places: Vec<Place>,
    /// For each column in which there are paths what is looked for, by the numbers of keys.
    paths: Vec<(usize, Fields)>,
    null: UniqueNull,
}

/// The columns of `schema` that hold the keys, each once, ascending.
///
/// # Errors
/// One is not there.
pub(in crate::pipeline) fn columns_of(
    settings: &UniqueSettings,
    schema: &Schema,
) -> Result<Vec<usize>> {
    let places = settings.keys.iter().map(|key| place(key, schema));
    let places: Vec<Place> = places.collect::<Result<_>>()?;
    let mut columns: Vec<usize> = places.iter().map(|place| place.column).collect();
    columns.sort_unstable();
    columns.dedup();
    Ok(columns)
}

impl Keys {
    /// The keys in rows of `schema`.
    ///
    /// # Errors
    /// One is not there, or of a type that can't be compared.
    pub(in crate::pipeline) fn new(settings: &UniqueSettings, schema: &Schema) -> Result<Self> {
        let places = settings.keys.iter().map(|key| place(key, schema));
        Ok(Self::at(places.collect::<Result<_>>()?, settings.null))
    }

    /// The keys in records that are one JSON object each, of whose fields these are their values: `a.b` is the field of that
    /// name, and no path. A record without one of them is the same as no other.
    pub(in crate::pipeline) fn of_fields(names: &[String]) -> Self {
        let places = names.iter().map(|name| Place {
            column: 0,
            path: vec![name.clone()],
        });
        Self::at(places.collect(), UniqueNull::Pass)
    }

    fn at(places: Vec<Place>, null: UniqueNull) -> Self {
        let mut paths: Vec<(usize, Fields)> = Vec::new();
        for (number, place) in places.iter().enumerate() {
            if place.path.is_empty() {
                continue;
            }
            let known = paths.iter().position(|(column, _)| *column == place.column);
            let known = known.unwrap_or_else(|| {
                paths.push((place.column, Fields::default()));
                paths.len() - 1
            });
            if let Some((_, fields)) = paths.get_mut(known) {
                let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
                fields.add(&path, number);
            }
        }
        Self {
            places,
            paths,
            null,
        }
    }

    /// The fingerprint of each row's key; `None`: the row is the same as no other.
    ///
    /// # Errors
    /// The batch has other columns.
    pub(in crate::pipeline) fn fingerprints(
        &self,
        batch: &RecordBatch,
    ) -> Result<Vec<Option<Fingerprint>>> {
        let texts = self.texts(batch)?;
        let mut key = Vec::new();
        let rows = 0..batch.num_rows();
        Ok(rows
            .map(|row| {
                key.clear();
                for texts in &texts {
                    match texts.get(row) {
                        None if self.null == UniqueNull::Pass => return None,
                        None => key.push(0),
                        Some(text) => {
                            key.push(1);
                            key.extend_from_slice(&(text.len() as u64).to_le_bytes());
                            key.extend_from_slice(text);
                        }
                    }
                }
                Some(fingerprint(&key))
            })
            .collect())
    }

    /// For each key the texts of its rows.
    fn texts<'a>(&self, batch: &'a RecordBatch) -> Result<Vec<Texts<'a>>> {
        let other = || {
            Error::new(
                &codes::INTERNAL,
                "a batch has other columns than its schema",
            )
        };
        let rows = batch.num_rows();
        let mut texts = Vec::with_capacity(self.places.len());
        for place in &self.places {
            let array = batch.columns().get(place.column).ok_or_else(other)?;
            texts.push(if place.path.is_empty() {
                texts::of(array).ok_or_else(other)?
            } else {
                Texts::with_room(rows)
            });
        }
        for (column, fields) in &self.paths {
            let array = batch.columns().get(*column).ok_or_else(other)?;
            let values = array.as_string_opt::<i32>().ok_or_else(other)?;
            for value in values {
                let mut found: Found<'_> = vec![None; self.places.len()];
                fields.find(value.unwrap_or_default(), &mut found);
                let all = self.places.iter().zip(found).zip(&mut texts);
                for ((place, found), texts) in all {
                    if place.column == *column && !place.path.is_empty() {
                        let text = found.and_then(text_of);
                        texts.push(text.as_ref().map(|text| text.as_bytes()));
                    }
                }
            }
        }
        Ok(texts)
    }
}

/// The fingerprint of a key, as its bytes.
pub(in crate::pipeline) fn fingerprint(key: &[u8]) -> Fingerprint {
    let hash = blake3::hash(key);
    let (halves, _) = hash.as_bytes().as_chunks::<16>();
    Fingerprint::from_bytes(halves.first().copied().unwrap_or_default())
}

/// Where a key lies: in the column of its name, else within the column that the longest beginning of it names.
fn place(key: &str, schema: &Schema) -> Result<Place> {
    let whole = is_json(schema);
    if whole && ENVELOPE.contains(&key) {
        let message = format!("unique.keys names `{key}`, and there is no schema that has it");
        return Err(Error::new(&codes::INGEST_PARAMETERS, message).next(
            "give --stream.sql.schema.json with the columns that are wanted, this one among them",
        ));
    }
    if whole {
        let path = key.split('.').map(str::to_owned).collect();
        return Ok(Place { column: 0, path });
    }
    let ends = key.char_indices().filter(|(_, sign)| *sign == '.');
    let ends = ends.map(|(at, _)| at).collect::<Vec<_>>().into_iter().rev();
    for end in [key.len()].into_iter().chain(ends) {
        let (name, behind) = key.split_at(end);
        let Some((column, field)) = schema.column_with_name(name) else {
            continue;
        };
        let path: Vec<String> = behind.split('.').skip(1).map(str::to_owned).collect();
        let data_type = field.data_type();
        if path.is_empty() && is_comparable(data_type)
            || !path.is_empty() && *data_type == DataType::Utf8
        {
            return Ok(Place { column, path });
        }
        let kind = type_in_words(data_type);
        let message = format!("unique.keys names `{key}`, and column `{name}` is of type {kind}");
        return Err(
            Error::new(&codes::INGEST_PARAMETERS, message).next(if path.is_empty() {
                "name columns of texts, numbers, booleans, dates and times"
            } else {
                "give the column the type String, for the JSON text of an object"
            }),
        );
    }
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let message = format!("unique.keys names `{key}`, and there is no such column");
    Err(Error::new(&codes::INGEST_PARAMETERS, message)
        .next(format!("the columns are {}", names.join(", "))))
}

#[cfg(test)]
mod tests;
