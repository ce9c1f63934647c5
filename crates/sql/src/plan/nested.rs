//! Arrays, structs and maps that are compared or handed on whole: what stands at one place in them is made one type by the rule of
//! what stands there by itself.
//!
//! What the query makes of items is taken apart. Of anything else only the types are known: where the rule casts what stands at a
//! place, the whole is cast.

pub(super) mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::utils::base_type;
use datafusion_common::{DFSchema, Result, plan_err};
use datafusion_expr::expr::{Cast, LambdaVariable};
use datafusion_expr::{Expr, cast};

use self::shapes::give_shape;
use super::item_type;
use super::settled::{results, type_of};

/// The way from a whole to what stands in it. All items of an array stand at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place(usize),
    Key,
    Value,
}

/// What is told of each thing that is no array, struct or map: where it stands, and what it is.
type Visit<'a> = dyn FnMut(&[Step], &mut Expr) -> Result<()> + 'a;

/// Whether values of the type are arrays, structs or maps.
pub(super) fn has_parts(data_type: &DataType) -> bool {
    item_type(data_type).is_some() || has_fields(data_type)
}

/// Whether one of the expressions gives arrays, structs or maps.
pub(super) fn any_whole(exprs: &[Expr], schema: &DFSchema) -> bool {
    let mut types = exprs.iter().filter_map(|expr| type_of(expr, schema).ok());
    types.any(|own| has_parts(&own))
}

/// Whether an expression gives structs or maps, or arrays of them.
pub(super) fn gives_fields(expr: &Expr, schema: &DFSchema) -> bool {
    type_of(expr, schema).is_ok_and(|own| has_fields(&base_type(&own)))
}

fn has_fields(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Struct(_) | DataType::Map(..))
}

/// Does `rule` to the expressions, or to what stands at each place in them where there are wholes among them.
///
/// # Errors
/// What the rule refuses, and what it would make of a whole that no cast makes of it.
pub(super) fn by_place(
    exprs: &mut [Expr],
    schema: &DFSchema,
    rule: &dyn Fn(&mut [Expr]) -> Result<()>,
) -> Result<()> {
    if !any_whole(exprs, schema) {
        return rule(exprs);
    }
    let mut wholes: Vec<&mut Expr> = exprs.iter_mut().collect();
    each_place(&mut wholes, schema, rule)
}

