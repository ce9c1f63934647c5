//! DataFusion's function with something of our own before or in place of its work.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::Result;
use datafusion_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion_expr::type_coercion::functions::fields_with_udf;
use datafusion_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// What is done when the function is called; it is given the function that lies below.
pub(super) type Invoke = fn(&ScalarUDF, ScalarFunctionArgs) -> Result<ColumnarValue>;

/// The types as which arguments are taken, before the function below chooses by them.
pub(super) type Retype = fn(&[DataType]) -> Vec<DataType>;

/// Of which calls the function below may say what they are simplified to.
pub(super) type Simplifies = fn(&[Expr]) -> bool;

/// What is wrong with arguments of these types, if anything is; it is given the name of the function.
pub(super) type Check = fn(&str, &[DataType]) -> Result<()>;

/// The one of `functions` that is called `name`, called by way of `invoke`.
pub(super) fn over(
    functions: &[Arc<ScalarUDF>],
    name: &str,
    invoke: Invoke,
) -> Option<Arc<ScalarUDF>> {
    of(functions, name, Some(invoke), None).map(finished)
}

/// [`over`], of which calls are simplified only where `simplifies` says so.
pub(super) fn simplified(
    functions: &[Arc<ScalarUDF>],
    name: &str,
    invoke: Invoke,
    simplifies: Simplifies,
) -> Option<Arc<ScalarUDF>> {
    let over = of(functions, name, Some(invoke), None)?;
    Some(finished(Over {
        simplifies: Some(simplifies),
        ..over
    }))
}

/// The one of `functions` that is called `name`, with arguments of other types, and called by way of `invoke`
/// if that is given.
pub(super) fn retyped(
    functions: &[Arc<ScalarUDF>],
    name: &str,
    retype: Retype,
    invoke: Option<Invoke>,
) -> Option<Arc<ScalarUDF>> {
    of(functions, name, invoke, Some(retype)).map(finished)
}

/// [`retyped`], called by way of `invoke`, of which calls are simplified only where `simplifies` says so.
pub(super) fn kept(
    functions: &[Arc<ScalarUDF>],
    name: &str,
    retype: Retype,
    invoke: Invoke,
    simplifies: Simplifies,
) -> Option<Arc<ScalarUDF>> {
    let over = of(functions, name, Some(invoke), Some(retype))?;
    Some(finished(Over {
        simplifies: Some(simplifies),
        ..over
    }))
}

/// `below`, of which the type is told by those of its arguments alone, and by no constant among them.
pub(crate) fn blind(below: &Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    finished(Over {
        below: Arc::clone(below),
        signature: below.signature().clone(),
        invoke: None,
        retype: None,
        check: None,
        simplifies: None,
        only_looks: false,
        is_blind: true,
    })
}

/// `below`, whose arguments are looked at by `check` before it chooses by their types.
pub(super) fn checked(below: &Arc<ScalarUDF>, check: Check) -> Arc<ScalarUDF> {
    let own = below.signature();
    let signature = Signature {
        parameter_names: own.parameter_names.clone(),
        ..Signature::user_defined(own.volatility)
    };
    finished(Over {
        below: Arc::clone(below),
        signature,
        invoke: None,
        retype: None,
        check: Some(check),
        simplifies: None,
        only_looks: false,
        is_blind: false,
    })
}

/// `below`, of which `invoke` only looks at what it is given and what it makes. Once is enough.
pub(super) fn guarded(below: &Arc<ScalarUDF>, invoke: Invoke) -> Arc<ScalarUDF> {
    let over = below.inner().downcast_ref::<Over>();
    if over.is_some_and(|over| over.only_looks) {
        return Arc::clone(below);
    }
    finished(Over {
        below: Arc::clone(below),
        signature: below.signature().clone(),
        invoke: Some(invoke),
        retype: None,
        check: None,
        simplifies: None,
        only_looks: true,
        is_blind: false,
    })
}

fn of(
    functions: &[Arc<ScalarUDF>],
    name: &str,
    invoke: Option<Invoke>,
    retype: Option<Retype>,
) -> Option<Over> {
    let below = functions.iter().find(|function| function.name() == name)?;
    let signature = match retype {
        Some(_) => Signature::user_defined(below.signature().volatility),
        None => below.signature().clone(),
    };
    Some(Over {
        below: Arc::clone(below),
        signature,
        invoke,
        retype,
        check: None,
        simplifies: None,
        only_looks: false,
        is_blind: false,
    })
}

/// The name of a call without that of what it is given. With it all of an expression would be written anew for each level of it
/// whose type is asked for, which takes the cube of its levels. No column is found by it: what a query gives has names of its own.
pub(crate) fn short_name(function: &str) -> String {
    format!("{function}(…)")
}

fn finished(over: Over) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(over))
}

#[derive(Debug)]
struct Over {
    below: Arc<ScalarUDF>,
    signature: Signature,
    invoke: Option<Invoke>,
    retype: Option<Retype>,
    check: Option<Check>,
    simplifies: Option<Simplifies>,
    /// Whether the values are those of the function below.
    only_looks: bool,
    /// Whether no constant has a say in its type.
    is_blind: bool,
}

impl PartialEq for Over {
    /// Each function has one `invoke` that does something of its own, and one that only looks.
    fn eq(&self, other: &Self) -> bool {
        self.only_looks == other.only_looks
            && self.is_blind == other.is_blind
            && self.below == other.below
    }
}

impl Eq for Over {}

impl Hash for Over {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.below.hash(state);
    }
}

impl ScalarUDFImpl for Over {
    fn name(&self) -> &str {
        self.below.name()
    }

    fn aliases(&self) -> &[String] {
        self.below.aliases()
    }

    fn schema_name(&self, _args: &[Expr]) -> Result<String> {
        Ok(short_name(self.name()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.below.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        if !self.is_blind {
            return self.below.return_field_from_args(args);
        }
        let unknown = vec![None; args.arg_fields.len()];
        self.below.return_field_from_args(ReturnFieldArgs {
            arg_fields: args.arg_fields,
            scalar_arguments: &unknown,
        })
    }

    fn is_strict(&self) -> bool {
        (self.only_looks || self.check.is_some()) && self.below.inner().is_strict()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match self.invoke {
            Some(invoke) => invoke(&self.below, args),
            None => self.below.invoke_with_args(args),
        }
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if self.simplifies.is_some_and(|simplifies| !simplifies(&args)) {
            return Ok(ExprSimplifyResult::Original(args));
        }
        self.below.simplify(args, info)
    }

    fn conditional_arguments<'a>(
        &self,
        args: &'a [Expr],
    ) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.below.conditional_arguments(args)
    }

    fn short_circuits(&self) -> bool {
        self.below.short_circuits()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if let Some(check) = self.check {
            check(self.name(), arg_types)?;
        }
        let taken = match (self.retype, self.check) {
            (Some(retype), _) => retype(arg_types),
            (None, Some(_)) => arg_types.to_vec(),
            (None, None) => return self.below.coerce_types(arg_types),
        };
        let fields: Vec<FieldRef> = taken
            .into_iter()
            .map(|data_type| Arc::new(Field::new("", data_type, true)))
            .collect();
        let fields = fields_with_udf(&fields, self.below.as_ref())?;
        Ok(fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect())
    }
}
