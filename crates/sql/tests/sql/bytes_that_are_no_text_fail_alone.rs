//! Bytes that are no UTF-8 make their own record a bad one, and no other.

use std::sync::Arc;

use arrow::array::{BinaryArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use millstream_sql::Query;

use crate::support::json;

#[test]
fn the_others_are_answered() {
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("bin", DataType::Binary, true),
    ]);
    let bytes = [
        Some(b"a".as_slice()),
        None,
        Some(b"".as_slice()),
        Some(b"\xff".as_slice()),
        Some(b"b".as_slice()),
    ];
    let batch = RecordBatch::try_new(
        Arc::new(schema.clone()),
        vec![
            Arc::new(Int64Array::from_iter_values(1..=5)),
            Arc::new(BinaryArray::from(bytes.to_vec())),
        ],
    )
    .unwrap();
    let sql = "select id, cast(bin as string) as text from t1";
    let answer = Query::plan(sql, "t1", &schema)
        .unwrap()
        .evaluate_isolating(&batch)
        .unwrap();
    let failed: Vec<usize> = answer.failures.iter().map(|failure| failure.row).collect();
    assert_eq!(failed, [3]);
    assert_eq!(
        json(&answer.rows),
        [
            r#"{"id":1,"text":"a"}"#,
            r#"{"id":2,"text":null}"#,
            r#"{"id":3,"text":""}"#,
            r#"{"id":5,"text":"b"}"#,
        ]
    );
    assert_eq!(answer.origins().collect::<Vec<_>>(), [0, 1, 2, 4]);
}
