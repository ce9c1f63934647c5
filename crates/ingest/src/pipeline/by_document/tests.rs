use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use millstream::Fingerprint;
use millstream_connectors::rows::json_schema;

use super::Documents;

/// For each row the number of the first that goes where it goes; `-` for those that can be no documents.
fn same(id: &[&str], batch: &RecordBatch) -> String {
    let id: Vec<String> = id.iter().map(|name| (*name).to_owned()).collect();
    let prints = Documents::new(&id).fingerprints(batch).expect("ids");
    let first = |print: &Option<Fingerprint>| match print {
        None => "-".to_owned(),
        Some(_) => {
            let place = prints.iter().position(|other| other == print);
            place.expect("at least itself").to_string()
        }
    };
    prints.iter().map(first).collect()
}

#[test]
fn rows_of_one_document_meet_whatever_its_id_is_made_of() {
    let columns: [(&str, ArrayRef); 2] = [
        (
            "id",
            Arc::new(UInt64Array::from(vec![
                Some(u64::MAX),
                Some(1),
                Some(u64::MAX),
                None,
            ])),
        ),
        (
            "ts",
            Arc::new(TimestampMicrosecondArray::from(vec![1, 1, 1, 1])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    assert_eq!(same(&["id"], &batch), "010-");
    assert_eq!(same(&["id", "ts"], &batch), "010-");
    assert_eq!(same(&["ts"], &batch), "0000");
}

#[test]
fn fields_of_objects_are_called_what_they_are_called_there() {
    let texts = StringArray::from(vec![
        r#"{"a.b":1,"a":{"b":7}}"#,
        r#"{"a.b":1,"a":{"b":8}}"#,
        r#"{"a.b":2,"a":{"b":7}}"#,
        r#"{"a":{"b":7}}"#,
    ]);
    let batch = RecordBatch::try_new(json_schema(), vec![Arc::new(texts)]).expect("a batch");
    assert_eq!(same(&["a.b"], &batch), "002-");
}
