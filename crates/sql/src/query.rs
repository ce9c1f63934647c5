//! A planned `SELECT` and its evaluation, one batch at a time.

mod filter;
mod guard;
mod isolate;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion_sql::sqlparser::ast::Query as Ast;
use millstream_core::{Error, Result, codes};

use crate::blame;
use crate::check::{Scope, check};
use crate::functions::{Functions, room};
use crate::names::name_outputs;
use crate::parse::parse;
use crate::plan::conditions::ColumnCondition;
use crate::plan::{Plan, describe, mistake, plan};
use crate::rewrite::rewrite;
use crate::trial::sample_rows;
use crate::unnest;

pub use guard::guarded;
pub use isolate::{Evaluated, RowFailure};

/// A `SELECT` over one table, planned once and evaluated batch by batch.
///
/// Cloning is cheap. A query holds no state between batches, so workers may share it.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{RecordBatch, StringArray};
/// use millstream_sql::{Query, schema::parse_struct};
///
/// let schema = parse_struct("struct<id:String,tags:String>")?;
/// let query = Query::plan("select arraySplit(tags, '|') as tags from t1", "t1", &schema)?;
/// assert_eq!(query.columns_needed(), [1]);
///
/// let tags = Arc::new(StringArray::from(vec!["a|b"]));
/// let batch = RecordBatch::try_new(query.input_schema().clone(), vec![tags]).unwrap();
/// assert_eq!(query.evaluate(&batch)?.num_rows(), 1);
/// # Ok::<(), millstream_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Query {
    plan: Arc<Plan>,
}

/// What a batch gave: the output and, where WHERE dropped some rows, which ones it kept.
struct Answer {
    rows: RecordBatch,
    kept: Option<BooleanArray>,
    /// Where values of an array have become rows: of which of the kept rows each was made.
    spread: Option<Vec<u32>>,
}

impl Query {
    /// Plans `sql`, one `SELECT` over the table `table_name` whose columns are those of `schema`.
    ///
    /// Table and column names are case-sensitive, function names are not. Names may stand in
    /// backquotes or double quotes. An expression without alias is called `EXPR$i`, `i` being its
    /// place in the output from 0, as in Flink.
    ///
    /// # Errors
    /// - SQL_INVALID: text that is no SQL, an unknown table, column or function (with the nearest
    ///   names), types that do not fit, two output columns of one name. Line and column are named.
    /// - SQL_UNSUPPORTED: what needs more than one row (aggregates, joins, ORDER BY, …), with
    ///   what to use instead.
    /// - SCHEMA_INVALID: `schema` has two columns of one name.
    pub fn plan(sql: &str, table_name: &str, schema: &Schema) -> Result<Self> {
        guard::on_a_large_stack(|| Self::plan_here(sql, table_name, schema))
    }

    fn plan_here(sql: &str, table_name: &str, schema: &Schema) -> Result<Self> {
        refuse_double_columns(schema)?;
        let mut query = parse(sql)?;
        unnest::take_off(&mut query)?;
        rewrite(&mut query)?;
        let scope = Scope {
            table: table_name,
            schema,
            functions: &Functions::new(),
        };
        check(&query, &scope)?;
        name_outputs(&mut query, schema)?;
        let planned = |query| Self::plan_checked(query, table_name, schema);
        planned(query.clone()).map_err(|error| {
            let alone = |part| guard::guarded(|| planned(part).map(|_| ()));
            blame::located(error, &query, |part| alone(part).unwrap_or(Ok(())))
        })
    }

    fn plan_checked(query: Box<Ast>, table_name: &str, schema: &Schema) -> Result<Self> {
        let plan = Arc::new(plan(query, table_name, schema, Functions::new())?);
        let planned = Self { plan };
        planned.try_before_records()?;
        Ok(planned)
    }

    /// The schema of what [`evaluate`](Self::evaluate) gives. Every column is nullable; strings
    /// are Utf8 in whatever layout functions gave them.
    pub fn output_schema(&self) -> &SchemaRef {
        &self.plan.output
    }

