//! The columns `key` and `value` of canonical files: real columns where Arrow has the type, JSON text
//! where it has not (enums with data, 128-bit numbers), never the bytes of one backend.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Field, FieldRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::ArrayBuilder;
use serde_arrow::schema::SchemaLike;
use serde_arrow::utils::{Item, Items};

use crate::type_text::{trace, tracing_options};

/// Marks a column, in the metadata of its field, whose text is JSON.
const ENCODING_KEY: &str = "millstream.encoding";
const JSON: &str = "json";

/// Builds the arrays of one column, which `T` is read from again.
pub(crate) struct ColumnWriter<T> {
    field: FieldRef,
    builder: Builder,
    of: PhantomData<fn(&T)>,
}

enum Builder {
    Columns(Box<ArrayBuilder>),
    Json(StringBuilder),
}

impl<T: Serialize + DeserializeOwned> ColumnWriter<T> {
    /// A column for values of `T`. Where the type alone does not tell its columns, all values are looked at.
    pub(crate) fn new<S: Serialize>(samples: impl FnOnce() -> Vec<Item<S>>) -> Self {
        let options = || tracing_options().enums_without_data_as_strings(true);
        let by_values = || {
            Vec::<FieldRef>::from_samples(samples(), options())
                .ok()?
                .pop()
        };
        let field = trace::<T>(options()).or_else(by_values);
        let columns = field
            .filter(|field| is_storable(field.data_type()))
            .and_then(|field| {
                let builder = ArrayBuilder::from_arrow(std::slice::from_ref(&field)).ok()?;
                Some((field, Builder::Columns(Box::new(builder))))
            });
        let (field, builder) = columns.unwrap_or_else(|| {
            let metadata = [(ENCODING_KEY.to_string(), JSON.to_string())];
            let field = Field::new("item", DataType::Utf8, false).with_metadata(metadata.into());
            (Arc::new(field), Builder::Json(StringBuilder::new()))
        });
        Self {
            field,
            builder,
            of: PhantomData,
        }
    }

    pub(crate) fn field(&self) -> &FieldRef {
        &self.field
    }

    /// Appends a value of `T`, or a reference to one; an error says why it can't be.
    pub(crate) fn push(&mut self, value: &impl Serialize) -> Result<(), String> {
        match &mut self.builder {
            Builder::Columns(builder) => {
                builder.push(Item(value)).map_err(|error| error.to_string())
            }
            Builder::Json(builder) => {
                let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
                // JSON has no NaN, for one; better no snapshot than one that does not restore.
                serde_json::from_str::<T>(&text)
                    .map_err(|error| format!("it can't be read back, {error}"))?;
                builder.append_value(text);
                Ok(())
            }
        }
    }

    /// The array of what was appended since the last call.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, String> {
        let array = match &mut self.builder {
            Builder::Columns(builder) => {
                let arrays = builder.to_arrow().map_err(|error| error.to_string())?;
                arrays.into_iter().next().ok_or("it has no column")?
            }
            Builder::Json(builder) => Arc::new(builder.finish()),
        };
        let first = array.slice(0, array.len().min(1));
        read_column::<T>(&self.field, &first)
            .map_err(|error| format!("it can't be read back, {error}"))?;
        Ok(array)
    }
}

/// The values of a column; an error says why they can't be read.
pub(crate) fn read_column<T: DeserializeOwned>(
    field: &Field,
    array: &ArrayRef,
) -> Result<Vec<T>, String> {
    if field
        .metadata()
        .get(ENCODING_KEY)
        .is_some_and(|encoding| encoding == JSON)
    {
        let texts = array.as_string_opt::<i32>().ok_or("its JSON is not text")?;
        return texts
            .iter()
            .map(|text| serde_json::from_str(text.unwrap_or("null")))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string());
    }
    let field = Arc::new(field.clone().with_name("item"));
    let Items(values) =
        serde_arrow::from_arrow::<Items<Vec<T>>, _>(&[field], std::slice::from_ref(array))
            .map_err(|error| error.to_string())?;
    Ok(values)
}

/// Whether Parquet can hold the type.
fn is_storable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(..) => false,
        DataType::List(item) | DataType::Map(item, _) => is_storable(item.data_type()),
        // Parquet has no group without a column.
        DataType::Struct(fields) => {
            !fields.is_empty() && fields.iter().all(|field| is_storable(field.data_type()))
        }
        _ => true,
    }
}
