use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use rdkafka::message::Headers;

use super::{Parts, written_headers};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

fn texts(texts: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

fn keys(batch: &RecordBatch, key: &[&str]) -> Vec<Option<String>> {
    let key: Vec<String> = key.iter().map(|name| (*name).to_owned()).collect();
    let parts = Parts::of(batch, &key).expect("parts");
    let mut keys = parts.keys().expect("keys");
    let mut out = Vec::new();
    (0..batch.num_rows())
        .map(|row| {
            let is_there = keys.put(row, &mut out);
            is_there.then(|| String::from_utf8(out.clone()).expect("text"))
        })
        .collect()
}

#[test]
fn what_stands_around_the_value_is_taken_out() {
    let batch = batch(vec![
        ("__key", texts(&[Some("a"), None])),
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        (
            "__timestamp",
            Arc::new(TimestampMillisecondArray::from(vec![
                Some(1_700_000_000_000),
                None,
            ])),
        ),
        (
            "__headers",
            texts(&[
                Some(
                    r#"[{"key":"h","value":"1"},{"key":"b","value_base64":"/w=="},{"key":"n","value":null}]"#,
                ),
                Some("[]"),
            ]),
        ),
    ]);
    let parts = Parts::of(&batch, &[]).expect("parts");
    assert_eq!(parts.value.num_columns(), 1);
    assert_eq!(keys(&batch, &[]), [Some("a".to_owned()), None]);
    assert_eq!(parts.timestamp(0), Some(1_700_000_000_000));
    assert_eq!(parts.timestamp(1), None);
    let headers = parts.headers(0).expect("headers").expect("there are some");
    let headers: Vec<(String, Option<Vec<u8>>)> = headers
        .iter()
        .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
        .collect();
    assert_eq!(
        headers,
        [
            ("h".to_owned(), Some(b"1".to_vec())),
            ("b".to_owned(), Some(vec![0xff])),
            ("n".to_owned(), None),
        ]
    );
    assert!(parts.headers(1).expect("none").is_none());
}

#[test]
fn keys_are_made_of_columns() {
    let batch = batch(vec![
        ("id", Arc::new(Int64Array::from(vec![Some(7), None]))),
        ("name", texts(&[Some("x \"y\""), Some("")])),
        (
            "raw",
            Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\x01"), None])),
        ),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from(vec![Some(0), None])),
        ),
    ]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(keys(&batch, &["id"]), [some("7"), None]);
    assert_eq!(keys(&batch, &["name"]), [some("x \"y\""), some("")]);
    assert_eq!(keys(&batch, &["raw"]), [some("\x01"), None]);
    assert_eq!(keys(&batch, &["at"]), [some("1970-01-01 00:00:00"), None]);
    assert_eq!(
        keys(&batch, &["name", "id"]),
        [
            some(r#"{"name":"x \"y\"","id":7}"#),
            some(r#"{"name":"","id":null}"#)
        ]
    );
    assert_eq!(keys(&batch, &[]), [None, None]);
    let missing = Parts::of(&batch, &["nobody".to_owned()])
        .err()
        .expect("no column");
    assert!(missing.to_string().contains("names nobody"), "{missing}");
}

#[test]
fn headers_that_are_none_are_told() {
    let batch = batch(vec![("__headers", texts(&[Some("{}")]))]);
    let error = Parts::of(&batch, &[]).expect("parts").headers(0);
    let error = error.expect_err("no headers").to_string();
    assert!(error.contains("__headers"), "{error}");
}

#[test]
fn a_text_is_judged_as_headers_before_it_is_sent() {
    for good in [
        "",
        "[]",
        "[ ]",
        r#"[{"key":"a"}]"#,
        r#"[{"key":"a","value":"1"}]"#,
    ] {
        assert!(written_headers(good).is_ok(), "{good}");
    }
    for bad in [
        "{}",
        "a",
        "null",
        r#"[{"value":"1"}]"#,
        r#"[{"key":7}]"#,
        r#"[{"key":"a","value_base64":"?"}]"#,
        r#"[{"key":"a\u0000"}]"#,
    ] {
        assert!(written_headers(bad).is_err(), "{bad}");
    }
}
