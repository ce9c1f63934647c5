//! The columns that are read where no schema names them, over restarts.
//!
//! They are those of the first file, and that is another one at the next start where files are taken away. So each snapshot
//! names what is read, and what else that file had. Whoever goes on from it holds what was read against the first file that is
//! there by then: where bad files are passed over, one that lacks some of it tells nothing, and where no other file tells
//! them, the columns are those that the snapshot names (`first`). Where bad files fail the job, it says what is missing.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, SchemaRef};
use millstream_core::type_names::type_in_words;
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Enumerated, Enumerator, Remaining, SnapshotRequest, SourceSnapshot, StateEntry,
};
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::fit::wanted;
use super::{Columns, SharedColumns};

/// The key of the entry, beside that of the intake.
const KEY: &str = "columns";

/// Stands for the type of a column that is not read, where this version does not understand how that is written. It is one that
/// isn't read either.
const UNREAD: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// A column that is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptColumn {
    name: String,
    /// As Arrow writes it.
    #[serde(rename = "type")]
    data_type: String,
}

/// What a snapshot says of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Whether they are all that the first file had.
    all: bool,
    /// Those that are read.
    columns: Vec<KeptColumn>,
    /// All that the first file had, in their order, where the SQL has chosen among them; `None` as well: an older version has
    /// written it, which did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<Vec<KeptColumn>>,
}

impl Kept {
    /// What is read now; `None`: no file has told it yet.
    fn now(shared: &SharedColumns) -> Option<Self> {
        let known = shared.known.get()?;
        let batch = known.batch.as_ref()?;
        let all = shared.projection.is_none();
        Some(Self {
            all,
            columns: kept_columns(batch),
            table: (!all).then(|| kept_columns(&known.schema)),
        })
    }

    /// What a snapshot says in the entries of the enumerator; `None`: it is older than that is said, or had a schema.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) fn among(entries: &[StateEntry]) -> Result<Option<Self>> {
        let entry = entries.iter().find(|entry| entry.key == KEY);
        let kept = entry.map(|entry| Self::deserialize(&entry.value));
        kept.transpose().map_err(|error| {
            let message = format!("the file source's state `{KEY}` can't be read");
            Error::new(&codes::SNAPSHOT_CORRUPT, message)
                .cause(error)
                .next("restore another snapshot, or one that this source has written")
        })
    }

    fn entry(&self) -> Result<StateEntry> {
        let value = serde_json::to_value(self).map_err(|error| {
            Error::new(&codes::INTERNAL, "the columns of files can't be written").cause(error)
        })?;
        let key = KEY.to_owned();
        Ok(StateEntry { key, value })
    }

    /// Has them read on where no file has told any yet, else looks whether the first file has all of them.
    ///
    /// # Errors
    /// SOURCE_SCHEMA: one is missing there, or is of a type that does not hold what was read.
    pub(super) fn go_on(&self, shared: &SharedColumns, shown: &str) -> Result<()> {
        match shared.known.get() {
            Some(known) => self.check(&known.schema, shown),
            None => {
                self.give(shared);
                Ok(())
            }
        }
    }

    /// Whether a file with the columns of `schema` may tell them from now on: it has all that was read, and nothing that would keep
    /// a job from going on that reads all columns.
    pub(super) fn is_held_by(&self, schema: &Schema) -> bool {
        let mut missed = self.missed_in(schema);
        missed.next().is_none() && (!self.all || wanted(schema, None).is_ok())
    }

    /// What is said of each column for which a schema has no place.
    fn missed_in(&self, schema: &Schema) -> impl Iterator<Item = String> {
        let columns = self.columns.iter();
        columns.filter_map(move |column| column.missed_in(schema))
    }

    fn check(&self, schema: &Schema, shown: &str) -> Result<()> {
        let differing: Vec<String> = self.missed_in(schema).collect();
        if differing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "what is the first file of {shown} now has other columns than the job has read so far: {}",
            differing.join(", ")
        );
        Err(Error::new(&codes::SOURCE_SCHEMA, message).next(
            "name the columns with stream.sql.schema.json: those that a file lacks are null then",
        ))
    }

    fn give(&self, shared: &SharedColumns) {
        // Which of them are read was said before they were known.
        if shared.projection.is_some() {
            return;
        }
        let Some(schema) = self.table() else {
            return;
        };
        let Ok(batch) = wanted(&schema, None) else {
            return;
        };
        let batch = Some(batch);
        // A reader may have been quicker, with a file.
        drop(shared.known.set(Arc::new(Columns { schema, batch })));
    }

    /// All columns of the file that told them. `None`: what the SQL has left out of it is known to nobody, or a column is read
    /// whose type is one that this version does not know.
    pub(super) fn table(&self) -> Option<SchemaRef> {
        let columns = match &self.table {
            Some(table) => table,
            None if self.all => &self.columns,
            None => return None,
        };
        let fields = columns.iter().map(|column| {
            let data_type = match column.data_type.parse::<DataType>() {
                Ok(data_type) => data_type,
                Err(_) if self.columns.contains(column) => return None,
                Err(_) => UNREAD,
            };
            Some(Field::new(&column.name, data_type, true))
        });
        let fields: Vec<Field> = fields.collect::<Option<_>>()?;
        Some(Arc::new(Schema::new(fields)))
    }
}