    /// Indices into the table's schema of the columns that the query reads, ascending. A source
    /// needs to decode no others. Empty where the query reads no column, such as `select 1 as one`.
    pub fn columns_needed(&self) -> &[usize] {
        &self.plan.needed
    }

    /// What is so of every row that the query keeps, of single columns. A source that knows it not to be so of some rows
    /// need not read them; it says how many they are.
    pub fn conditions(&self) -> &[ColumnCondition] {
        &self.plan.conditions
    }

    /// The schema of the [needed](Self::columns_needed) columns: what batches must look like.
    pub fn input_schema(&self) -> &SchemaRef {
        &self.plan.input
    }

    /// Evaluates the query on `batch`: WHERE first, then the projection of the rows that are left.
    ///
    /// `batch` holds the [needed](Self::columns_needed) columns in their order, or all columns of
    /// the table. Columns are taken by place and type; their names do not matter. Columns that the
    /// projection only hands on are not copied.
    ///
    /// # Errors
    /// SQL_EVALUATION with the first row that can't be answered and why; see
    /// [`evaluate_isolating`](Self::evaluate_isolating). INTERNAL where the batch has other columns
    /// than the query was planned for.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let evaluated = self.evaluate_isolating(batch)?;
        match evaluated.failures.first() {
            None => Ok(evaluated.rows),
            Some(failure) => Err(Error::new(
                &codes::SQL_EVALUATION,
                format!("row {} of the batch: {}", failure.row, failure.message),
            )
            .next("mend the record, or write TRY_CAST or CASE where such values are expected")),
        }
    }

    /// Evaluates like [`evaluate`](Self::evaluate), but sets rows that can't be answered aside (a
    /// value that can't be cast, a division by zero) and goes on with the others.
    ///
    /// A batch without such rows costs nothing more. One with a bad row is cut in halves until the
    /// row is alone, so k bad rows of n cost about k · log n evaluations. A function that panics is such a
    /// row's failure, too, and so is one that would make more than 64 MiB for it. Where the answers of a batch
    /// come to four times the batch and 256 MiB, the rows that are left are failures: there is no room for them.
    ///
    /// # Errors
    /// INTERNAL where the batch has other columns than the query was planned for.
    pub fn evaluate_isolating(&self, batch: &RecordBatch) -> Result<Evaluated> {
        let batch = self.admit(batch)?;
        match self.answer(&batch) {
            Ok(answer) => Ok(Evaluated::whole(batch.num_rows(), answer)),
            Err(_) => isolate::isolate(self, &batch),
        }
    }

    /// The needed columns of `batch`, checked.
    fn admit<'a>(&self, batch: &'a RecordBatch) -> Result<Cow<'a, RecordBatch>> {
        let plan = &self.plan;
        let batch = if batch.num_columns() == plan.needed.len() {
            Cow::Borrowed(batch)
        } else if batch.num_columns() == plan.table.fields().len() {
            Cow::Owned(batch.project(&plan.needed).map_err(internal)?)
        } else {
            return Err(internal(format!(
                "a batch with {} columns, where the query reads {} of {}",
                batch.num_columns(),
                plan.needed.len(),
                plan.table.fields().len()
            )));
        };
        for (field, column) in plan.input.fields().iter().zip(batch.columns()) {
            if field.data_type() != column.data_type() {
                return Err(internal(format!(
                    "column `{}` comes as {}, not as {}",
                    field.name(),
                    column.data_type(),
                    field.data_type()
                )));
            }
        }
        Ok(batch)
    }

    /// The whole query on the needed columns; an error says where in the query and what. A panic is one.
    fn answer(&self, batch: &RecordBatch) -> Result<Answer, String> {
        guard::guarded(|| self.answer_unguarded(batch))?
    }

    fn answer_unguarded(&self, batch: &RecordBatch) -> Result<Answer, String> {
        let constants = self.plan.constants.saturating_mul(batch.num_rows() as u64);
        room::fits("the constants of the query", constants).map_err(|e| describe(&e))?;
        let kept = self.matching_rows(batch)?;
        let columns = self
            .plan
            .kept
            .iter()
            .filter_map(|i| batch.columns().get(*i));
        let (columns, rows) = match &kept {
            None => (columns.cloned().collect(), batch.num_rows()),
            Some(mask) => filter::filter_columns(columns, mask).map_err(in_where)?,
        };
        if rows == 0 {
            let rows = RecordBatch::new_empty(Arc::clone(&self.plan.output));
            return Ok(Answer {
                rows,
                kept,
                spread: None,
            });
        }
        let input =
            with_rows(&self.plan.kept_schema, columns, rows).map_err(|e| describe(&e.into()))?;
        let rows = self.project(&input)?;
        let Some(unnest) = self.plan.unnest else {
            return Ok(Answer {
                rows,
                kept,
                spread: None,
            });
        };
        let (rows, spread) = unnest::spread(&rows, unnest, &self.plan.output)?;
        Ok(Answer {
            rows,
            kept,
            spread: Some(spread),
        })
    }

    /// The rows that WHERE keeps; none if it keeps all of them.
    fn matching_rows(&self, batch: &RecordBatch) -> Result<Option<BooleanArray>, String> {
        let Some(predicate) = &self.plan.predicate else {
            return Ok(None);
        };
        let value = predicate
            .evaluate(batch)
            .and_then(|value| value.into_array(batch.num_rows()))
            .map_err(|e| format!("WHERE: {}", describe(&e)))?;
        let Some(mask) = value.as_boolean_opt() else {
            return Err(format!("WHERE: gave {}, not Boolean", value.data_type()));
        };
        let all = mask.true_count() == mask.len();
        Ok((!all).then(|| mask.clone()))
    }

    fn project(&self, input: &RecordBatch) -> Result<RecordBatch, String> {
        let output = &self.plan.projected;
        let mut columns = Vec::with_capacity(self.plan.projection.len());
        for (expr, field) in self.plan.projection.iter().zip(output.fields()) {
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
    fn try_before_records(&self) -> Result<()> {
        let broken = |message: String| mistake(None, &message);
        let empty = RecordBatch::new_empty(Arc::clone(&self.plan.input));
        let kept = RecordBatch::new_empty(Arc::clone(&self.plan.kept_schema));
        guard::guarded(|| self.matching_rows(&empty).and_then(|_| self.project(&kept)))
            .and_then(|done| done)
            .map_err(broken)?;
        let rows = sample_rows(&self.plan.input).map_err(internal)?;
        let kept = rows.project(&self.plan.kept).map_err(internal)?;
        // Of values first: what is said of them says more.
        let order = (1..rows.num_rows()).chain([0]);
        let mut conditions = order.clone().map(|row| {
            guard::guarded(|| self.matching_rows(&rows.slice(row, 1))).and_then(|done| done)
        });
        any_works(&mut conditions).map_err(broken)?;
        let mut projections = order
            .map(|row| guard::guarded(|| self.project(&kept.slice(row, 1))).and_then(|done| done));
        any_works(&mut projections).map_err(broken)
    }
}

/// Whether any of the tries works; what the first of them said if none does.
fn any_works<T>(tries: &mut dyn Iterator<Item = Result<T, String>>) -> Result<(), String> {
    let mut first = None;
    for tried in tries {
        match tried {
            Ok(_) => return Ok(()),
            Err(message) => first = first.or(Some(message)),
        }
    }
    first.map_or(Ok(()), Err)
}

fn refuse_double_columns(schema: &Schema) -> Result<()> {
    let mut seen = HashSet::new();
    match schema
        .fields()
        .iter()
        .find(|field| !seen.insert(field.name()))
    {
        None => Ok(()),
        Some(field) => Err(Error::new(
            &codes::SCHEMA_INVALID,
            format!("column `{}` is there twice", field.name()),
        )
        .next("give every column a name of its own")),
    }
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

fn internal(message: impl ToString) -> Error {
    Error::new(&codes::INTERNAL, format!("SQL got {}", message.to_string()))
        .next("report it with the job's SQL and schema")
}
