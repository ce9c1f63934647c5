//! The columns of a source, and what the heads of files say of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};

use super::super::format::{Dialect, Dialects};
use super::super::line_end::check_line_end;
use super::columns::Column;
use super::fields::{Lone, fields_of};
use super::text::to_text;

/// The columns of a record and those of them that are wanted.
#[derive(Debug)]
pub(crate) struct Columns {
    names: Vec<String>,
    wanted: Vec<usize>,
    batch: SchemaRef,
    /// Whether the names came from the head of a file, so that other files must have the same.
    from_head: bool,
    /// Whether a file told how many there are.
    inferred: bool,
}

/// Columns that may be known only when the first file is there. Shared by the readers of a process.
pub(crate) type SharedColumns = Arc<OnceLock<Arc<Columns>>>;

impl Columns {
    /// The columns of `schema`, of which `projection` (all, if `None`) are wanted.
    ///
    /// # Errors
    /// A type that is not read from text, or a column that is not there.
    pub(crate) fn typed(schema: &Schema, projection: Option<&[usize]>) -> Result<Self> {
        for field in schema.fields() {
            if Column::new(field).is_none() {
                return Err(Error::new(
                    &codes::SCHEMA_INVALID,
                    format!(
                        "column `{}` has the type {}, which is not read from text",
                        field.name(),
                        type_in_words(field.data_type())
                    ),
                )
                .next("make it a String and convert it in SQL"));
            }
        }
        if schema.fields().is_empty() {
            return Err(
                Error::new(&codes::SCHEMA_INVALID, "the schema has no columns")
                    .next("name the columns, or leave the schema out"),
            );
        }
        let wanted = projection.map_or_else(|| (0..schema.fields().len()).collect(), <[_]>::to_vec);
        let batch = schema.project(&wanted).map_err(|error| {
            Error::new(
                &codes::SCHEMA_INVALID,
                "a column that is wanted is not in the schema",
            )
            .cause(error)
        })?;
        // Every value may be missing in a text file, whatever the schema says.
        let fields: Vec<Field> = batch
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        Ok(Self {
            names: schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
            wanted,
            batch: Arc::new(Schema::new(fields)),
            from_head: false,
            inferred: false,
        })
    }

    /// Columns of strings with `names`, which came from a file if `from_head`.
    pub(crate) fn named(
        names: Vec<String>,
        projection: Option<&[usize]>,
        from_head: bool,
    ) -> Result<Self> {
        let fields: Vec<Field> = names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect();
        Ok(Self {
            from_head,
            inferred: true,
            ..Self::typed(&Schema::new(fields), projection)?
        })
    }

    /// The names of all columns of a record.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a file told the columns, not the user.
    pub(crate) fn is_inferred(&self) -> bool {
        self.inferred
    }

    /// The columns that are wanted, by their place in a record.
    pub(crate) fn wanted(&self) -> &[usize] {
        &self.wanted
    }

    /// The schema of batches.
    pub(crate) fn batch(&self) -> &SchemaRef {
        &self.batch
    }

    /// Sets the names at the head of `file` against the columns. Names of a schema are its own affair, but where the
    /// head has one of them, it must stand in that column.
    ///
    /// # Errors
    /// The file has other columns, or has them in another order.
    pub(crate) fn check_head(&self, file: &str, head: &[String]) -> Result<()> {
        let fits = if self.from_head {
            head == self.names
        } else {
            head.len() == self.names.len()
        };
        let told = || (head.join(", "), self.names.join(", "));
        if !fits {
            let (found, expected) = told();
            return Err(Error::new(
                &codes::SOURCE_SCHEMA,
                format!("{file} has the columns {found}, where {expected} are expected"),
            )
            .next(
                "files of one directory must have the same columns: move this one to a job of its own",
            ));
        }
        if self.has_moved(head, str::to_owned) || self.has_moved(head, str::to_lowercase) {
            let (found, expected) = told();
            return Err(Error::new(
                &codes::SOURCE_SCHEMA,
                format!(
                    "{file} has the columns in the order {found}, and the schema has {expected}"
                ),
            )
            .next("give the schema in the order of the file"));
        }
        Ok(())
    }

    /// Whether the head has the name of a column, but not in its place; names are the same whose `key` is.
    fn has_moved(&self, head: &[String], key: impl Fn(&str) -> String) -> bool {
        let keys = |names: &[String]| names.iter().map(|name| key(name)).collect::<Vec<_>>();
        let (names, head) = (keys(&self.names), keys(head));
        let mut first = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            first.entry(name).or_insert(place);
        }
        head.iter().enumerate().any(|(place, name)| {
            let is_there = |place: usize, names: &[String]| names.get(place) == Some(name);
            let own = first.get(name);
            !is_there(place, &names) && own.is_some_and(|place| !is_there(*place, &head))
        })
    }
}

/// The names at the head of a file whose columns a schema tells. `None`: they can't be read, which is no matter.
///
/// # Errors
/// The line holds other ends of lines.
pub(crate) fn names_beside_schema(
    file: &str,
    dialects: &Dialects,
    head: &[u8],
) -> Result<Option<Vec<String>>> {
    check_line_end(file, dialects, head)?;
    let text = to_text(dialects.reading, head);
    let Some(fields) = text.and_then(|text| fields_of(&dialects.text, &text)) else {
        return Ok(None);
    };
    let names = fields.into_iter().map(|field| field.text.trim().to_owned());
    Ok(Some(names.collect()))
}

/// The names that the first record of a file gives to the columns: its fields where `header`, else
/// `_col0`, `_col1`, ….
///
/// # Errors
/// The record can't be read, or two columns have the same name.
pub(crate) fn names_of_head(
    file: &str,
    dialects: &Dialects,
    head: &[u8],
    header: bool,
) -> Result<Vec<String>> {
    let unreadable = |why: &str| {
        Error::new(
            &codes::SOURCE_SCHEMA,
            format!("the first line of {file} {why}"),
        )
        .next("check the charset and the delimiters, or give the schema")
    };
    if header {
        check_line_end(file, dialects, head)?;
    }
    let text = to_text(dialects.reading, head)
        .ok_or_else(|| unreadable("is not text in the source's charset"))?;
    let fields = match fields_of(&dialects.text, &text) {
        Some(fields) => fields,
        // The record is a bad one; how many columns there are is told all the same.
        None if !header => without_quotes(dialects, &text),
        None => {
            return Err(unreadable(
                "has a quote that is not closed, or text behind one that is",
            )
            .next("mend the line, or set source.quote to none if quotes are characters in this file"));
        }
    };
    let mut seen = BTreeMap::new();
    let mut names = Vec::with_capacity(fields.len());
    for (place, field) in fields.into_iter().enumerate() {
        let name = field.text.trim();
        let named = header && !name.is_empty();
        let name = if named {
            name.to_owned()
        } else {
            format!("_col{place}")
        };
        if let Some(before) = seen.insert(name.clone(), place) {
            return Err(unreadable(&format!(
                "names columns {} and {} both `{name}`",
                before + 1,
                place + 1
            )));
        }
        names.push(name);
    }
    Ok(names)
}

fn without_quotes(dialects: &Dialects, text: &str) -> Vec<Lone> {
    let plain = Dialect {
        quote: None,
        ..dialects.text.clone()
    };
    fields_of(&plain, text).unwrap_or_default()
}