fn kept_columns(schema: &Schema) -> Vec<KeptColumn> {
    let fields = schema.fields().iter();
    let columns = fields.map(|field| KeptColumn {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
    });
    columns.collect()
}

impl KeptColumn {
    /// What is said of the column where a schema has no place for what was read; `None`: it has.
    fn missed_in(&self, schema: &Schema) -> Option<String> {
        let (name, was) = (&self.name, type_in_words(&self.data_type));
        let Some((_, found)) = schema.fields().find(name) else {
            return Some(format!("no `{name}` ({was})"));
        };
        let kept: DataType = self.data_type.parse().ok()?;
        if holds(found.data_type(), &kept) {
            return None;
        }
        let now = type_in_words(found.data_type());
        // Digits of a time are no part of the words.
        Some(match now == was {
            true => format!("`{name}` as a {now} that holds less"),
            false => format!("`{name}` as {now} instead of {was}"),
        })
    }
}

/// Whether all values of the type `kept`, and the fields in it, have their place in `now`.
fn holds(now: &DataType, kept: &DataType) -> bool {
    match (kept, now) {
        (DataType::Struct(kept), DataType::Struct(now)) => kept.iter().all(|field| {
            let found = now.find(field.name());
            found.is_some_and(|(_, found)| holds(found.data_type(), field.data_type()))
        }),
        (DataType::List(kept), DataType::List(now))
        | (DataType::Map(kept, _), DataType::Map(now, _)) => {
            holds(now.data_type(), kept.data_type())
        }
        // Text holds everything, but is no number any more, and a coarser time has fewer digits.
        _ => matches!(Change::of(kept, now), Some(Change::Keep | Change::Cast)),
    }
}

/// An enumerator in whose snapshots the columns are named.
pub(super) struct Keeping {
    inner: Box<dyn Enumerator>,
    shared: SharedColumns,
    /// What is named as long as no file has told any.
    restored: Option<Kept>,
}

impl Keeping {
    /// What `inner` notes, and the columns of `shared` beside it.
    pub(super) fn new(
        inner: Box<dyn Enumerator>,
        shared: SharedColumns,
        restored: Option<Kept>,
    ) -> Self {
        Self {
            inner,
            shared,
            restored,
        }
    }
}

impl Enumerator for Keeping {
    fn poll(&mut self) -> Result<Enumerated> {
        self.inner.poll()
    }

    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<SourceSnapshot> {
        let mut snapshot = self.inner.snapshot(request)?;
        let now = Kept::now(&self.shared);
        if let Some(kept) = now.as_ref().or(self.restored.as_ref()) {
            snapshot.entries.push(kept.entry()?);
        }
        Ok(snapshot)
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        self.inner.checkpoint_ended(checkpoint, completed)
    }

    fn remaining(&mut self) -> Remaining {
        self.inner.remaining()
    }
}

#[cfg(test)]
mod tests;
