//! The columns of a source where no schema names them: those of its first file, or those that a snapshot keeps.
//!
//! A file that is passed over, because it can't be read or because its columns are others, stays where it is, and is the first
//! one at the next start where those that were read have been taken away. It must not end the job then: where bad files
//! are passed over, it tells no columns.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use millstream_core::Result;
use millstream_engine::connector::StateEntry;

use super::fetch::open_columns;
use super::fit::{Fit, schema_of};
use super::kept::Kept;
use super::{ColumnFileSource, ColumnFormat, SharedColumns};
use crate::files_source::failure::InputError;
use crate::files_source::ledger::unreadable;
use crate::files_source::listing::FoundFile;
use crate::files_source::options::Bad;
use crate::files_source::reader::Plan;

/// What the first file is held against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Against<'a> {
    /// Nothing: it tells the columns.
    Nothing,
    /// A schema that was given.
    Given(&'a SchemaRef),
    /// What a snapshot says was read.
    Kept(&'a Kept),
}

/// The columns of the first file that can be read and is not passed over.
///
/// # Errors
/// It can't be read, or does not fit, and bad files fail the job.
pub(super) fn first_schema(
    plan: &Plan,
    format: ColumnFormat,
    files: &[FoundFile],
    against: Against<'_>,
) -> Result<Option<SchemaRef>> {
    let passes_over = plan.bad() != Bad::Fail;
    let files = files.iter().filter(|file| file.identity.size > 0);
    for file in files {
        let opened =
            open_columns(format, (file, 0), &plan.access(true)).and_then(|(_, columns)| {
                if let Against::Given(given) = against {
                    Fit::of(given, columns.schema()).map_err(InputError::Columns)?;
                }
                Ok(Arc::clone(columns.schema()))
            });
        let told = match opened {
            Ok(schema) => schema_of(&schema),
            Err(error) => Err(unreadable(&file.text, &error)),
        };
        match told {
            Ok(schema) if !passes_over || may_tell(&schema, against) => {
                return Ok(Some(Arc::new(schema)));
            }
            // What becomes of it is decided when it is read.
            Ok(_) => {}
            Err(_) if passes_over => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether the columns of a file may be those of the source.
fn may_tell(schema: &Schema, against: Against<'_>) -> bool {
    let is_held = match against {
        Against::Nothing | Against::Given(_) => true,
        Against::Kept(kept) => kept.is_held_by(schema),
    };
    is_held && !schema.fields().is_empty()
}

impl ColumnFileSource {
    /// The same source, of a job that goes on from a snapshot: the columns that it has read so far are read on. `entries` looks
    /// there for what the source's enumerator has noted, and is asked where that makes a difference only.
    ///
    /// The first file that has all of them tells the columns. Where none has, they are those that the snapshot keeps; but
    /// where bad files fail the job, the enumerator says what the first file lacks. A schema that was given wins.
    ///
    /// # Errors
    /// Those of `entries`, what was noted can't be read, or the directory can't be.
    pub fn going_on_from(
        mut self,
        entries: impl FnOnce() -> Result<Vec<StateEntry>>,
    ) -> Result<Self> {
        let passes_over = self.plan.bad() != Bad::Fail;
        let told = self.schema();
        if self.is_given || (told.is_some() && !passes_over) {
            return Ok(self);
        }
        let Some(kept) = Kept::among(&entries()?)? else {
            return Ok(self);
        };
        if told.is_some_and(|told| kept.is_held_by(&told)) {
            return Ok(self);
        }
        let found = if passes_over {
            let files = self.plan.look()?;
            first_schema(&self.plan, self.format, &files, Against::Kept(&kept))?
        } else {
            None
        };
        if let Some(schema) = found.or_else(|| kept.table()) {
            let by_place = self.shared.by_place;
            self.shared = SharedColumns::new(Some(schema), None)?;
            self.shared.by_place = by_place;
        }
        Ok(self)
    }
}
