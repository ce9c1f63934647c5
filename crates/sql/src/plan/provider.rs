//! What DataFusion's planner asks about tables, functions and types.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef, TimeUnit};
use datafusion_common::config::ConfigOptions;
use datafusion_common::utils::list_ndims;
use datafusion_common::{DFSchema, TableReference, not_impl_err, plan_err};
use datafusion_expr::logical_plan::builder::LogicalTableSource;
use datafusion_expr::planner::{
    ContextProvider, ExprPlanner, PlannerResult, RawBinaryExpr, TypePlanner,
};
use datafusion_expr::{
    AggregateUDF, Expr, ExprSchemable, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF,
};
use datafusion_sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, DataType as SqlType, TimezoneInfo,
};

use super::DfResult;
use super::items::planned;
use super::times::chosen::instead;
use crate::functions::Functions;
use crate::functions::kept_null;
use crate::functions::quantified;
use crate::functions::written::{self, Written};
use crate::schema::types::named;

/// The one table, the registered functions, and our types.
pub(super) struct Provider {
    table: String,
    source: Arc<dyn TableSource>,
    functions: Functions,
    pub(super) options: ConfigOptions,
    expressions: Vec<Arc<dyn ExprPlanner>>,
}

impl Provider {
    pub(super) fn new(table: &str, schema: SchemaRef, functions: Functions) -> Self {
        let joining = |name: &str| functions.scalar(name).map(planned::instead);
        let registered = Registered {
            array_append: joining("array_append"),
            array_concat: joining("array_concat"),
            array_has_all: joining("array_has_all"),
            array_prepend: joining("array_prepend"),
            date_part: functions.scalar("date_part"),
            substr: functions.scalar("substr"),
        };
        Self {
            table: table.to_string(),
            source: Arc::new(LogicalTableSource::new(schema)),
            functions,
            options: ConfigOptions::new(),
            expressions: vec![
                Arc::new(registered),
                Arc::new(datafusion_functions::core::planner::CoreFunctionPlanner::default()),
                Arc::new(datafusion_functions_nested::planner::NestedFunctionPlanner),
                Arc::new(datafusion_functions_nested::planner::FieldAccessPlanner),
                Arc::new(datafusion_functions::datetime::planner::DatetimeFunctionPlanner),
                Arc::new(datafusion_functions::unicode::planner::UnicodeFunctionPlanner),
            ],
        }
    }

    pub(super) fn functions(&self) -> &Functions {
        &self.functions
    }
}

impl ContextProvider for Provider {
    fn get_table_source(&self, name: TableReference) -> DfResult<Arc<dyn TableSource>> {
        if name.table() == self.table {
            return Ok(Arc::clone(&self.source));
        }
        plan_err!("there is no table `{name}`")
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.expressions
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(Types))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        if name == written::NAME {
            return Some(Arc::new(ScalarUDF::from(Written::new())));
        }
        if name == kept_null::NAME {
            return Some(kept_null::kept_null());
        }
        if let Some(comparison) = quantified::quantified(name) {
            return Some(planned::instead(comparison));
        }
        self.functions
            .scalar(name)
            .map(instead)
            .map(planned::instead)
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.functions.higher_order(name)
    }

    fn get_aggregate_meta(&self, _name: &str) -> Option<Arc<AggregateUDF>> {
        None
    }

    fn get_window_meta(&self, _name: &str) -> Option<Arc<WindowUDF>> {
        None
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        self.functions.names().map(ToString::to_string).collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Plans syntax with the functions of the registry, where DataFusion would take its own.
#[derive(Debug)]
struct Registered {
    array_append: Option<Arc<ScalarUDF>>,
    array_concat: Option<Arc<ScalarUDF>>,
    array_has_all: Option<Arc<ScalarUDF>>,
    array_prepend: Option<Arc<ScalarUDF>>,
    date_part: Option<Arc<ScalarUDF>>,
    substr: Option<Arc<ScalarUDF>>,
}

impl ExprPlanner for Registered {
    /// `||` beside an array, where whatever has fewer levels of arrays is an item of the other, and `@>` and `<@` of two arrays.
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> DfResult<PlannerResult<RawBinaryExpr>> {
        use BinaryOperator::{ArrowAt, AtArrow, StringConcat};
        if !matches!(expr.op, ArrowAt | AtArrow | StringConcat) {
            return Ok(PlannerResult::Original(expr));
        }
        let left = list_ndims(&expr.left.get_type(schema)?);
        let right = list_ndims(&expr.right.get_type(schema)?);
        let function = match (&expr.op, left.cmp(&right)) {
            _ if left == 0 && right == 0 => None,
            (StringConcat, Ordering::Greater) => self.array_append.as_ref(),
            (StringConcat, Ordering::Equal) => self.array_concat.as_ref(),
            (StringConcat, Ordering::Less) => self.array_prepend.as_ref(),
            _ if left == 0 || right == 0 => None,
            _ => self.array_has_all.as_ref(),
        };
        Ok(match function {
            Some(function) if expr.op == ArrowAt => {
                PlannerResult::Planned(function.call(vec![expr.right, expr.left]))
            }
            Some(function) => PlannerResult::Planned(function.call(vec![expr.left, expr.right])),
            None => PlannerResult::Original(expr),
        })
    }

    fn plan_extract(&self, args: Vec<Expr>) -> DfResult<PlannerResult<Vec<Expr>>> {
        Ok(call(self.date_part.as_ref(), args))
    }

    fn plan_substring(&self, args: Vec<Expr>) -> DfResult<PlannerResult<Vec<Expr>>> {
        Ok(call(self.substr.as_ref(), args))
    }
}

fn call(function: Option<&Arc<ScalarUDF>>, args: Vec<Expr>) -> PlannerResult<Vec<Expr>> {
    match function {
        Some(function) => PlannerResult::Planned(function.call(args)),
        None => PlannerResult::Original(args),
    }
}

/// SQL types that mean something else here than in DataFusion: TIMESTAMP has microseconds, as the
/// type of that name has in a schema.
#[derive(Debug)]
struct Types;

impl TypePlanner for Types {
    fn plan_type_field(&self, sql_type: &SqlType) -> DfResult<Option<FieldRef>> {
        let data_type = match sql_type {
            SqlType::Timestamp(digits, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
            | SqlType::TimestampNtz(digits)
            | SqlType::Datetime(digits) => {
                // Digits of the fraction; nothing here has more than six.
                let unit = match digits {
                    Some(0) => TimeUnit::Second,
                    Some(1..=3) => TimeUnit::Millisecond,
                    _ => TimeUnit::Microsecond,
                };
                DataType::Timestamp(unit, None)
            }
            SqlType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
                return not_impl_err!("TIMESTAMP WITH TIME ZONE");
            }
            SqlType::Array(ArrayElemTypeDef::SquareBracket(item, Some(_))) => {
                return not_impl_err!("an array of fixed length (write {item}[])");
            }
            SqlType::Interval { .. } => {
                return not_impl_err!("a CAST to INTERVAL (write interval '1' day)");
            }
            SqlType::Custom(name, arguments) => {
                let arguments = match arguments.as_slice() {
                    [] => String::new(),
                    arguments => format!("({})", arguments.join(",")),
                };
                match named(&format!("{name}{arguments}")) {
                    Ok(named) => named.data_type,
                    Err(problem) => return plan_err!("{problem}"),
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", data_type, true))))
    }
}
