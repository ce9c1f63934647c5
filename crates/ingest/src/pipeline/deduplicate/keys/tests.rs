use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    Time32MillisecondArray, Time32SecondArray, Time64MicrosecondArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Int32Type, Schema, i256};
use millstream::Fingerprint;
use millstream_connectors::rows::json_schema;

use super::{Keys, columns_of};
use crate::parameters::{UniqueNull, UniqueSettings, UniqueTime};

fn settings(keys: &[&str], null: UniqueNull) -> UniqueSettings {
    UniqueSettings {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        within: std::time::Duration::from_secs(60),
        time: UniqueTime::Record,
        null,
    }
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .expect("columns")
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn prints(keys: &[&str], null: UniqueNull, batch: &RecordBatch) -> Vec<Option<Fingerprint>> {
    let keys = Keys::new(&settings(keys, null), &batch.schema()).expect("they are there");
    keys.fingerprints(batch).expect("its own columns")
}

/// For each row the number of the first that is the same; `-` for those that are the same as no other.
fn same(keys: &[&str], null: UniqueNull, batch: &RecordBatch) -> String {
    let prints = prints(keys, null, batch);
    let first = |print: &Option<Fingerprint>| match print {
        None => "-".to_owned(),
        Some(_) => {
            let place = prints.iter().position(|other| other == print);
            place.expect("at least itself").to_string()
        }
    };
    prints.iter().map(first).collect()
}

/// Rows of whole records, as they come without a schema.
fn records(values: &[&str]) -> RecordBatch {
    let values = values.iter().map(|value| Some(*value)).collect::<Vec<_>>();
    RecordBatch::try_new(json_schema(), vec![texts(&values)]).expect("one column")
}

#[test]
fn keys_of_several_columns_are_equal_if_all_are() {
    let batch = batch(vec![
        ("id", Arc::new(Int32Array::from(vec![1, 1, 2, 1, 12]))),
        ("name", texts(&["a", "b", "a", "a", ""].map(Some))),
        ("rest", texts(&["v", "w", "x", "y", "z"].map(Some))),
    ]);
    assert_eq!(same(&["id", "name"], UniqueNull::Pass, &batch), "01204");
    assert_eq!(same(&["id"], UniqueNull::Pass, &batch), "00204");
    assert_eq!(same(&["rest"], UniqueNull::Pass, &batch), "01234");
}

#[test]
fn values_do_not_run_into_each_other() {
    let batch = batch(vec![
        (
            "a",
            texts(&[Some("ab"), Some("a"), Some(""), None, Some("abc")]),
        ),
        (
            "b",
            texts(&[Some("c"), Some("bc"), Some("abc"), Some("abc"), None]),
        ),
    ]);
    assert_eq!(same(&["a", "b"], UniqueNull::Value, &batch), "01234");
}

#[test]
fn a_record_without_a_key_is_the_same_as_no_other_unless_null_is_a_value() {
    let columns = vec![
        (
            "a",
            texts(&[None, None, Some("x"), Some("x"), None, Some("")]),
        ),
        ("b", texts(&[None, None, None, None, Some("y"), None])),
    ];
    let batch = batch(columns);
    assert_eq!(same(&["a", "b"], UniqueNull::Pass, &batch), "------");
    assert_eq!(same(&["a", "b"], UniqueNull::Value, &batch), "002245");
    assert_eq!(same(&["a"], UniqueNull::Pass, &batch), "--22-5");
    let whole = records(&["{}", r#"{"id":null}"#, r#"{"id":"null"}"#, r#"{"id":""}"#]);
    assert_eq!(same(&["id"], UniqueNull::Pass, &whole), "--23");
    assert_eq!(same(&["id"], UniqueNull::Value, &whole), "0023");
}

#[test]
fn records_without_a_schema_have_keys_by_path() {
    let batch = records(&[
        r#"{"id":7,"a":{"b":"x"}}"#,
        r#"{"a":{"c":1,"b":"x"},"id":"7"}"#,
        r#"{"id":7,"a":{"b":"y"}}"#,
        r#"{"id":7.0,"a":{"b":"x"}}"#,
        r#"{"id":7,"a":null}"#,
    ]);
    assert_eq!(same(&["id", "a.b"], UniqueNull::Pass, &batch), "0023-");
    assert_eq!(same(&["id"], UniqueNull::Pass, &batch), "00030");
}

#[test]
fn columns_of_texts_have_keys_by_path() {
    let objects = [r#"{"b":1}"#, r#"{"c":2,"b":1}"#, r#"{"b":2}"#, "no object"];
    let batch = batch(vec![
        ("a", texts(&objects.map(Some))),
        ("a.d", texts(&objects.map(Some))),
        ("n", Arc::new(Int32Array::from(vec![1, 1, 1, 1]))),
    ]);
    assert_eq!(same(&["a.b", "n"], UniqueNull::Pass, &batch), "002-");
    assert_eq!(same(&["a.d.b"], UniqueNull::Pass, &batch), "002-");
    assert_eq!(same(&["a.d"], UniqueNull::Pass, &batch), "0123");
    let columns = columns_of(
        &settings(&["n", "a.d.b", "n"], UniqueNull::Pass),
        &batch.schema(),
    );
    assert_eq!(columns.expect("they are there"), [1, 2]);
}

#[test]
fn a_key_is_the_same_in_columns_of_other_types() {
    let of = |array: ArrayRef| prints(&["id"], UniqueNull::Pass, &batch(vec![("id", array)]));
    let seven = of(texts(&[Some("7")]));
    assert_eq!(of(Arc::new(Int32Array::from(vec![7]))), seven);
    assert_eq!(of(Arc::new(Int64Array::from(vec![7]))), seven);
    assert_eq!(of(Arc::new(Float64Array::from(vec![7.0]))), seven);
    assert_eq!(
        of(Arc::new(TimestampMillisecondArray::from(vec![7]))),
        seven
    );
    assert_eq!(of(Arc::new(Date32Array::from(vec![7]))), seven);
    assert_eq!(
        prints(&["id"], UniqueNull::Pass, &records(&[r#"{"id":7}"#])),
        seven
    );
    let zero = of(Arc::new(Float64Array::from(vec![
        0.0,
        -0.0,
        f64::NAN,
        f64::NAN,
    ])));
    assert_eq!((zero[0], zero[2]), (zero[1], zero[3]));
    let decimal = Decimal128Array::from(vec![1250]).with_precision_and_scale(10, 2);
    assert_eq!(
        of(Arc::new(decimal.expect("it fits"))),
        of(texts(&[Some("1250")]))
    );
    let is = of(Arc::new(BooleanArray::from(vec![true])));
    assert_eq!(is, of(texts(&[Some("true")])));
}

#[test]
fn a_time_is_the_same_in_columns_of_every_precision() {
    let of = |array: ArrayRef| prints(&["at"], UniqueNull::Pass, &batch(vec![("at", array)]));
    let said = |text: &str| of(texts(&[Some(text)]));
    let seconds: [ArrayRef; 8] = [
        Arc::new(TimestampSecondArray::from(vec![-2])),
        Arc::new(TimestampMillisecondArray::from(vec![-2_000])),
        Arc::new(TimestampMicrosecondArray::from(vec![-2_000_000])),
        Arc::new(TimestampNanosecondArray::from(vec![-2_000_000_000])),
        Arc::new(Time32SecondArray::from(vec![-2])),
        Arc::new(Time32MillisecondArray::from(vec![-2_000])),
        Arc::new(Time64MicrosecondArray::from(vec![-2_000_000])),
        Arc::new(Time64NanosecondArray::from(vec![-2_000_000_000])),
    ];
    for array in seconds {
        let shown = array.data_type().to_string();
        assert_eq!(of(array), said("-2000"), "{shown}");
    }
    let finer: [ArrayRef; 2] = [
        Arc::new(TimestampMicrosecondArray::from(vec![1_500, -1])),
        Arc::new(TimestampNanosecondArray::from(vec![1_500_000, -1_000])),
    ];
    for array in finer {
        assert_eq!(of(array), of(texts(&[Some("1.5"), Some("-0.001")])));
    }
}

#[test]
fn unsigned_numbers_large_decimals_and_bytes_are_keys() {
    let of = |array: ArrayRef| prints(&["id"], UniqueNull::Pass, &batch(vec![("id", array)]));
    let seven = of(texts(&[Some("7")]));
    let all: [ArrayRef; 6] = [
        Arc::new(UInt8Array::from(vec![7])),
        Arc::new(UInt16Array::from(vec![7])),
        Arc::new(UInt32Array::from(vec![7])),
        Arc::new(UInt64Array::from(vec![7])),
        Arc::new(Decimal256Array::from(vec![i256::from_i128(7)])),
        Arc::new(BinaryArray::from_vec(vec![b"7".as_slice()])),
    ];
    for array in all {
        let shown = array.data_type().to_string();
        assert_eq!(of(array), seven, "{shown}");
    }
}

/// What stands in snapshots stays what it is.
#[test]
fn fingerprints_are_those_of_every_version() {
    let columns = vec![
        ("a", texts(&[Some("k"), None])),
        ("b", texts(&[None, Some("日本")])),
    ];
    let found = prints(&["a", "b"], UniqueNull::Value, &batch(columns));
    let told: Vec<String> = found
        .iter()
        .flatten()
        .map(|print| format!("{print:?}"))
        .collect();
    assert_eq!(
        told,
        [
            "0bdd4bd0ca0a02b0502d2e38bde14eb2",
            "ca634fa407b86bb3269e2f48aa862fa1"
        ]
    );
}

#[test]
fn a_key_that_can_not_be_had_is_told() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
    let batch = batch(vec![
        ("id", Arc::new(Int32Array::from(vec![1]))),
        ("tags", Arc::new(lists)),
    ]);
    let said = |key: &str, schema: &Schema| {
        let error = Keys::new(&settings(&[key], UniqueNull::Pass), schema).expect_err(key);
        error.to_string()
    };
    for (key, wanted) in [
        (
            "name",
            "names `name`, and there is no such column; the columns are id, tags",
        ),
        ("id.x", "names `id.x`, and column `id` is of type Int; "),
        ("tags", "names `tags`, and column `tags` is of type "),
    ] {
        let said = said(key, &batch.schema());
        assert!(said.contains(wanted), "{said}");
    }
    let said = said("__key", &json_schema());
    assert!(said.contains("no schema that has it"), "{said}");
}
