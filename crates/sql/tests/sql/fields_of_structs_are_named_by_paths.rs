//! A field of a struct is written behind a point, as in Flink, Hive and Spark, and gives its name to the column.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema};
use millstream_sql::Query;

use crate::support::{batch, json};

fn schema() -> Schema {
    let inner = Fields::from(vec![Field::new("c", DataType::Utf8, true)]);
    let outer = Fields::from(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Struct(inner), true),
    ]);
    Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("st", DataType::Struct(outer), true),
    ])
}

#[test]
fn with_the_table_before_them_or_without() {
    let sql = "select st.a, t1.st.b.c, id as t1 from t1 where t1.st.a > 1 and st.b.c <> 'z'";
    let query = Query::plan(sql, "t1", &schema()).unwrap();
    let rows = r#"{"id":1,"st":{"a":1,"b":{"c":"x"}}}
{"id":2,"st":{"a":2,"b":{"c":"y"}}}
{"id":3,"st":{"a":3,"b":{"c":"z"}}}
{"id":4,"st":null}
"#;
    let answer = query.evaluate(&batch(&Arc::new(schema()), rows)).unwrap();
    assert_eq!(json(&answer), [r#"{"a":2,"c":"y","t1":2}"#]);
}

#[test]
fn those_that_are_not_there_are_refused_with_the_nearest() {
    let table = [
        (
            "select st.aa from t1",
            "line 1, column 11: `st` has no field `aa`; did you mean `a`",
        ),
        (
            "select id.a from t1",
            "line 1, column 11: `id` is no struct, so it has no `a`",
        ),
        (
            "select tt.a from t1",
            "line 1, column 8: there is no table `tt`",
        ),
        (
            "select st.a, st.a from t1",
            "two output columns are called `a`",
        ),
    ];
    for (sql, said) in table {
        let error = Query::plan(sql, "t1", &schema()).unwrap_err().to_string();
        assert!(error.contains(said), "{sql}: {error}");
    }
}
