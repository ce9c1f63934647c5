//! The table of operations.

use millstream_core::TriggerId;
use millstream_protocol::{OperationResult, Request};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{from_json, json, signed, unsigned};
use crate::views::OperationView;

/// What is on record of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OperationRecord {
    pub(crate) view: OperationView,
    /// What the job's process is told; `None`: the server does it itself.
    pub(crate) request: Option<Request>,
}

/// Writes a new operation.
pub(crate) fn insert_operation(
    transaction: &Transaction<'_>,
    operation: &OperationRecord,
) -> rusqlite::Result<()> {
    let OperationRecord { view, request } = operation;
    transaction.execute(
        "INSERT INTO operations (id, job, verb, parameters, request, requested) VALUES (?, ?, ?, ?, ?, ?)",
        params![
            view.id.to_string(),
            view.job.map(|job| job.to_string()),
            view.kind.name(),
            view.parameters.to_string(),
            request.as_ref().map(json).transpose()?,
            signed(view.requested),
        ],
    )?;
    Ok(())
}

/// The operation of an id, where there is one.
pub(crate) fn known_operation(
    transaction: &Transaction<'_>,
    id: TriggerId,
) -> rusqlite::Result<Option<OperationView>> {
    transaction
        .query_row(
            "SELECT * FROM operations WHERE id = ?",
            params![id.to_string()],
            read,
        )
        .map(|record| record.view)
        .optional()
}

/// Writes the end of an operation. The first end stands.
pub(crate) fn end_operation(
    transaction: &Transaction<'_>,
    id: TriggerId,
    now: u64,
    result: &OperationResult,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE operations SET ended = ?, result = ? WHERE id = ? AND ended IS NULL",
        params![signed(now), json(result)?, id.to_string()],
    )?;
    Ok(())
}

/// Takes an operation off the record.
pub(crate) fn delete_operation(
    transaction: &Transaction<'_>,
    id: TriggerId,
) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM operations WHERE id = ?",
        params![id.to_string()],
    )?;
    Ok(())
}

/// Every operation, oldest first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<OperationRecord>> {
    let mut statement = connection.prepare("SELECT * FROM operations ORDER BY requested, id")?;
    let rows = statement.query_map([], read)?;
    rows.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<OperationRecord> {
    let text = |name: &str| row.get::<_, Option<String>>(name);
    let verb: String = row.get("verb")?;
    let view = OperationView {
        id: super::id(&row.get::<_, String>("id")?)?,
        job: text("job")?.map(|job| super::id(&job)).transpose()?,
        kind: from_json(&format!("\"{verb}\""))?,
        requested: unsigned(row.get("requested")?),
        ended: row.get::<_, Option<i64>>("ended")?.map(unsigned),
        result: text("result")?.map(|text| from_json(&text)).transpose()?,
        parameters: from_json(&row.get::<_, String>("parameters")?)?,
    };
    let request = text("request")?.map(|text| from_json(&text)).transpose()?;
    Ok(OperationRecord { view, request })
}
