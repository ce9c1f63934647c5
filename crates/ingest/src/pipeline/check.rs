//! Rules of columns: `check.<column>`. A record with a value that is not as a rule says is a bad record.
//!
//! Rules are looked at column by column, a batch at a time; only where one does not hold is a row looked at by itself.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Scalar, StringArray};
use arrow::compute::kernels::cmp::{gt, lt};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::util::display::array_value_to_string;
use millstream::{Collector, DataStream};
use millstream_connectors::rows::{BadRecord, Parsed, Reason, Rows};
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Numbers, Result, codes};
use regex::Regex;

use crate::parameters::{Check, Rule, whole};

/// Characters of a value that are told.
const SHOWN: usize = 80;

/// A rule for a column of the batches.
#[derive(Clone)]
struct Compiled {
    column: usize,
    name: String,
    rule: String,
    test: Test,
}

#[derive(Clone)]
enum Test {
    NotNull,
    /// Values of the column's type.
    Range(Option<ArrayRef>, Option<ArrayRef>),
    Pattern(Regex),
}

/// The columns that rules are about, by their places.
///
/// # Errors
/// There is no such column, or a rule does not fit its type.
pub(super) fn columns_of(checks: &[Check], schema: &Schema) -> Result<Vec<usize>> {
    let compiled = compile(checks, schema)?;
    Ok(compiled.iter().map(|rule| rule.column).collect())
}

/// The records of `parsed` with those taken out that a rule does not hold for. Of the columns those go on that `wanted` names;
/// all, if it is `None`.
///
/// # Errors
/// A rule does not fit the columns, as far as they are known.
pub(super) fn checked(
    parsed: DataStream<Parsed>,
    checks: &[Check],
    schema: Option<&SchemaRef>,
    wanted: Option<Vec<usize>>,
) -> Result<DataStream<Parsed>> {
    let mut rules = Rules {
        checks: checks.into(),
        compiled: None,
        wanted,
    };
    if let Some(schema) = schema {
        rules.of(schema)?;
    }
    // What is bad counts where it is left out.
    let check = move |parsed: Parsed, out: &mut Collector<Parsed>, _: &mut Numbers| {
        rules.check(parsed, out)
    };
    Ok(parsed.flat_map_counting(check).name("Check"))
}

/// The rules, as they stand for the columns of a batch.
#[derive(Clone)]
struct Rules {
    checks: Arc<[Check]>,
    /// Made for this schema.
    compiled: Option<(SchemaRef, Arc<[Compiled]>)>,
    wanted: Option<Vec<usize>>,
}

impl Rules {
    fn of(&mut self, schema: &SchemaRef) -> Result<Arc<[Compiled]>> {
        if let Some((known, compiled)) = &self.compiled
            && (Arc::ptr_eq(known, schema) || known == schema)
        {
            return Ok(Arc::clone(compiled));
        }
        let compiled: Arc<[Compiled]> = compile(&self.checks, schema)?.into();
        self.compiled = Some((Arc::clone(schema), Arc::clone(&compiled)));
        Ok(compiled)
    }

    fn check(&mut self, parsed: Parsed, out: &mut Collector<Parsed>) -> Result<()> {
        let Parsed::Rows(rows) = parsed else {
            out.collect(parsed);
            return Ok(());
        };
        let compiled = self.of(rows.batch.schema_ref())?;
        let mut bad: Vec<Option<&Compiled>> = Vec::new();
        for rule in compiled.iter() {
            let column = rows.batch.column(rule.column);
            for row in rule.test.broken(column)? {
                bad.resize(rows.len(), None);
                if let Some(first) = bad.get_mut(row) {
                    first.get_or_insert(rule);
                }
            }
        }
        if bad.is_empty() {
            let rows = self.narrowed(rows)?;
            out.collect(Parsed::Rows(rows));
            return Ok(());
        }
        let broken = bad.iter().enumerate();
        let broken = broken.filter_map(|(row, rule)| Some(rule.as_ref()?.bad(&rows, row)));
        let records: Vec<BadRecord> = broken.collect();
        let good: Vec<usize> = (0..rows.len())
            .filter(|row| bad.get(*row).is_some_and(Option::is_none))
            .collect();
        if !good.is_empty() {
            let rows = self.narrowed(rows.only(&good)?)?;
            out.collect(Parsed::Rows(rows));
        }
        out.collect(Parsed::Bad(records));
        Ok(())
    }

    /// Without the columns that were read for rules alone.
    fn narrowed(&self, rows: Rows) -> Result<Rows> {
        let Some(wanted) = &self.wanted else {
            return Ok(rows);
        };
        let batch = rows.batch.project(wanted).map_err(|error| {
            Error::new(&codes::INTERNAL, "a batch lacks columns that are wanted").cause(error)
        })?;
        Ok(Rows {
            batch,
            origin: rows.origin,
        })
    }
}

impl Compiled {
    fn bad(&self, rows: &Rows, row: usize) -> BadRecord {
        let Self {
            column, name, rule, ..
        } = self;
        let value = rows.batch.column(*column);
        let value = match value.is_null(row) {
            true => "null".to_owned(),
            false => {
                let text = array_value_to_string(value, row).unwrap_or_default();
                format!("`{}`", text.chars().take(SHOWN).collect::<String>())
            }
        };
        let error = format!("{value} is not as check.{name} says: {rule}");
        let mut bad = rows.origin.bad(row, Reason::Check, error);
        bad.column = Some(name.clone());
        bad
    }
}

