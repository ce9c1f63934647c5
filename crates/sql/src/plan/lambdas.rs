//! Rules over expressions with lambdas in them: what a rule makes of an array is known where it comes to the lambda.
//!
//! DataFusion gives the parameter of a lambda its type when the query is planned. A rule that makes other items of an array would look
//! at the lambda with the type that they had before, and what it made of it then would stay.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion_common::datatype::FieldExt;
use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRecursion, TreeNodeRewriter};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::expr::HigherOrderFunction;
use datafusion_expr::type_coercion::functions::value_fields_with_higher_order_udf;
use datafusion_expr::{Expr, LambdaParametersProgress, ValueOrLambda};

use super::settled::field_of;

/// Does `change` to each part of an expression, to what it is made of first. Parameters of lambdas are of the types that they have
/// once what their function is given has been changed.
pub(super) fn each_part(
    expr: Expr,
    schema: &DFSchema,
    change: &dyn Fn(Expr) -> Result<Expr>,
) -> Result<Expr> {
    let mut parts = Parts {
        schema,
        change,
        parameters: Vec::new(),
    };
    Ok(expr.rewrite(&mut parts)?.data)
}

struct Parts<'a> {
    schema: &'a DFSchema,
    change: &'a dyn Fn(Expr) -> Result<Expr>,
    /// The parameters of the lambdas around, the innermost last; without a field where it is not known.
    parameters: Vec<(String, Option<FieldRef>)>,
}

impl TreeNodeRewriter for Parts<'_> {
    type Node = Expr;

    fn f_down(&mut self, expr: Expr) -> Result<Transformed<Expr>> {
        match expr {
            Expr::HigherOrderFunction(call) => {
                let call = Expr::HigherOrderFunction(self.called(call)?);
                // What it is given has been changed.
                Ok(Transformed::new(call, true, TreeNodeRecursion::Jump))
            }
            Expr::LambdaVariable(mut variable) => {
                let mut around = self.parameters.iter().rev();
                let known = around.find(|(name, _)| *name == variable.name);
                if let Some((_, Some(field))) = known {
                    variable.field = Some(Arc::clone(field));
                }
                Ok(Transformed::yes(Expr::LambdaVariable(variable)))
            }
            other => Ok(Transformed::no(other)),
        }
    }

    fn f_up(&mut self, expr: Expr) -> Result<Transformed<Expr>> {
        Ok(Transformed::yes((self.change)(expr)?))
    }
}

impl Parts<'_> {
    /// Changes what a function is given: the lambdas last, as the rest says of what types their parameters are.
    fn called(&mut self, mut call: HigherOrderFunction) -> Result<HigherOrderFunction> {
        for arg in &mut call.args {
            if !matches!(arg, Expr::Lambda(_)) {
                *arg = std::mem::take(arg).rewrite(self)?.data;
            }
        }
        // What has no type is told where the types are made equal.
        let parameters = parameters_of(&call, self.schema).unwrap_or_default();
        let mut parameters = parameters.into_iter();
        for arg in &mut call.args {
            let Expr::Lambda(lambda) = arg else {
                continue;
            };
            let around = self.parameters.len();
            let mut fields = parameters.next().unwrap_or_default().into_iter();
            for name in &lambda.params {
                let field = fields.next().map(|field| field.renamed(name));
                self.parameters.push((name.clone(), field));
            }
            let body = std::mem::take(lambda.body.as_mut());
            *lambda.body = body.rewrite(self)?.data;
            self.parameters.truncate(around);
        }
        Ok(call)
    }
}

/// The parameters of each lambda that a function is given. `Expr::resolve_lambda_variables` tells them of no function within a lambda,
/// and leaves out the functions in what the outermost one is given.
fn parameters_of(call: &HigherOrderFunction, schema: &DFSchema) -> Result<Vec<Vec<FieldRef>>> {
    let given = call.args.iter().map(|arg| match arg {
        Expr::Lambda(_) => Ok(ValueOrLambda::Lambda(None)),
        value => Ok(ValueOrLambda::Value(field_of(value, schema)?)),
    });
    let given = given.collect::<Result<Vec<_>>>()?;
    let given = value_fields_with_higher_order_udf(&given, call.func.as_ref())?;
    match call.func.lambda_parameters(0, &given)? {
        LambdaParametersProgress::Complete(parameters) => Ok(parameters),
        LambdaParametersProgress::Partial(_) => Ok(Vec::new()),
    }
}
