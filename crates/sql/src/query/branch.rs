//! One SELECT of a query on the columns of a batch that it reads, and several of them on the same batch.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options, interleave_record_batch};
use arrow::datatypes::{SchemaRef, TimestampNanosecondType};
use arrow::error::ArrowError;
use millstream_core::Result;
use millstream_core::type_names::type_in_words;

use super::{filter, guard, internal};
use crate::functions::room;
use crate::plan::{Plan, describe, mistake, of_nanoseconds};
use crate::trial::{row_alone, sample_rows, tells_of_types};
use crate::unnest;

/// What a batch gave: the output and, where WHERE dropped some rows, which ones it kept.
pub(super) struct Answer {
    pub(super) rows: RecordBatch,
    pub(super) kept: Option<BooleanArray>,
    /// Where a row may have become several: of which of the kept rows each was made.
    pub(super) spread: Option<Vec<u32>>,
}

/// One SELECT.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) plan: Plan,
    /// Where the columns that it reads stand among those that the query reads.
    pub(super) places: Vec<usize>,
}

/// What all SELECTs give for a batch; an error says where in the query and what. A panic is one.
pub(super) fn answer(
    branches: &[Branch],
    output: &SchemaRef,
    batch: &RecordBatch,
) -> Result<Answer, String> {
    if let [branch] = branches {
        return guard::guarded(|| branch.plan.answer(batch))?;
    }
    let answers = branches.iter().map(|branch| {
        let batch = batch.project(&branch.places);
        let batch = batch.map_err(|error| describe(&error.into()))?;
        let answer = guard::guarded(|| branch.plan.answer(&batch))??;
        let rows = as_columns(&branch.plan, &answer.rows, output);
        let rows = rows.map_err(|error| describe(&error.into()))?;
        Ok(Answer { rows, ..answer })
    });
    let answers: Vec<Answer> = answers.collect::<Result<_, String>>()?;
    together(&answers, output, batch.num_rows()).map_err(|error| describe(&error.into()))
}

/// The rows of a SELECT with the names and types of the whole query.
fn as_columns(
    plan: &Plan,
    rows: &RecordBatch,
    output: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = rows.columns().iter().zip(output.fields()).enumerate();
    let columns = columns.map(|(place, (column, field))| {
        if column.data_type() == field.data_type() {
            Ok(Arc::clone(column))
        } else if plan.nothing.get(place).is_some_and(|nothing| *nothing) {
            Ok(new_null_array(field.data_type(), rows.num_rows()))
        } else if let Some(nanos) = column.as_primitive_opt::<TimestampNanosecondType>() {
            // They become microseconds only, and a cast would cut them off towards 1970.
            Ok(Arc::new(of_nanoseconds(nanos)) as ArrayRef)
        } else {
            cast_with_options(column, field.data_type(), &options)
        }
    });
    let columns = columns.collect::<Result<_, _>>()?;
    with_rows(output, columns, rows.num_rows())
}

/// The rows of all answers to a batch, those of one record beside each other.
fn together(answers: &[Answer], output: &SchemaRef, all: usize) -> Result<Answer, ArrowError> {
    // Of which record each row is, and where it stands.
    let mut order: Vec<(u32, (usize, usize))> = Vec::new();
    for (number, answer) in answers.iter().enumerate() {
        let kept = (0..all).filter(|row| {
            let kept = answer.kept.as_ref();
            kept.is_none_or(|kept| kept.is_valid(*row) && kept.value(*row))
        });
        let kept: Vec<u32> = kept.map(|row| row as u32).collect();
        let of = |row: usize| match &answer.spread {
            None => kept.get(row).copied(),
            Some(spread) => kept.get(*spread.get(row)? as usize).copied(),
        };
        let rows = 0..answer.rows.num_rows();
        order.extend(rows.filter_map(|row| Some((of(row)?, (number, row)))));
    }
    order.sort_by_key(|(record, _)| *record);
    let mut is_kept = vec![false; all];
    let mut spread: Vec<u32> = Vec::with_capacity(order.len());
    for (records, run) in order.chunk_by(|a, b| a.0 == b.0).enumerate() {
        if let Some(kept) = run
            .first()
            .and_then(|(record, _)| is_kept.get_mut(*record as usize))
        {
            *kept = true;
        }
        spread.extend(std::iter::repeat_n(records as u32, run.len()));
    }
    let places: Vec<(usize, usize)> = order.into_iter().map(|(_, place)| place).collect();
    let batches: Vec<&RecordBatch> = answers.iter().map(|answer| &answer.rows).collect();
    let rows = if places.is_empty() {
        RecordBatch::new_empty(Arc::clone(output))
    } else {
        interleave_record_batch(&batches, &places)?
    };
    Ok(Answer {
        rows,
        kept: Some(BooleanArray::from(is_kept)),
        spread: Some(spread),
    })
}