/// Does `rule` to what stands at each place in the expressions. Structs among them have the same fields already (`shapes`).
///
/// # Errors
/// As those of [`by_place`].
pub(super) fn each_place(
    exprs: &mut [&mut Expr],
    schema: &DFSchema,
    rule: &dyn Fn(&mut [Expr]) -> Result<()>,
) -> Result<()> {
    let wholes = Wholes { schema };
    let mut places: BTreeMap<Vec<Step>, Vec<Expr>> = BTreeMap::new();
    for expr in exprs.iter_mut() {
        wholes.visit(expr, &mut Vec::new(), &mut |way, found| {
            let place = places.entry(way.to_vec()).or_default();
            place.push(found.clone());
            Ok(())
        })?;
    }
    for found in places.values_mut() {
        rule(found)?;
    }
    let made = places
        .into_iter()
        .map(|(way, made)| (way, made.into_iter()));
    let mut made: BTreeMap<Vec<Step>, std::vec::IntoIter<Expr>> = made.collect();
    for expr in exprs.iter_mut() {
        wholes.visit(expr, &mut Vec::new(), &mut |way, found| {
            if let Some(one) = made.get_mut(way).and_then(Iterator::next) {
                *found = one;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What goes through wholes.
struct Wholes<'a> {
    schema: &'a DFSchema,
}

impl Wholes<'_> {
    fn visit(&self, expr: &mut Expr, way: &mut Vec<Step>, visit: &mut Visit<'_>) -> Result<()> {
        match expr {
            Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
                for item in &mut call.args {
                    self.visit(item, way, visit)?;
                }
                Ok(())
            }
            Expr::ScalarFunction(call) if call.func.name() == "struct" => {
                for (place, value) in call.args.iter_mut().enumerate() {
                    self.behind(Step::Place(place), value, way, visit)?;
                }
                Ok(())
            }
            Expr::ScalarFunction(call) if call.func.name() == "named_struct" => {
                for (place, pair) in call.args.chunks_exact_mut(2).enumerate() {
                    let [_, value] = pair else {
                        continue;
                    };
                    self.behind(Step::Place(place), value, way, visit)?;
                }
                Ok(())
            }
            Expr::ScalarFunction(call) if call.func.name() == "map" => {
                if let [keys, values] = call.args.as_mut_slice() {
                    self.behind(Step::Key, keys, way, visit)?;
                    self.behind(Step::Value, values, way, visit)?;
                }
                Ok(())
            }
            Expr::Case(case) if results(case).any(|result| self.gives_whole(result)) => {
                for (_, result) in &mut case.when_then_expr {
                    self.visit(result, way, visit)?;
                }
                match &mut case.else_expr {
                    Some(result) => self.visit(result, way, visit),
                    None => Ok(()),
                }
            }
            other => self.given(other, way, visit),
        }
    }

    fn behind(
        &self,
        step: Step,
        expr: &mut Expr,
        way: &mut Vec<Step>,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        way.push(step);
        self.visit(expr, way, visit)?;
        way.pop();
        Ok(())
    }

    fn gives_whole(&self, expr: &Expr) -> bool {
        type_of(expr, self.schema).is_ok_and(|own| has_parts(&own))
    }

    /// What is not made of items here.
    fn given(&self, expr: &mut Expr, way: &mut Vec<Step>, visit: &mut Visit<'_>) -> Result<()> {
        let own = match type_of(expr, self.schema) {
            Ok(own) if has_parts(&own) => own,
            _ => return visit(way, expr),
        };
        let wanted = self.made_of(&own, way, visit)?;
        if wanted == own {
            return Ok(());
        }
        // The cast of a whole would cut nanoseconds off towards 1970.
        give_shape(expr, &wanted, self.schema);
        if type_of(expr, self.schema)? != wanted {
            *expr = cast(std::mem::take(expr), wanted);
        }
        Ok(())
    }

    /// The type that is made of `own`, where what stands in it is made of another type.
    fn made_of(
        &self,
        own: &DataType,
        way: &mut Vec<Step>,
        visit: &mut Visit<'_>,
    ) -> Result<DataType> {
        Ok(match own {
            DataType::List(item) => DataType::List(self.field(item, None, way, visit)?),
            DataType::LargeList(item) => DataType::LargeList(self.field(item, None, way, visit)?),
            DataType::FixedSizeList(item, size) => {
                DataType::FixedSizeList(self.field(item, None, way, visit)?, *size)
            }
            DataType::Struct(fields) => {
                let fields = fields
                    .iter()
                    .enumerate()
                    .map(|(place, field)| self.field(field, Some(Step::Place(place)), way, visit));
                let fields: Vec<FieldRef> = fields.collect::<Result<_>>()?;
                DataType::Struct(fields.into())
            }
            DataType::Map(entries, sorted) => match entries.data_type() {
                DataType::Struct(fields) => {
                    let steps = [Step::Key, Step::Value].into_iter().map(Some);
                    let fields = fields.iter().zip(steps);
                    let fields = fields.map(|(field, step)| self.field(field, step, way, visit));
                    let fields: Vec<FieldRef> = fields.collect::<Result<_>>()?;
                    let made = DataType::Struct(fields.into());
                    let entries = Field::clone(entries).with_data_type(made);
                    DataType::Map(Arc::new(entries), *sorted)
                }
                _ => own.clone(),
            },
            own => one(own, way, visit)?,
        })
    }

    fn field(
        &self,
        field: &FieldRef,
        step: Option<Step>,
        way: &mut Vec<Step>,
        visit: &mut Visit<'_>,
    ) -> Result<FieldRef> {
        let before = way.len();
        way.extend(step);
        let made = self.made_of(field.data_type(), way, visit)?;
        way.truncate(before);
        Ok(Arc::new(Field::clone(field).with_data_type(made)))
    }
}

/// The type that is made of one value, of which only the type is known.
fn one(own: &DataType, way: &[Step], visit: &mut Visit<'_>) -> Result<DataType> {
    let name = "value";
    let field = Arc::new(Field::new(name, own.clone(), true));
    let mut stands = Expr::LambdaVariable(LambdaVariable::new(name.to_owned(), Some(field)));
    visit(way, &mut stands)?;
    match &stands {
        Expr::LambdaVariable(_) => Ok(own.clone()),
        Expr::Cast(Cast { expr, field }) if matches!(**expr, Expr::LambdaVariable(_)) => {
            Ok(field.data_type().clone())
        }
        _ => plan_err!(
            "what is compared whole has a decimal beside a text of an array, and a text is no decimal"
        ),
    }
}
