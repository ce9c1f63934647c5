use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    UInt8Array, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, TimeUnit};
use bytes::Bytes as FileBytes;
use orc_rust::{ArrowReaderBuilder, TimestampPrecision};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::bytes::{Bits, Bytes};
use super::integers::{Integers, varint, zigzag};
use super::times::{NoTime, parts};
use super::{FileEncoder, FileFormat, OrcFile};

fn signed(values: &[i64]) -> Vec<u8> {
    let mut numbers = Integers::signed();
    values.iter().for_each(|value| numbers.push(*value));
    numbers.take()
}

fn unsigned(values: &[i64]) -> Vec<u8> {
    let mut numbers = Integers::unsigned();
    values.iter().for_each(|value| numbers.push(*value));
    numbers.take()
}

/// The examples of ORC's specification.
#[test]
fn numbers_are_written_as_the_specification_has_them() {
    assert_eq!(unsigned(&[10_000; 5]), [0x0a, 0x27, 0x10]);
    assert_eq!(
        unsigned(&[23_713, 43_806, 57_005, 48_879]),
        [0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef]
    );
    assert_eq!(
        unsigned(&[2, 3, 5, 7, 11, 13, 17, 19, 23, 29]),
        [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46]
    );
    assert_eq!(signed(&[]), [0; 0]);
    // A step of one, 100 times.
    let steps: Vec<i64> = (1..=100).collect();
    assert_eq!(signed(&steps), [0xc0, 99, 2, 2]);
}

#[test]
fn bytes_and_bits_are_written_as_the_specification_has_them() {
    let bytes = |all: &[u8]| {
        let mut bytes = Bytes::default();
        all.iter().for_each(|byte| bytes.push(*byte));
        bytes.take()
    };
    assert_eq!(bytes(&[0; 100]), [0x61, 0x00]);
    assert_eq!(bytes(&[0x44, 0x45]), [0xfe, 0x44, 0x45]);
    let mut bits = Bits::default();
    [true]
        .into_iter()
        .chain([false; 7])
        .for_each(|bit| bits.push(bit));
    assert_eq!(bits.take(), [0xff, 0x80]);
    assert_eq!(bits.take(), [0; 0], "what is taken is gone");
    let mut out = Vec::new();
    [128, 16_383, 16_384]
        .into_iter()
        .for_each(|value| varint(value, &mut out));
    assert_eq!(out, [0x80, 0x01, 0xff, 0x7f, 0x80, 0x80, 0x01]);
    assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
    assert_eq!(zigzag(i128::MIN), u128::MAX);
}