impl Plan {
    /// The whole SELECT on the columns that it needs; an error says where in it and what.
    fn answer(&self, batch: &RecordBatch) -> Result<Answer, String> {
        let constants = self.constants.saturating_mul(batch.num_rows() as u64);
        room::fits("the constants of the query", constants).map_err(|e| describe(&e))?;
        let kept = self.matching_rows(batch)?;
        let columns = self.kept.iter().filter_map(|i| batch.columns().get(*i));
        let (columns, rows) = match &kept {
            None => (columns.cloned().collect(), batch.num_rows()),
            Some(mask) => filter::filter_columns(columns, mask).map_err(in_where)?,
        };
        if rows == 0 {
            let rows = RecordBatch::new_empty(Arc::clone(&self.output));
            return Ok(Answer {
                rows,
                kept,
                spread: None,
            });
        }
        let input = with_rows(&self.kept_schema, columns, rows).map_err(|e| describe(&e.into()))?;
        let rows = self.project(&input)?;
        let Some(unnest) = self.unnest else {
            return Ok(Answer {
                rows,
                kept,
                spread: None,
            });
        };
        let (rows, spread) = unnest::spread(&rows, unnest, &self.output)?;
        Ok(Answer {
            rows,
            kept,
            spread: Some(spread),
        })
    }

    /// The rows that WHERE keeps; none if it keeps all of them.
    fn matching_rows(&self, batch: &RecordBatch) -> Result<Option<BooleanArray>, String> {
        let Some(predicate) = &self.predicate else {
            return Ok(None);
        };
        let value = predicate
            .evaluate(batch)
            .and_then(|value| value.into_array(batch.num_rows()))
            .map_err(|e| format!("WHERE: {}", describe(&e)))?;
        let Some(mask) = value.as_boolean_opt() else {
            let kind = type_in_words(value.data_type());
            return Err(format!("WHERE: gave {kind}, not Boolean"));
        };
        let all = mask.true_count() == mask.len();
        Ok((!all).then(|| mask.clone()))
    }

    fn project(&self, input: &RecordBatch) -> Result<RecordBatch, String> {
        let output = &self.projected;
        let mut columns = Vec::with_capacity(self.projection.len());
        for (expr, field) in self.projection.iter().zip(output.fields()) {
            let column = expr
                .evaluate(input)
                .and_then(|value| value.into_array(input.num_rows()))
                .map_err(|e| format!("column `{}`: {}", field.name(), describe(&e)))?;
            columns.push(column);
        }
        with_rows(output, columns, input.num_rows()).map_err(|e| describe(&e.into()))
    }

    /// Runs the projection and WHERE on no rows, on one of nulls and on some of values, each apart: what works
    /// for none of them fails at the start of the job and not at its first record.
    pub(super) fn try_before_records(&self) -> Result<()> {
        let broken = |message: String| mistake(None, &message);
        let empty = RecordBatch::new_empty(Arc::clone(&self.input));
        let kept = RecordBatch::new_empty(Arc::clone(&self.kept_schema));
        guard::guarded(|| self.matching_rows(&empty).and_then(|_| self.project(&kept)))
            .and_then(|done| done)
            .map_err(broken)?;
        if self.reads_made_text {
            return Ok(());
        }
        let rows = sample_rows(&self.input).map_err(internal)?;
        let kept = rows.project(&self.kept).map_err(internal)?;
        works_for_any(&rows, |row| self.matching_rows(row).map(|_| ())).map_err(broken)?;
        works_for_any(&kept, |row| self.project(row).map(|_| ())).map_err(broken)
    }
}

/// Whether `work` can be done with any of the rows, the first of which is of nulls and the others of values; what was said of the
/// first of values if not. Nulls do not count where no values of their types ever work.
fn works_for_any(
    rows: &RecordBatch,
    work: impl Fn(&RecordBatch) -> Result<(), String>,
) -> Result<(), String> {
    let tried = |row| {
        let row = row_alone(rows, row).map_err(|error| describe(&error.into()))?;
        guard::guarded(|| work(&row)).and_then(|done| done)
    };
    let mut said = Vec::new();
    for row in 1..rows.num_rows() {
        match tried(row) {
            Ok(()) => return Ok(()),
            Err(message) => said.push(message),
        }
    }
    let is_of_types = !said.is_empty() && said.iter().all(|message| tells_of_types(message));
    let of_nulls = tried(0);
    if of_nulls.is_ok() && !is_of_types {
        return Ok(());
    }
    said.into_iter().next().map_or(of_nulls, Err)
}

fn with_rows(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn in_where(error: ArrowError) -> String {
    format!("WHERE: {}", describe(&error.into()))
}