impl Test {
    /// The rows for which it does not hold. A null is what only *not null* is about.
    fn broken(&self, column: &ArrayRef) -> Result<Vec<usize>> {
        match self {
            Self::NotNull => Ok(match column.logical_null_count() {
                0 => Vec::new(),
                _ => (0..column.len())
                    .filter(|row| column.is_null(*row))
                    .collect(),
            }),
            Self::Range(least, greatest) => {
                let mut rows = Vec::new();
                if let Some(least) = least {
                    rows.extend(set(&lt(column, &Scalar::new(least)).map_err(unfit)?));
                }
                if let Some(greatest) = greatest {
                    rows.extend(set(&gt(column, &Scalar::new(greatest)).map_err(unfit)?));
                }
                Ok(rows)
            }
            Self::Pattern(pattern) => {
                let texts = cast(column, &DataType::Utf8).map_err(unfit)?;
                let texts = texts.as_string::<i32>().iter().enumerate();
                let broken =
                    texts.filter(|(_, text)| text.is_some_and(|text| !pattern.is_match(text)));
                Ok(broken.map(|(row, _)| row).collect())
            }
        }
    }
}

fn set(found: &BooleanArray) -> Vec<usize> {
    let rows = found.iter().enumerate();
    rows.filter(|(_, is_set)| *is_set == Some(true))
        .map(|(row, _)| row)
        .collect()
}

fn unfit(error: arrow::error::ArrowError) -> Error {
    Error::new(&codes::INTERNAL, "a rule can't be held against a column").cause(error)
}

fn compile(checks: &[Check], schema: &Schema) -> Result<Vec<Compiled>> {
    let mut compiled = Vec::new();
    for check in checks {
        let name = &check.column;
        let Ok(column) = schema.index_of(name) else {
            let fields = schema.fields().iter();
            let names: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
            let message = format!("check.{name}: there is no column `{name}`");
            let known = format!("the columns that are read are {}", names.join(", "));
            return Err(refused(message, &known));
        };
        for rule in &check.rules {
            compiled.push(Compiled {
                column,
                name: name.clone(),
                rule: rule.text(),
                test: test_of(rule, name, schema.field(column).data_type())?,
            });
        }
    }
    Ok(compiled)
}

fn refused(message: String, next: &str) -> Error {
    Error::new(&codes::INGEST_PARAMETERS, message).next(next)
}

/// What a rule is for the column `name` of type `kind`.
fn test_of(rule: &Rule, name: &str, kind: &DataType) -> Result<Test> {
    Ok(match rule {
        Rule::NotNull => Test::NotNull,
        Rule::Pattern(_) if !can_cast_types(kind, &DataType::Utf8) => {
            let kind = type_in_words(kind);
            let message =
                format!("check.{name}: values of {kind} are no text, which a pattern is for");
            return Err(refused(message, "leave the rule out"));
        }
        Rule::Pattern(pattern) => Test::Pattern(whole(pattern).map_err(|error| {
            let message = format!("check.{name}: `{pattern}` is no regular expression");
            refused(message, "mend it").cause(error)
        })?),
        Rule::Range(least, greatest) => {
            let end = |text: &Option<String>, least: bool| {
                let value = text.as_ref().map(|text| value(text, kind, least));
                value.transpose().map_err(|text| {
                    let kind = type_in_words(kind);
                    refused(
                        format!("check.{name}: `{text}` is no value of {kind}"),
                        "give the ends of the range as values of the column's type",
                    )
                })
            };
            let ends = (end(least, true)?, end(greatest, false)?);
            if is_empty(&ends)? {
                let message = format!("check.{name}: no value lies in {}", rule.text());
                return Err(refused(message, "give the least value first"));
            }
            Test::Range(ends.0, ends.1)
        }
    })
}

/// Whether nothing lies between two ends.
fn is_empty(ends: &(Option<ArrayRef>, Option<ArrayRef>)) -> Result<bool> {
    let (Some(least), Some(greatest)) = ends else {
        return Ok(false);
    };
    let above = gt(&Scalar::new(least), &Scalar::new(greatest)).map_err(unfit)?;
    Ok(!set(&above).is_empty())
}

/// A value of a type from its text: for one that lies between two of the type the next that is in the range.
fn value<'a>(text: &'a str, kind: &DataType, least: bool) -> Result<ArrayRef, &'a str> {
    let number = text.trim();
    let inside = match *kind {
        DataType::Decimal128(_, scale) => decimal_inside(number, scale, least).ok_or(text)?,
        _ => text.to_owned(),
    };
    let texts: ArrayRef = Arc::new(StringArray::from(vec![inside]));
    let value = cast(&texts, kind).map_err(|_| text)?;
    if value.is_null(0) {
        Err(text)
    } else {
        Ok(value)
    }
}

/// A number of at most `scale` digits behind the point: the least that is not less than the one of the text, or the greatest
/// that is not greater.
fn decimal_inside(text: &str, scale: i8, least: bool) -> Option<String> {
    let scale = usize::try_from(scale).ok()?;
    let Some((whole, fraction)) = text.split_once('.') else {
        return Some(text.to_owned());
    };
    if fraction.contains(['e', 'E']) {
        return Some(text.to_owned());
    }
    let (Some(kept), Some(cut)) = (fraction.get(..scale), fraction.get(scale..)) else {
        return Some(text.to_owned());
    };
    if !cut.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let negative = whole.starts_with('-');
    let digits = format!("{}{kept}", whole.trim_start_matches(['-', '+']));
    let mut units = digits.parse::<i128>().ok()?;
    let between = cut.bytes().any(|digit| digit != b'0');
    if between && least != negative {
        // The next one lies farther from 0.
        units = units.checked_add(1)?;
    }
    let digits = format!("{units:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len().checked_sub(scale)?)?;
    let sign = if negative { "-" } else { "" };
    Some(match scale {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

#[cfg(test)]
mod tests;
