use std::io::{BufReader, Cursor};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, Float32Type, Int64Type};

use super::*;
use crate::hive::types::Kind;

/// Writes what a server would.
#[derive(Default)]
struct Output(Vec<u8>);

impl Output {
    fn field(&mut self, kind: u8, number: i16) -> &mut Self {
        self.0.push(kind);
        self.0.extend(number.to_be_bytes());
        self
    }

    fn stop(&mut self) -> &mut Self {
        self.0.push(0);
        self
    }

    fn list(&mut self, kind: u8, count: usize) -> &mut Self {
        self.0.push(kind);
        self.0.extend((count as i32).to_be_bytes());
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend((bytes.len() as i32).to_be_bytes());
        self.0.extend(bytes);
        self
    }
}

/// The values of a column.
enum Sent<'a> {
    Longs(&'a [i64]),
    Doubles(&'a [f64]),
    Texts(&'a [&'a str]),
}

fn column(output: &mut Output, sent: &Sent<'_>, nulls: &[u8]) {
    let union = match sent {
        Sent::Longs(_) => 5,
        Sent::Doubles(_) => 6,
        Sent::Texts(_) => 7,
    };
    output.field(12, union).field(15, 1);
    match sent {
        Sent::Longs(values) => {
            output.list(10, values.len());
            values
                .iter()
                .for_each(|value| output.0.extend(value.to_be_bytes()));
        }
        Sent::Doubles(values) => {
            output.list(4, values.len());
            values
                .iter()
                .for_each(|value| output.0.extend(value.to_be_bytes()));
        }
        Sent::Texts(values) => {
            output.list(11, values.len());
            for value in *values {
                output.bytes(value.as_bytes());
            }
        }
    }
    output.field(11, 2).bytes(nulls).stop().stop();
}

