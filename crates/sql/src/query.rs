//! A planned `SELECT` and its evaluation, one batch at a time.

mod branch;
mod filter;
mod guard;
mod isolate;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion_sql::sqlparser::ast::Query as Ast;
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};

use self::branch::{Answer, Branch};
use crate::blame;
use crate::check::{Scope, check};
use crate::functions::Functions;
use crate::names::name_outputs;
use crate::parse::parse;
use crate::plan::conditions::ColumnCondition;
use crate::plan::{Plan, plan};
use crate::rewrite::rewrite;
use crate::{union, unnest};

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
    parts: Arc<Parts>,
}

/// The SELECTs, and what they are together.
#[derive(Debug)]
struct Parts {
    branches: Vec<Branch>,
    /// The table's columns, as the caller gave them.
    table: SchemaRef,
    /// Indices into `table` of the columns that are read, ascending, and their schema.
    needed: Vec<usize>,
    input: SchemaRef,
    output: SchemaRef,
}

impl Parts {
    fn of(plans: Vec<Plan>, table: &Schema) -> Result<Self> {
        let output = match plans.as_slice() {
            [plan] => Arc::clone(&plan.output),
            plans => union::columns(plans)?,
        };
        let needed: BTreeSet<usize> = plans
            .iter()
            .flat_map(|plan| &plan.needed)
            .copied()
            .collect();
        let needed: Vec<usize> = needed.into_iter().collect();
        let branches = plans.into_iter().map(|plan| {
            let places = plan.needed.iter();
            let places = places.filter_map(|column| needed.binary_search(column).ok());
            Branch {
                places: places.collect(),
                plan,
            }
        });
        Ok(Self {
            branches: branches.collect(),
            table: Arc::new(table.clone()),
            input: Arc::new(table.project(&needed).map_err(internal)?),
            needed,
            output,
        })
    }
}

impl Query {
    /// Plans `sql`, one `SELECT` over the table `table_name` whose columns are those of `schema`, or several that are
    /// joined by `UNION ALL`: then each row goes through all of them, and is a failure as a whole.
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
        let selects = union::selects(parse(sql)?)?.into_iter();
        let plans = selects.map(|select| plan_select(Box::new(select), table_name, schema));
        let parts = Parts::of(plans.collect::<Result<_>>()?, schema)?;
        Ok(Self {
            parts: Arc::new(parts),
        })
    }

    /// The schema of what [`evaluate`](Self::evaluate) gives. Every column is nullable; strings
    /// are Utf8 in whatever layout functions gave them.
    pub fn output_schema(&self) -> &SchemaRef {
        &self.parts.output
    }

    /// Indices into the table's schema of the columns that the query reads, ascending. A source
    /// needs to decode no others. Empty where the query reads no column, such as `select 1 as one`.
    pub fn columns_needed(&self) -> &[usize] {
        &self.parts.needed
    }

    /// What is so of every row that the query keeps, of single columns. A source that knows it not to be so of some rows
    /// need not read them; it says how many they are.
    pub fn conditions(&self) -> &[ColumnCondition] {
        match self.parts.branches.as_slice() {
            [branch] => &branch.plan.conditions,
            // A row that one SELECT leaves out is kept by another.
            _ => &[],
        }
    }

    /// The schema of the [needed](Self::columns_needed) columns: what batches must look like.
    pub fn input_schema(&self) -> &SchemaRef {
        &self.parts.input
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
        let plan = &self.parts;
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
                    type_in_words(column.data_type()),
                    type_in_words(field.data_type())
                )));
            }
        }
        Ok(batch)
    }

    /// The whole query on the needed columns; an error says where in the query and what.
    fn answer(&self, batch: &RecordBatch) -> Result<Answer, String> {
        branch::answer(&self.parts.branches, &self.parts.output, batch)
    }
}

/// Plans one SELECT.
fn plan_select(mut query: Box<Ast>, table_name: &str, schema: &Schema) -> Result<Plan> {
    // Behind it nothing is so deep that it can't be walked through.
    rewrite(&mut query, schema)?;
    unnest::take_off(&mut query)?;
    let scope = Scope {
        table: table_name,
        schema,
        functions: &Functions::new(),
    };
    check(&query, &scope)?;
    name_outputs(&mut query, schema)?;
    let planned = |query| {
        let planned = plan(query, table_name, schema, Functions::new())?;
        planned.try_before_records()?;
        Ok(planned)
    };
    planned(query.clone()).map_err(|error| {
        let alone = |part| guard::guarded(|| planned(part).map(|_| ()));
        blame::located(error, &query, |part| alone(part).unwrap_or(Ok(())))
    })
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

fn internal(message: impl ToString) -> Error {
    Error::new(&codes::INTERNAL, format!("SQL got {}", message.to_string()))
        .next("report it with the job's SQL and schema")
}
