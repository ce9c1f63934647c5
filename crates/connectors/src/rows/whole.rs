//! Rows without columns: records of which nobody has said what columns they have, each one JSON text.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// What says so in the metadata of a schema.
const ROWS: &str = "millstream.rows";
const JSON: &str = "json";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = Field::new("value", DataType::Utf8, true);
    let told = HashMap::from([(ROWS.to_owned(), JSON.to_owned())]);
    Arc::new(Schema::new_with_metadata(vec![text], told))
});

/// The schema of rows that are one JSON object each, as a text: what writes JSON writes them as they are. Null is a
/// record without a value.
pub fn json_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Whether rows of this schema are one JSON object each.
pub fn is_json(schema: &Schema) -> bool {
    schema.metadata().get(ROWS).is_some_and(|told| told == JSON)
}

/// The texts of rows that are one JSON object each; `None`: they have columns.
pub fn json_texts(batch: &RecordBatch) -> Option<&StringArray> {
    if !is_json(batch.schema_ref()) {
        return None;
    }
    batch.columns().first()?.as_string_opt()
}
