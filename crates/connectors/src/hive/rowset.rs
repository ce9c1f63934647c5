//! Rows as HiveServer2 sends them, column by column, straight into columns of Arrow. Pure but for the bytes that are read.
//!
//! This is the place through which every value goes: texts are appended to one piece of memory each column, without one
//! of their own, and columns that nobody wants are passed over.

mod input;
mod make;

use std::io::BufRead;

use arrow::array::ArrayRef;
use millstream_hive_thrift::TStatus;
use millstream_hive_thrift::thrift::protocol::{TBinaryInputProtocol, TSerializable};

use self::input::{Input, Type};
use self::make::{Values, make};
use super::trouble::Trouble;
use super::types::Column;

/// Rows of one answer.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// How many there are.
    pub(super) rows: usize,
    /// The columns that are wanted.
    pub(super) columns: Vec<ArrayRef>,
    /// Values that are none of their columns' types.
    pub(super) misfits: Vec<Misfit>,
}

/// A value that is none of its column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The row, from 0.
    pub(super) row: usize,
    /// The column, among all.
    pub(super) column: usize,
    /// The value as it came.
    pub(super) text: Vec<u8>,
}

/// Reads the answer to FetchResults behind the head of the message, to its end. `wanted`: of each column, whether it is.
///
/// # Errors
/// The server refuses, is away, or answers something else.
pub(super) fn read_answer(
    reader: &mut dyn BufRead,
    columns: &[Column],
    wanted: &[bool],
) -> Result<Fetched, Trouble> {
    let mut fetched = None;
    let mut input = Input::new(reader);
    // The structure of a call's result has the answer itself as field 0. A refusal is read to its end as well: the next answer
    // begins behind it.
    while let Some((kind, number)) = input.field()? {
        match (kind, number) {
            (Type::Struct, 0) => fetched = Some(answer(&mut input, columns, wanted)?),
            (kind, _) => input.skip(kind)?,
        }
    }
    fetched.unwrap_or_else(|| Err(odd("an answer without rows")))
}

/// Rows, or what the server says instead.
type Answer = Result<Fetched, Trouble>;

fn answer(input: &mut Input<'_>, columns: &[Column], wanted: &[bool]) -> Result<Answer, Trouble> {
    let mut fetched = Fetched::default();
    let mut refusal = None;
    while let Some((kind, number)) = input.field()? {
        match (kind, number) {
            (Type::Struct, 1) => {
                let mut protocol = TBinaryInputProtocol::new(input.reader(), true);
                let status = TStatus::read_from_in_protocol(&mut protocol).map_err(Trouble::odd)?;
                refusal = Trouble::of(&status);
            }
            (Type::Struct, 3) => fetched = rows(input, columns, wanted)?,
            (kind, _) => input.skip(kind)?,
        }
    }
    Ok(match refusal {
        Some(refusal) => Err(refusal),
        None => Ok(fetched),
    })
}

fn rows(input: &mut Input<'_>, columns: &[Column], wanted: &[bool]) -> Result<Fetched, Trouble> {
    let (mut fetched, mut packed) = (None, false);
    while let Some((kind, number)) = input.field()? {
        match (kind, number) {
            (Type::List, 3) => fetched = Some(all_columns(input, columns, wanted)?),
            // Columns in one piece, in another form of Thrift. A client of our protocol is sent none by Hive itself.
            (Type::Binary, 4) => {
                packed = true;
                input.skip(kind)?;
            }
            (kind, _) => input.skip(kind)?,
        }
    }
    fetched.ok_or_else(|| match packed {
        true => odd(
            "columns that its tasks have packed, which is not understood: add \
             ?hive.server2.thrift.resultset.serialize.in.tasks=false to source.db.url",
        ),
        false => odd("rows that do not come column by column"),
    })
}

fn all_columns(
    input: &mut Input<'_>,
    columns: &[Column],
    wanted: &[bool],
) -> Result<Fetched, Trouble> {
    let (kind, count) = input.list()?;
    let expected = columns.len();
    if count != expected || kind != Type::Struct {
        return Err(odd(&format!("{count} columns where there are {expected}")));
    }
    let mut fetched = Fetched::default();
    for (place, (column, wanted)) in columns.iter().zip(wanted).enumerate() {
        let (values, nulls) = one_column(input, *wanted)?;
        if place == 0 {
            fetched.rows = values.rows();
        } else if fetched.rows != values.rows() {
            return Err(odd("columns of different lengths"));
        }
        if *wanted {
            let made = make(place, column, values, &nulls, &mut fetched.misfits);
            fetched.columns.push(made.map_err(|why| odd(&why))?);
        }
    }
    Ok(fetched)
}

/// One column: a union whose only field says what its values are.
fn one_column(input: &mut Input<'_>, wanted: bool) -> Result<(Values, Vec<u8>), Trouble> {
    let mut found = None;
    while let Some((kind, number)) = input.field()? {
        match (kind, number) {
            (Type::Struct, 1..=8) => found = Some(values_and_nulls(input, number, wanted)?),
            (kind, _) => input.skip(kind)?,
        }
    }
    found.ok_or_else(|| odd("a column without values"))
}

fn values_and_nulls(
    input: &mut Input<'_>,
    union: i16,
    wanted: bool,
) -> Result<(Values, Vec<u8>), Trouble> {
    let (mut values, mut nulls) = (None, Vec::new());
    while let Some((kind, number)) = input.field()? {
        match (kind, number) {
            (Type::List, 1) => values = Some(values_of(input, union, wanted)?),
            (Type::Binary, 2) => nulls = input.binary()?,
            (kind, _) => input.skip(kind)?,
        }
    }
    let values = values.ok_or_else(|| odd("a column without values"))?;
    Ok((values, nulls))
}

fn values_of(input: &mut Input<'_>, union: i16, wanted: bool) -> Result<Values, Trouble> {
    let (kind, count) = input.list()?;
    if !wanted {
        input.skip_many(kind, count)?;
        return Ok(Values::Passed(count));
    }
    Ok(match (union, kind) {
        (1, Type::Bool) => Values::Bools(input.fixed(1, count)?),
        (2, Type::Byte) => Values::Bytes(input.fixed(1, count)?),
        (3, Type::I16) => Values::Shorts(input.fixed(2, count)?),
        (4, Type::I32) => Values::Ints(input.fixed(4, count)?),
        (5, Type::I64) => Values::Longs(input.fixed(8, count)?),
        (6, Type::Double) => Values::Doubles(input.fixed(8, count)?),
        (7 | 8, Type::Binary) => Values::Texts(input.texts(count)?),
        // An empty list may be one of anything.
        (_, _) if count == 0 => Values::Passed(0),
        _ => return Err(odd("a column of other values than it says")),
    })
}

fn odd(what: &str) -> Trouble {
    Trouble::Away(format!("it answers with {what}"))
}

#[cfg(test)]
mod tests;
