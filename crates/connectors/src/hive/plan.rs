//! What all readers and the enumerator of a source share.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use millstream_core::{Error, Result, codes};

use super::describe::SharedColumns;
use super::options::HiveSourceOptions;
use super::statement::Statement;
use super::types::schema_of;

/// What all readers and the enumerator of a source share.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) options: HiveSourceOptions,
    pub(super) statement: Statement,
    /// The columns that Hive answers.
    pub(super) columns: SharedColumns,
    /// Of each of them, whether it is wanted.
    pub(super) wanted: Vec<bool>,
    /// The columns that are wanted, in the order in which they are handed out.
    pub(super) schema: SchemaRef,
    /// For each of those, which of the columns that are read it is.
    pub(super) order: Vec<usize>,
}

impl Plan {
    pub(super) fn new(
        options: HiveSourceOptions,
        statement: Statement,
        columns: SharedColumns,
    ) -> Self {
        Self {
            options,
            statement,
            wanted: vec![true; columns.len()],
            schema: Arc::new(schema_of(&columns)),
            order: (0..columns.len()).collect(),
            columns,
        }
    }

    /// All columns.
    pub(super) fn all(&self) -> SchemaRef {
        Arc::new(schema_of(&self.columns))
    }

    /// The same with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub(super) fn project(&mut self, wanted: &[usize]) -> Result<()> {
        let all = self.all();
        let fields = wanted.iter().map(|place| all.fields().get(*place).cloned());
        let fields: Option<Vec<_>> = fields.collect();
        let fields = fields.ok_or_else(|| {
            Error::new(
                &codes::INTERNAL,
                "a column is wanted that Hive's rows do not have",
            )
        })?;
        self.schema = Arc::new(Schema::new(fields));
        self.wanted = (0..self.columns.len())
            .map(|place| wanted.contains(&place))
            .collect();
        let mut read: Vec<usize> = wanted.to_vec();
        read.sort_unstable();
        read.dedup();
        let place = |column: &usize| read.binary_search(column).unwrap_or_default();
        self.order = wanted.iter().map(place).collect();
        Ok(())
    }

    /// The statement for a part of the rows.
    ///
    /// # Errors
    /// Rows of the query can't be split.
    pub(super) fn part(&self, condition: &str) -> Result<String> {
        match condition {
            "" => Ok(self.statement.all().to_owned()),
            condition => self.statement.some("*", condition),
        }
    }
}
