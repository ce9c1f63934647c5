//! Output in directories by the values of columns, as Hive has them: `day=2024-02-29/city=Z%3A/part-…`.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Schema};
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};

use crate::formats::texts;
use crate::rows::Rows;

/// What stands for null and for empty text.
const NOTHING: &str = "__HIVE_DEFAULT_PARTITION__";
/// The longest name of a directory on the file systems in use, in bytes.
const LONGEST: usize = 255;
/// As many bytes a byte of a value becomes at most in such a name: `%2F`.
const LARGEST_GROWTH: usize = 3;

/// Takes records apart by the directories that they go into.
pub trait Partition<T>: Send + Sync {
    /// The records for each directory, which is a path below that of the sink.
    ///
    /// # Errors
    /// There is no directory for a record.
    fn split(&self, record: &T) -> Result<Vec<(Arc<str>, T)>>;
}

/// The directories that the values of columns name. The columns are not written into the files.
#[derive(Debug, Clone)]
pub struct PartitionColumns {
    names: Vec<String>,
}

impl PartitionColumns {
    /// By the columns of these names, the first outermost.
    pub fn new(names: Vec<String>) -> Self {
        Self { names }
    }

    /// Whether rows with the columns of `schema` can be taken apart.
    ///
    /// # Errors
    /// A column is not there or has a type that names no directory, or no column would be left.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        self.places(schema).map(drop)
    }

    /// The places of the partition columns, and of those that are written.
    fn places(&self, schema: &Schema) -> Result<(Vec<usize>, Vec<usize>)> {
        let refuse = |message: String, next: &str| {
            Err(Error::new(&codes::INGEST_PARAMETERS, message).next(next))
        };
        let mut places = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let Some((place, field)) = schema.column_with_name(name) else {
                let there: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
                return refuse(
                    format!("sink.partition.columns: there is no column `{name}`"),
                    &format!("name some of {}", there.join(", ")),
                );
            };
            let data_type = field.data_type();
            if data_type.is_nested() || is_bytes(data_type) {
                return refuse(
                    format!(
                        "sink.partition.columns: `{name}` is {}, which names no directory",
                        type_in_words(data_type)
                    ),
                    "cast it to string in the SQL, or leave it out",
                );
            }
            if places.contains(&place) {
                return refuse(
                    format!("sink.partition.columns names `{name}` twice"),
                    "name every column once",
                );
            }
            places.push(place);
        }
        let left: Vec<usize> = (0..schema.fields().len())
            .filter(|place| !places.contains(place))
            .collect();
        if left.is_empty() {
            return refuse(
                "sink.partition.columns leaves no column to write".to_owned(),
                "name fewer columns",
            );
        }
        Ok((places, left))
    }

    /// The rows of a batch that no directory can be for, by their numbers, and why. Columns that are not there are no reason: the
    /// sink refuses them whole.
    ///
    /// # Errors
    /// Values can't be written as text.
    pub fn misfits(&self, batch: &RecordBatch) -> Result<Vec<(usize, String)>> {
        let Ok((places, _)) = self.places(batch.schema_ref()) else {
            return Ok(Vec::new());
        };
        let values = values_at(&places, batch)?;
        let may_be_too_long = self.names.iter().zip(&values).any(|(name, values)| {
            let longest = values.offsets().lengths().max().unwrap_or(0);
            (name.len() + longest) * LARGEST_GROWTH >= LONGEST
        });
        if !may_be_too_long {
            return Ok(Vec::new());
        }
        let misfit = |row| Some((row, self.path(&values, row).err()?));
        Ok((0..batch.num_rows()).filter_map(misfit).collect())
    }

    /// The directory of a row, or why there is none.
    fn path(&self, values: &[StringArray], row: usize) -> Result<String, String> {
        let mut path = String::new();
        for (name, values) in self.names.iter().zip(values) {
            if !path.is_empty() {
                path.push('/');
            }
            let from = path.len();
            escape(name, &mut path);
            path.push('=');
            match values.is_valid(row).then(|| values.value(row)) {
                None | Some("") => path.push_str(NOTHING),
                Some(value) => escape(value, &mut path),
            }
            let length = path.len() - from;
            if length > LONGEST {
                return Err(format!(
                    "a value of column `{name}` makes a directory's name of {length} bytes, and file systems take {LONGEST}"
                ));
            }
        }
        Ok(path)
    }
}

fn broken(error: arrow::error::ArrowError) -> Error {
    Error::new(
        &codes::SINK_WRITE,
        "rows can't be taken apart by partitions",
    )
    .cause(error)
}

/// The values of columns as text.
fn values_at(places: &[usize], batch: &RecordBatch) -> Result<Vec<StringArray>> {
    let columns = places
        .iter()
        .filter_map(|place| batch.columns().get(*place));
    columns
        .map(|column| texts(column).map_err(broken))
        .collect()
}

fn is_bytes(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
    )
}

/// Appends `text` as Hive writes it in names of directories.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        let escaped = matches!(
            character,
            '\u{1}'
                ..='\u{1f}'
                    | '"'
                    | '#'
                    | '%'
                    | '\''
                    | '*'
                    | '/'
                    | ':'
                    | '='
                    | '?'
                    | '\\'
                    | '\u{7f}'
                    | '{'
                    | '['
                    | ']'
                    | '^'
                    | '\0'
        );
        if escaped {
            // Writing to a string can't fail.
            let _ok = write!(out, "%{:02X}", u32::from(character)).is_ok();
        } else {
            out.push(character);
        }
    }
}

impl Partition<Rows> for PartitionColumns {
    fn split(&self, rows: &Rows) -> Result<Vec<(Arc<str>, Rows)>> {
        let parts = self.split_batch(&rows.batch)?.into_iter();
        let parts = parts.map(|(path, batch)| {
            // Behind the sink nobody asks where rows come from.
            let origin = Arc::clone(&rows.origin);
            (path, Rows { batch, origin })
        });
        Ok(parts.collect())
    }
}

impl PartitionColumns {
    fn split_batch(&self, batch: &RecordBatch) -> Result<Vec<(Arc<str>, RecordBatch)>> {
        let (places, left) = self.places(batch.schema_ref())?;
        let values = values_at(&places, batch)?;
        let mut rows: HashMap<String, usize> = HashMap::new();
        let mut parts: Vec<(Arc<str>, Vec<u32>)> = Vec::new();
        for row in 0..batch.num_rows() {
            let path = self.path(&values, row).map_err(|why| {
                Error::new(&codes::BAD_RECORD, why).next(
                    "shorten it in the SQL, or take another column for sink.partition.columns",
                )
            })?;
            let place = match rows.get(&path) {
                Some(place) => *place,
                None => {
                    parts.push((path.as_str().into(), Vec::new()));
                    rows.insert(path, parts.len() - 1);
                    parts.len() - 1
                }
            };
            if let Some((_, numbers)) = parts.get_mut(place) {
                numbers.push(u32::try_from(row).unwrap_or(u32::MAX));
            }
        }
        let written = batch.project(&left).map_err(broken)?;
        if let [(path, _)] = parts.as_slice() {
            return Ok(vec![(Arc::clone(path), written)]);
        }
        let parts = parts.into_iter().map(|(path, numbers)| {
            let rows = take_record_batch(&written, &UInt32Array::from(numbers));
            Ok((path, rows.map_err(broken)?))
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_are_escaped_as_hive_does() {
        let mut out = String::new();
        escape("a b/c:d=e%f{g}[h]\u{7}ä", &mut out);
        assert_eq!(out, "a b%2Fc%3Ad%3De%25f%7Bg}%5Bh%5D%07ä");
    }
}
