use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Int64Array, LargeListArray, ListArray, MapArray,
    RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::documents;
use crate::elasticsearch::EsSink;
use crate::formats::JsonRows;

const MILLIS: i64 = 1_709_210_096_789;

fn lines(batch: &RecordBatch) -> Vec<String> {
    let documents = documents(batch).expect("documents");
    let mut rows = JsonRows::new(&documents).expect("JSON");
    let lines = (0..batch.num_rows()).map(|row| {
        let mut out = Vec::new();
        rows.append(row, &mut out);
        String::from_utf8(out).expect("text")
    });
    lines.collect()
}

fn one(column: ArrayRef) -> String {
    let batch = RecordBatch::try_from_iter([("c", column)]).expect("a batch");
    lines(&batch).join(" ")
}

fn times() -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from(vec![Some(MILLIS), None]))
}

fn time() -> Field {
    Field::new("at", DataType::Timestamp(TimeUnit::Millisecond, None), true)
}

#[test]
fn times_are_in_utc_wherever_they_stand() {
    let at = r#""2024-02-29T12:34:56.789Z""#;
    assert_eq!(one(times()), format!(r#"{{"c":{at}}} {{"c":null}}"#));

    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let fields = Fields::from(vec![time(), Field::new("n", DataType::Int64, false)]);
    let object = StructArray::new(fields, vec![times(), numbers], None);
    assert_eq!(
        one(Arc::new(object.clone())),
        format!(r#"{{"c":{{"at":{at},"n":1}}}} {{"c":{{"at":null,"n":2}}}}"#)
    );

    let item = Arc::new(Field::new("item", object.data_type().clone(), true));
    let ends = OffsetBuffer::from_lengths([2, 0]);
    let objects = ListArray::new(item, ends, Arc::new(object), None);
    let expected = format!(r#"{{"c":[{{"at":{at},"n":1}},{{"at":null,"n":2}}]}} {{"c":[]}}"#);
    assert_eq!(one(Arc::new(objects.clone())), expected);
    assert_eq!(
        one(Arc::new(objects.slice(1, 1))),
        r#"{"c":[]}"#,
        "a part of a column"
    );

    let item = Arc::new(time());
    let large = LargeListArray::new(
        Arc::clone(&item),
        OffsetBuffer::from_lengths([1, 1]),
        times(),
        None,
    );
    assert!(one(Arc::new(large)).starts_with(&format!(r#"{{"c":[{at}]}}"#)));
    let fixed = FixedSizeListArray::new(item, 1, times(), None);
    assert!(one(Arc::new(fixed)).starts_with(&format!(r#"{{"c":[{at}]}}"#)));
}

#[test]
fn times_in_maps_are_in_utc() {
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let fields = Fields::from(vec![Field::new("keys", DataType::Utf8, false), time()]);
    let entries = StructArray::new(fields, vec![keys, times()], None);
    let field = Field::new("entries", entries.data_type().clone(), false);
    let ends = OffsetBuffer::from_lengths([2]);
    let map = MapArray::new(Arc::new(field), ends, entries, None, false);
    assert_eq!(
        one(Arc::new(map)),
        r#"{"c":{"a":"2024-02-29T12:34:56.789Z","b":null}}"#
    );
}

#[test]
fn each_row_has_the_id_of_its_document() {
    let batch = RecordBatch::try_from_iter_with_nullable([
        (
            "id",
            Arc::new(Int64Array::from(vec![Some(7), None])) as ArrayRef,
            true,
        ),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![1, 2])) as ArrayRef,
            true,
        ),
    ])
    .expect("a batch");
    let ids = |columns: &[&str]| {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut ids = Vec::new();
        EsSink::each_id(&batch, &columns, |id| ids.push(id.map(str::to_owned))).map(|()| ids)
    };
    assert_eq!(ids(&["id"]).expect("ids"), [Some("7".to_owned()), None]);
    let both = ids(&["id", "at"]).expect("ids");
    assert_eq!(
        both,
        [Some("7:1970-01-01 00\\:00\\:00.000001".to_owned()), None]
    );
    let told = ids(&["none"]).expect_err("no such column").to_string();
    assert!(told.contains("sink.es.unique.column names none"), "{told}");
}