fn answer_of(columns: &[(Sent<'_>, &[u8])]) -> Vec<u8> {
    let mut output = Output::default();
    // result { 0: answer { 1: status { 1: code }, 2: more, 3: rows { 1: offset, 2: rows, 3: columns } } }
    output.field(12, 0);
    output.field(12, 1).field(8, 1);
    output.0.extend(0_i32.to_be_bytes());
    output.stop();
    output.field(2, 2).0.push(0);
    output.field(12, 3).field(10, 1);
    output.0.extend(0_i64.to_be_bytes());
    output.field(15, 2).list(12, 0);
    output.field(15, 3).list(12, columns.len());
    for (sent, nulls) in columns {
        column(&mut output, sent, nulls);
    }
    output.stop().stop().stop();
    output.0
}

fn described(kinds: &[Kind]) -> Vec<Column> {
    let names = (0..).map(|number: u32| format!("c{number}"));
    let kinds = kinds.iter().copied();
    kinds
        .zip(names)
        .map(|(kind, name)| Column { name, kind })
        .collect()
}

fn read(bytes: &[u8], kinds: &[Kind], wanted: &[bool]) -> Result<Fetched, Trouble> {
    read_answer(&mut Cursor::new(bytes), &described(kinds), wanted)
}

#[test]
fn columns_are_read_whole_and_in_pieces() {
    let texts = ["a", "", "ünï", "long enough to lie across pieces"];
    let bytes = answer_of(&[
        (Sent::Longs(&[1, -2, i64::MAX, 0]), &[0b1000]),
        (Sent::Texts(&texts), &[0b0010]),
        (Sent::Texts(&["1.50", "-0.01", "", "7"]), &[0b0100]),
        (Sent::Doubles(&[0.1, 3.25, f64::NAN, -0.0]), &[]),
    ]);
    let kinds = [Kind::BigInt, Kind::Text, Kind::Decimal(10, 2), Kind::Float];
    let whole = read(&bytes, &kinds, &[true; 4]).expect("rows");
    // Pieces of every size.
    for size in 1..40 {
        let mut reader = BufReader::with_capacity(size, bytes.as_slice());
        let pieces = read_answer(&mut reader, &described(&kinds), &[true; 4]).expect("rows");
        let same = pieces.columns.iter().zip(&whole.columns);
        assert!(same.take(3).all(|(one, other)| one == other), "{size}");
    }
    assert_eq!((whole.rows, whole.misfits.len()), (4, 0));
    let [longs, found, decimals, floats] = whole.columns.as_slice() else {
        panic!("{whole:?}");
    };
    let longs = longs.as_primitive::<Int64Type>();
    assert_eq!(
        longs.iter().collect::<Vec<_>>(),
        [Some(1), Some(-2), Some(i64::MAX), None]
    );
    let found: Vec<Option<&str>> = found.as_string::<i32>().iter().collect();
    assert_eq!(found, [Some("a"), None, Some("ünï"), Some(texts[3])]);
    let decimals = decimals.as_primitive::<Decimal128Type>();
    assert_eq!(
        decimals.iter().collect::<Vec<_>>(),
        [Some(150), Some(-1), None, Some(700)]
    );
    assert_eq!(floats.as_primitive::<Float32Type>().value(1), 3.25);
    assert_eq!(floats.null_count(), 0);
}

#[test]
fn columns_that_nobody_wants_are_passed_over() {
    let bytes = answer_of(&[
        (Sent::Texts(&["x", "y"]), &[]),
        (Sent::Longs(&[1, 2]), &[]),
        (Sent::Longs(&[3, 4]), &[]),
    ]);
    let kinds = [Kind::Text, Kind::BigInt, Kind::BigInt];
    let fetched = read(&bytes, &kinds, &[false, false, true]).expect("rows");
    assert_eq!((fetched.rows, fetched.columns.len()), (2, 1));
    let only = fetched.columns.first().expect("a column");
    assert_eq!(only.as_primitive::<Int64Type>().values(), &[3, 4]);
}

#[test]
fn values_that_are_none_of_their_type_are_named() {
    let bytes = answer_of(&[(Sent::Texts(&["2020-01-01", "x", "2020-02-30"]), &[])]);
    let fetched = read(&bytes, &[Kind::Date], &[true]).expect("rows");
    let misfit = |row, text: &str| Misfit {
        row,
        column: 0,
        text: text.as_bytes().to_vec(),
    };
    assert_eq!(fetched.misfits, [misfit(1, "x"), misfit(2, "2020-02-30")]);
}

#[test]
fn answers_that_are_cut_off_or_make_no_sense_are_errors() {
    let bytes = answer_of(&[
        (Sent::Texts(&["abc", "d"]), &[0]),
        (Sent::Longs(&[1, 2]), &[]),
    ]);
    let kinds = [Kind::Text, Kind::BigInt];
    for end in 0..bytes.len() {
        let part = bytes.get(..end).unwrap_or_default();
        assert!(read(part, &kinds, &[true; 2]).is_err(), "cut at {end}");
    }
    assert!(
        read(&bytes, &[Kind::Text], &[true]).is_err(),
        "too many columns"
    );
    assert!(
        read(&bytes, &[Kind::Int, Kind::BigInt], &[true; 2]).is_err(),
        "other types"
    );
    let uneven = answer_of(&[(Sent::Longs(&[1]), &[]), (Sent::Longs(&[1, 2]), &[])]);
    assert!(
        read(&uneven, &[Kind::BigInt; 2], &[true; 2]).is_err(),
        "uneven"
    );
}

/// Whatever bytes come, nothing panics and no memory is taken for what was only announced.
#[test]
fn any_byte_may_be_another() {
    let bytes = answer_of(&[
        (Sent::Texts(&["abc", "d"]), &[1]),
        (Sent::Longs(&[1, 2]), &[]),
    ]);
    let kinds = [Kind::Text, Kind::BigInt];
    for place in 0..bytes.len() {
        for value in [0, 1, 7, 11, 12, 15, 0x7f, 0x80, 0xff] {
            let mut other = bytes.clone();
            if let Some(byte) = other.get_mut(place) {
                *byte = value;
            }
            // An error or other rows.
            drop(read(&other, &kinds, &[true; 2]));
        }
    }
}

#[test]
fn rows_in_another_form_are_called_what_they_are() {
    let answer = |packed: bool| {
        let mut output = Output::default();
        output.field(12, 0).field(12, 3).field(10, 1);
        output.0.extend(0_i64.to_be_bytes());
        output.field(15, 2).list(12, 0);
        if packed {
            output.field(11, 4).bytes(b"columns");
        }
        output.stop().stop().stop();
        output.0
    };
    for (packed, words) in [
        (true, "resultset.serialize.in.tasks=false"),
        (false, "do not come column by column"),
    ] {
        let told = read(&answer(packed), &[Kind::Text], &[true]).expect_err(words);
        let told = format!("{told:?}");
        assert!(told.starts_with("Away") && told.contains(words), "{told}");
    }
}

#[test]
fn a_refusal_is_one() {
    let mut output = Output::default();
    output.field(12, 0).field(12, 1).field(8, 1);
    output.0.extend(4_i32.to_be_bytes());
    output.stop().stop().stop();
    let Err(Trouble::Said(said)) = read(&output.0, &[], &[]) else {
        panic!("no refusal");
    };
    assert!(said.is_lost);
    // The next answer begins behind it.
    output.0.push(b'x');
    let mut reader = Cursor::new(output.0);
    assert!(read_answer(&mut reader, &[], &[]).is_err());
    assert_eq!(reader.fill_buf().expect("bytes"), b"x");
}
