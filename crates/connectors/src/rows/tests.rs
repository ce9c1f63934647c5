use std::sync::Arc;

use arrow::array::{AsArray, Int32Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::{Origin, Parsed, Rows};

fn there_and_back(rows: Rows) -> Rows {
    let bytes = serde_json::to_vec(&Parsed::Rows(rows)).expect("rows serialize");
    match serde_json::from_slice(&bytes).expect("and deserialize") {
        Parsed::Rows(rows) => rows,
        other => panic!("rows became {other:?}"),
    }
}

fn origin(rows: u64) -> Arc<Origin> {
    let offsets = (0..rows).map(|row| row * 10).collect();
    Arc::new(Origin {
        file: "/in/a.csv".into(),
        offsets,
        lines: (1..=rows).collect(),
        times: (0..rows as i64).map(|row| row * 1_000).collect(),
        raws: None,
    })
}

#[test]
fn rows_cross_a_process_boundary() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int32, true),
        Field::new("name", DataType::Utf8, true),
    ]));
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int32Array::from(vec![Some(1), None])),
            Arc::new(StringArray::from(vec![Some("n1"), Some("")])),
        ],
    )
    .expect("columns fit the schema");
    let copy = there_and_back(Rows {
        batch: batch.clone(),
        origin: origin(2),
    });
    assert_eq!(copy.batch, batch);
    assert_eq!(
        (copy.origin.offset(1), copy.origin.line(1)),
        (Some(10), Some(2))
    );
    assert_eq!(copy.origin.line(2), None);
    assert_eq!(copy.origin.time(1), Some(1_000));
}

#[test]
fn some_rows_keep_where_they_come_from() {
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int32, true)]));
    let ids = Int32Array::from(vec![Some(1), None, Some(3)]);
    let batch = RecordBatch::try_new(schema, vec![Arc::new(ids)]).expect("a column");
    let rows = Rows {
        batch,
        origin: origin(3),
    };
    let some = rows.only(&[0, 2]).expect("they are there");
    let ids: &Int32Array = some.batch.column(0).as_primitive();
    assert_eq!(ids.values(), &[1, 3]);
    let origin = &some.origin;
    assert_eq!(
        (origin.offsets.as_slice(), origin.lines.as_slice()),
        (&[0, 20][..], &[1, 3][..])
    );
    assert_eq!(
        (origin.time(0), origin.time(1), origin.time(2)),
        (Some(0), Some(2_000), None)
    );
    assert!(rows.only(&[3]).is_err());
}

#[test]
fn rows_without_columns_keep_their_number() {
    let batch = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        Vec::new(),
        &RecordBatchOptions::new().with_row_count(Some(3)),
    )
    .expect("no columns");
    assert_eq!(
        there_and_back(Rows {
            batch,
            origin: origin(3)
        })
        .len(),
        3
    );
}