#[test]
fn a_time_is_a_second_and_what_is_behind_it() {
    let begin = 1_420_070_400;
    let micros = |value| parts(value, TimeUnit::Microsecond);
    assert_eq!(micros(begin * 1_000_000), Ok((0, 0)));
    // 1,000 nanoseconds: three zeros, of which two are one less in the count.
    assert_eq!(micros(begin * 1_000_000 + 1), Ok((0, 1 << 3 | 2)));
    // A second later before 1970, from a millisecond on: readers take it off.
    assert_eq!(micros(-1_500_000), Ok((-1 - begin, 5 << 3 | 7)));
    assert_eq!(micros(-1_999_500), Ok((-2 - begin, 5 << 3 | 4)));
    assert_eq!(micros(-1_000_000), Ok((-1 - begin, 0)));
    assert_eq!(micros(-999_001), Ok((-1 - begin, 999 << 3 | 2)));
    assert_eq!(micros(-999_000), Err(NoTime::LastSecond));
    assert_eq!(micros(-1), Err(NoTime::LastSecond));
    assert_eq!(parts(i64::MIN, TimeUnit::Second), Err(NoTime::Far));
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

fn write(format: OrcFile, batches: &[RecordBatch]) -> FileBytes {
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = format.encoder();
    let mut out = Vec::new();
    for batch in batches {
        encoder.encode(batch, &mut out).expect("rows of ORC");
    }
    encoder.finish(&mut out).expect("a tail");
    FileBytes::from(out)
}

fn read(file: FileBytes) -> Vec<RecordBatch> {
    let builder = ArrowReaderBuilder::try_new(file).expect("a file of ORC");
    let reader = builder
        .with_timestamp_precision(TimestampPrecision::Microsecond)
        .build();
    reader.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn stripes_are_written_out_when_they_are_full_and_tell_between_which_values_lie() {
    let numbers = |from: i64| {
        let mixed = (from..from + 10_000).map(|value| value.wrapping_mul(7_919) % 1_000_003);
        let texts = (from..from + 10_000).map(|value| format!("name {value:06}"));
        let reals = (from..from + 10_000).map(|value| value as f64 / 4.0);
        batch(vec![
            ("n", Arc::new(Int64Array::from_iter_values(mixed))),
            ("t", Arc::new(StringArray::from_iter_values(texts))),
            ("r", Arc::new(Float64Array::from_iter_values(reals))),
        ])
    };
    let format = OrcFile::default().stripe_bytes(100_000);
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = format.encoder();
    let mut out = Vec::new();
    for part in 0..20 {
        encoder
            .encode(&numbers(part * 10_000), &mut out)
            .expect("numbers");
        assert!(
            encoder.buffered() < 200_000,
            "a stripe is written out when it is full"
        );
    }
    encoder.finish(&mut out).expect("a tail");
    let file = FileBytes::from(out);
    let builder = ArrowReaderBuilder::try_new(file.clone()).expect("a file of ORC");
    let stripes = builder.file_metadata().stripe_metadatas();
    assert!(stripes.len() > 10, "{} stripes", stripes.len());
    let first = format!("{:?}", stripes[0].column_statistics());
    for known in ["name 000000", "min: -0.0"] {
        assert!(first.contains(known), "{known} in {first}");
    }
    let all = read(file);
    let all = arrow::compute::concat_batches(&all[0].schema(), &all).expect("one schema");
    let expected: Vec<RecordBatch> = (0..20).map(|part| numbers(part * 10_000)).collect();
    let expected = arrow::compute::concat_batches(&expected[0].schema(), &expected);
    assert_eq!(all.columns(), expected.expect("one schema").columns());
}

#[test]
fn numbers_at_every_edge_come_back() {
    let edges = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
    let mut values: Vec<i64> = edges.to_vec();
    for bits in 0..63 {
        values.extend([1_i64 << bits, -(1_i64 << bits), (1 << bits) - 1]);
        // Runs of all lengths, of one value and of steps up and down.
        values.extend(std::iter::repeat_n(1_i64 << bits, bits + 1));
        values.extend((0..bits as i64).map(|step| step * (bits as i64 - 30)));
        values
            .extend((0..bits as i64).map(|step| step * step * if bits % 2 == 0 { 1 } else { -1 }));
        values.extend(edges);
    }
    let rows = batch(vec![("n", Arc::new(Int64Array::from(values)))]);
    let back = read(write(OrcFile::default(), std::slice::from_ref(&rows)));
    assert_eq!(
        arrow::compute::concat_batches(&back[0].schema(), &back)
            .expect("one schema")
            .columns(),
        rows.columns()
    );
}

/// Pieces of all shapes, one behind the other: what repeats, grows, falls, does so after a step of nothing, and what does neither.
fn pieces(random: &mut StdRng) -> Vec<i64> {
    let mut values = Vec::new();
    for _ in 0..random.random_range(1..6) {
        let length = random.random_range(1..12) * if random.random_bool(0.1) { 60 } else { 1 };
        let widest = 1_i64 << random.random_range(0..40);
        let mut value = random.random_range(-widest..=widest);
        let shape = random.random_range(0..5);
        for at in 0..length {
            values.push(value);
            let step = random.random_range(0..=widest);
            value = match shape {
                0 => value,
                1 => value + step,
                2 => value - step,
                3 if at == 0 => value,
                3 => value + step % 4,
                _ => random.random_range(-widest..=widest),
            };
        }
    }
    values
}

#[test]
fn numbers_and_lengths_of_every_shape_come_back() {
    for seed in 0..2_000 {
        let values = pieces(&mut StdRng::seed_from_u64(seed));
        let texts = values.iter().map(|value| "x".repeat((value & 63) as usize));
        let rows = batch(vec![
            ("t", Arc::new(StringArray::from_iter_values(texts))),
            ("n", Arc::new(Int64Array::from(values))),
        ]);
        let back = read(write(OrcFile::default(), std::slice::from_ref(&rows)));
        let back = arrow::compute::concat_batches(&back[0].schema(), &back);
        assert_eq!(
            back.expect("one schema").columns(),
            rows.columns(),
            "seed {seed}"
        );
    }
}

#[test]
fn types_that_orc_has_not_become_wider_ones() {
    let rows = batch(vec![
        ("u8", Arc::new(UInt8Array::from(vec![Some(255), None]))),
        (
            "u64",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])),
        ),
    ]);
    let back = read(write(OrcFile::default(), &[rows]));
    let types = back[0]
        .schema()
        .fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect::<Vec<_>>();
    assert_eq!(types, [DataType::Int16, DataType::Decimal128(20, 0)]);
    let most = Decimal128Array::from(vec![Some(i128::from(u64::MAX)), None]);
    let most = most.with_precision_and_scale(20, 0).expect("in range");
    assert_eq!(back[0].column(1).as_ref(), &most as &dyn Array);
}

