//! What a query consists of: a projection, a filter, and the table below them.

use std::collections::HashSet;

use datafusion_common::DFSchema;
use datafusion_expr::{Expr, LogicalPlan};
use millstream_core::{Error, Result, codes};

use super::Unnest;
use crate::names::{double_name, output_name, unnested};

/// The two things a query on a stream consists of, and what they read.
pub(super) struct Parts<'a> {
    pub(super) names: Vec<String>,
    pub(super) unnest: Option<Unnest>,
    pub(super) projection: Vec<Expr>,
    pub(super) filter: Option<&'a Expr>,
    pub(super) input: &'a DFSchema,
}

impl<'a> Parts<'a> {
    /// Those of a plan.
    ///
    /// # Errors
    /// SQL_UNSUPPORTED where there is more in it, SQL_INVALID for two columns of one name.
    pub(super) fn of(plan: &'a LogicalPlan) -> Result<Self> {
        let names = plan.schema().fields().iter().enumerate();
        let unnest = names.clone().find_map(|(column, field)| {
            let (outer, _) = unnested(field.name())?;
            Some(Unnest { column, outer })
        });
        let names = names.map(|(i, field)| output_name(field.name(), i));
        let names: Vec<String> = names.collect();
        let (projection, below) = match plan {
            LogicalPlan::Projection(node) => (node.expr.clone(), node.input.as_ref()),
            _ => (
                plan.schema()
                    .columns()
                    .into_iter()
                    .map(Expr::Column)
                    .collect(),
                plan,
            ),
        };
        let (filter, source) = match below {
            LogicalPlan::Filter(node) => (Some(&node.predicate), node.input.as_ref()),
            _ => (None, below),
        };
        let table = match source {
            LogicalPlan::SubqueryAlias(node) => node.input.as_ref(),
            _ => source,
        };
        if !matches!(table, LogicalPlan::TableScan(_)) {
            let message = "the query is more than projection and filter over one table";
            return Err(Error::new(&codes::SQL_UNSUPPORTED, message)
                .next("use SELECT … FROM … WHERE … with functions of one row"));
        }
        let mut seen = HashSet::new();
        if let Some(name) = names.iter().find(|name| !seen.insert(*name)) {
            return Err(double_name(None, name));
        }
        Ok(Self {
            names,
            unnest,
            projection,
            filter,
            input: source.schema().as_ref(),
        })
    }
}
