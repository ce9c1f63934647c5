//! The ids of documents, from the columns that tell records apart. Pure.

use arrow::array::{Array, RecordBatch, StringArray};
use millstream_core::type_names::in_words;

use crate::formats::texts;

/// Elasticsearch takes no longer id, in bytes.
const LONGEST: usize = 512;

/// The ids of the rows of a batch.
pub(super) struct Ids {
    parts: Vec<(String, StringArray)>,
}

/// Why a row has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoId {
    /// The column at fault, if it is one.
    pub(super) column: Option<String>,
    /// What is wrong, in words.
    pub(super) why: String,
}

impl Ids {
    /// Reads the columns of a batch.
    ///
    /// # Errors
    /// There is no such column, or it can't be text, in words.
    pub(super) fn of(batch: &RecordBatch, columns: &[String]) -> Result<Self, String> {
        let parts = columns.iter().map(|name| {
            let column = batch.column_by_name(name).ok_or_else(|| {
                let schema = batch.schema_ref().fields().iter();
                let known: Vec<&str> = schema.map(|field| field.name().as_str()).collect();
                format!(
                    "sink.es.unique.column names {name}, and the columns are {}",
                    known.join(", ")
                )
            })?;
            let texts = texts(column)
                .map_err(|error| in_words(&error.to_string()))
                .map_err(|error| format!("column {name} can't make an id: {error}"))?;
            Ok((name.clone(), texts))
        });
        Ok(Self {
            parts: parts.collect::<Result<_, String>>()?,
        })
    }

    /// Puts the id of a row into `out`: the text of the column; of several columns their texts with `:` between them, where a
    /// `:` or `\` within one has a `\` before it, so that no two keys have the same id.
    ///
    /// # Errors
    /// The row has none.
    pub(super) fn put(&self, row: usize, out: &mut String) -> Result<(), NoId> {
        out.clear();
        let several = self.parts.len() > 1;
        for (number, (name, texts)) in self.parts.iter().enumerate() {
            let of_column = |why: &str| NoId {
                column: Some(name.clone()),
                why: why.to_owned(),
            };
            if texts.is_null(row) {
                return Err(of_column("it is null, and makes the id of the document"));
            }
            let text = texts.value(row);
            if text.is_empty() && !several {
                return Err(of_column("it is empty, and makes the id of the document"));
            }
            if number > 0 {
                out.push(':');
            }
            match several && text.contains([':', '\\']) {
                true => out.push_str(&text.replace('\\', "\\\\").replace(':', "\\:")),
                false => out.push_str(text),
            }
        }
        if out.len() > LONGEST {
            let column = match self.parts.as_slice() {
                [(name, _)] => Some(name.clone()),
                _ => None,
            };
            let why = format!(
                "the id of the document has {} bytes, and {LONGEST} are the most",
                out.len()
            );
            return Err(NoId { column, why });
        }
        Ok(())
    }
}

/// A number that stands for an index and an id: the same for the same, and hardly ever for others (FNV-1a).
pub(super) fn key_of(index: &str, id: &str) -> u64 {
    let bytes = index.bytes().chain([0]).chain(id.bytes());
    let key = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |key, byte| {
        (key ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The low bits decide where it goes.
    key ^ (key >> 32)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    use super::{Ids, key_of};

    #[test]
    fn ids_tell_all_keys_apart() {
        let columns: [(&str, ArrayRef); 3] = [
            (
                "a",
                Arc::new(StringArray::from(vec![
                    Some("x:y"),
                    Some("x"),
                    None,
                    Some(""),
                ])),
            ),
            (
                "b",
                Arc::new(StringArray::from(vec!["z", "y:z", "q", "\\"])),
            ),
            ("n", Arc::new(Int64Array::from(vec![-1, 2, 3, 4]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let ids = |columns: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
            let ids = Ids::of(&batch, &columns).expect("columns");
            let mut out = String::new();
            (0..4)
                .map(|row| ids.put(row, &mut out).map(|()| out.clone()).ok())
                .collect::<Vec<_>>()
        };
        let some = |texts: [Option<&str>; 4]| texts.map(|text| text.map(str::to_owned)).to_vec();
        assert_eq!(
            ids(&["n"]),
            some([Some("-1"), Some("2"), Some("3"), Some("4")])
        );
        assert_eq!(ids(&["a"]), some([Some("x:y"), Some("x"), None, None]));
        let both = some([Some("x\\:y:z"), Some("x:y\\:z"), None, Some(":\\\\")]);
        assert_eq!(ids(&["a", "b"]), both);
        let missing = Ids::of(&batch, &["c".to_owned()]).err().expect("none");
        assert!(missing.contains("the columns are a, b, n"), "{missing}");
        assert_ne!(key_of("a", "bc"), key_of("ab", "c"));
        let long = StringArray::from(vec!["x".repeat(513)]);
        let batch =
            RecordBatch::try_from_iter([("a", Arc::new(long) as ArrayRef)]).expect("a batch");
        let ids = Ids::of(&batch, &["a".to_owned()]).expect("a column");
        let told = ids.put(0, &mut String::new()).expect_err("too long");
        assert!(told.why.contains("513 bytes"), "{}", told.why);
    }
}
