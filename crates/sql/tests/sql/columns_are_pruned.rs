//! A query reads the columns it names and no others, and hands columns on without copying.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan};

const FOUR: &str = "struct<a:Int,b:String,c:Double,d:String>";
const ROWS: &str =
    "{\"a\":1,\"b\":\"x\",\"c\":0.5,\"d\":\"p\"}\n{\"a\":2,\"b\":\"y\",\"c\":1.5,\"d\":\"q\"}";

fn input(query: &Query) -> (RecordBatch, RecordBatch) {
    let whole = batch(&parse_struct(FOUR).unwrap(), ROWS);
    let pruned = whole.project(query.columns_needed()).unwrap();
    (whole, pruned)
}

#[test]
fn only_columns_of_filter_and_projection_are_needed() {
    let query = plan(FOUR, "select upper(d) as d from t1 where a > 1 and d = d");
    assert_eq!(query.columns_needed(), [0, 3]);
    assert_eq!(query.input_schema().fields().len(), 2);
    assert_eq!(query.input_schema().field(1).name(), "d");
}

#[test]
fn whole_and_pruned_batches_give_the_same() {
    for sql in [
        "select d, a from t1 where c > 1",
        "select concat(b, d) as e from t1",
        "select * from t1 where b = 'y'",
        "select 1 as one from t1 where c > 1",
    ] {
        let query = plan(FOUR, sql);
        let (whole, pruned) = input(&query);
        let answer = query.evaluate(&whole).unwrap();
        assert_eq!(answer, query.evaluate(&pruned).unwrap(), "{sql}");
        assert!(answer.num_rows() > 0, "{sql}");
    }
}

#[test]
fn a_query_of_constants_needs_no_column_and_keeps_the_count() {
    let query = plan(FOUR, "select 'x' as x from t1");
    assert!(query.columns_needed().is_empty());
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let none = RecordBatch::try_new_with_options(query.input_schema().clone(), vec![], &options);
    let answer = query.evaluate(&none.unwrap()).unwrap();
    assert_eq!(json(&answer), [r#"{"x":"x"}"#; 3]);
}

#[test]
fn columns_that_are_handed_on_are_not_copied() {
    let query = plan(FOUR, "select b as x, a from t1 where a > 0");
    let (_, pruned) = input(&query);
    let answer = query.evaluate(&pruned).unwrap();
    assert!(Arc::ptr_eq(answer.column(0), pruned.column(1)));
    assert!(Arc::ptr_eq(answer.column(1), pruned.column(0)));
}

#[test]
fn a_batch_of_another_shape_is_an_error() {
    let query = plan(FOUR, "select a, b from t1");
    let (whole, _) = input(&query);
    let narrow = whole.project(&[0, 1, 2]).unwrap();
    assert_eq!(query.evaluate(&narrow).unwrap_err().code(), "MS-9001");
    let swapped = whole.project(&[1, 0]).unwrap();
    let error = query.evaluate(&swapped).unwrap_err();
    assert!(
        error
            .message()
            .contains("column `a` comes as String, not as Int"),
        "{error}"
    );
}