/// What a null list has in it is not written, and a batch whose columns have no nulls may follow one that has.
#[test]
fn what_nulls_hide_stays_hidden() {
    let lists = |valid: Vec<bool>| -> ArrayRef {
        let items = Int64Array::from(vec![Some(1), None, Some(3)]);
        Arc::new(ListArray::new(
            Arc::new(Field::new("item", DataType::Int64, true)),
            OffsetBuffer::from_lengths([2, 1]),
            Arc::new(items),
            Some(NullBuffer::from(valid)),
        ))
    };
    let batches = [
        batch(vec![("l", lists(vec![true, true]))]),
        batch(vec![("l", lists(vec![false, true]))]),
        batch(vec![("l", lists(vec![true, true]))]),
    ];
    let back = read(write(OrcFile::default(), &batches));
    let back = arrow::compute::concat_batches(&back[0].schema(), &back).expect("one schema");
    let expected =
        arrow::compute::concat_batches(&batches[0].schema(), &batches).expect("one schema");
    assert_eq!(back.column(0), expected.column(0));
}

#[test]
fn what_orc_has_not_is_refused_by_its_column() {
    let refused = |column: ArrayRef| {
        let rows = batch(vec![("odd", column)]);
        let mut encoder: Box<dyn FileEncoder<RecordBatch>> = OrcFile::default().encoder();
        let error = encoder
            .encode(&rows, &mut Vec::new())
            .expect_err("none of ORC's");
        error.to_string()
    };
    let told = refused(Arc::new(Time64MicrosecondArray::from(vec![1])));
    assert!(told.contains("odd"), "{told}");
    let told = refused(Arc::new(TimestampMillisecondArray::from(vec![-1])));
    assert!(told.contains("`odd`") && told.contains("1970"), "{told}");
}

#[test]
fn rows_with_times_that_orc_has_not_are_known_before() {
    let times = TimestampMicrosecondArray::from(vec![Some(-1), None, Some(5), Some(-2_000_000)]);
    let at: ArrayRef = Arc::new(times.clone());
    let list: ArrayRef = Arc::new(ListArray::new(
        Arc::new(Field::new("item", at.data_type().clone(), true)),
        OffsetBuffer::from_lengths([0, 2, 0, 2]),
        Arc::new(times),
        None,
    ));
    let rows = batch(vec![("at", at), ("list", list)]);
    let misfits = OrcFile::misfits(&rows);
    let rows: Vec<usize> = misfits.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows, [0, 1]);
    assert!(
        misfits[0].1.contains("`at`") && misfits[1].1.contains("`list`"),
        "{misfits:?}"
    );
}
