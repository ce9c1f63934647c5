//! What tells the entries of one key apart, in canonical files: the columns `map_key` and `list_index`, or the time of a timer
//! in the column `namespace`.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::Field;
use serde::Serialize;
use serde::de::value::{Error as ValueError, UnitDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_arrow::utils::Item;

use crate::column::{ColumnWriter, read_column};
use crate::identity::Layout;

/// Where the time of a timer stands.
const NAMESPACE: &str = "namespace";

/// The name of a layout's own column.
fn column_of(layout: Layout) -> Option<&'static str> {
    match layout {
        Layout::MapKey => Some("map_key"),
        Layout::ListIndex => Some("list_index"),
        Layout::Whole | Layout::Time => None,
    }
}

/// Builds the arrays of places.
pub(crate) struct PlaceWriter<T> {
    places: Places<T>,
    rows: usize,
}

enum Places<T> {
    Nothing(PhantomData<fn(&T)>),
    Column(&'static str, Box<ColumnWriter<T>>),
    Times(StringBuilder),
}

impl<T: Serialize + DeserializeOwned> PlaceWriter<T> {
    /// Places in a layout; see [`ColumnWriter::new`].
    pub(crate) fn new<S: Serialize>(
        layout: Layout,
        samples: impl FnOnce() -> Vec<Item<S>>,
    ) -> Self {
        let places = match (column_of(layout), layout) {
            (Some(name), _) => Places::Column(name, Box::new(ColumnWriter::new(samples))),
            (None, Layout::Time) => Places::Times(StringBuilder::new()),
            (None, _) => Places::Nothing(PhantomData),
        };
        Self { places, rows: 0 }
    }

    /// The field of its own column.
    pub(crate) fn field(&self) -> Option<Field> {
        match &self.places {
            Places::Column(name, column) => Some(column.field().as_ref().clone().with_name(*name)),
            Places::Nothing(_) | Places::Times(_) => None,
        }
    }

    /// Appends a place; an error says why it can't be.
    pub(crate) fn push(&mut self, place: &impl Serialize) -> Result<(), String> {
        self.rows += 1;
        match &mut self.places {
            Places::Nothing(_) => Ok(()),
            Places::Column(_, column) => column.push(place),
            Places::Times(texts) => {
                texts
                    .append_value(serde_json::to_string(place).map_err(|error| error.to_string())?);
                Ok(())
            }
        }
    }

    /// The column `namespace`, and the own one.
    pub(crate) fn finish(&mut self) -> Result<(ArrayRef, Option<ArrayRef>), String> {
        let rows = std::mem::take(&mut self.rows);
        let nothing = || Arc::new(StringArray::new_null(rows)) as ArrayRef;
        Ok(match &mut self.places {
            Places::Nothing(_) => (nothing(), None),
            Places::Column(_, column) => (nothing(), Some(column.finish()?)),
            Places::Times(texts) => (Arc::new(texts.finish()), None),
        })
    }
}

/// The places of the rows of a batch; an error says why they can't be read.
pub(crate) fn read_places<T: DeserializeOwned>(
    layout: Layout,
    batch: &RecordBatch,
) -> Result<Vec<T>, String> {
    if let Some(name) = column_of(layout) {
        return read_named(batch, name);
    }
    if layout == Layout::Time {
        let column = batch.column_by_name(NAMESPACE);
        let texts = column
            .and_then(|column| column.as_string_opt::<i32>())
            .filter(|texts| texts.null_count() == 0)
            .ok_or_else(|| format!("column `{NAMESPACE}` does not hold times"))?;
        let times = texts.iter().flatten().map(serde_json::from_str);
        let times: Result<_, _> = times.collect();
        return times.map_err(|error| format!("column `{NAMESPACE}` can't be decoded, {error}"));
    }
    let nothing = || -> UnitDeserializer<ValueError> { ().into_deserializer() };
    let places = (0..batch.num_rows()).map(|_| T::deserialize(nothing()));
    let places: Result<_, _> = places.collect();
    places.map_err(|error| error.to_string())
}

/// The values of the column `name`; an error says why they can't be read.
pub(crate) fn read_named<T: DeserializeOwned>(
    batch: &RecordBatch,
    name: &str,
) -> Result<Vec<T>, String> {
    let schema = batch.schema();
    let field = schema.field_with_name(name);
    let (Ok(field), Some(array)) = (field, batch.column_by_name(name)) else {
        return Err(format!("it has no column `{name}`"));
    };
    let values = read_column(field, array)
        .map_err(|cause| format!("column `{name}` can't be decoded, {cause}"))?;
    if values.len() != batch.num_rows() {
        return Err(format!("column `{name}` is shorter than the others"));
    }
    Ok(values)
}
