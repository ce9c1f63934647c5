//! Names: case-sensitive as written, in quotes of two kinds, EXPR$i without alias.

use arrow::datatypes::{DataType, Field, Schema};
use millstream_sql::Query;

use crate::support::{plan, run, value};

const MIXED: &str = "struct<userId:Int,userid:Int,select:String,`a b`:String>";
const ROW: &str = r#"{"userId":1,"userid":2,"select":"s","a b":"q"}"#;

#[test]
fn column_names_are_case_sensitive() {
    assert_eq!(value(MIXED, ROW, "userId"), "1");
    assert_eq!(value(MIXED, ROW, "userid"), "2");
}

#[test]
fn backquotes_and_double_quotes_hold_any_name() {
    assert_eq!(value(MIXED, ROW, "`a b`"), r#""q""#);
    assert_eq!(value(MIXED, ROW, "\"a b\""), r#""q""#);
    assert_eq!(value(MIXED, ROW, "`select`"), r#""s""#);
    assert_eq!(value(MIXED, ROW, "t1.`userId`"), "1");
}

#[test]
fn functions_are_found_in_any_case() {
    assert_eq!(value(MIXED, ROW, "Upper(`a b`)"), r#""Q""#);
    assert_eq!(value(MIXED, ROW, "CONCAT(`a b`, '-', userId)"), r#""q-1""#);
    assert_eq!(value(MIXED, ROW, "Char_Length(`a b`)"), "1");
}

#[test]
fn an_expression_without_alias_is_named_by_its_place() {
    let answer = run(
        MIXED,
        ROW,
        "select userId, userId + 1, 'x', userid as b from t1",
    );
    assert_eq!(answer, [r#"{"userId":1,"EXPR$1":2,"EXPR$2":"x","b":2}"#]);
    let answer = run(MIXED, ROW, "select *, upper(`a b`) from t1");
    let expected = r#"{"userId":1,"userid":2,"select":"s","a b":"q","EXPR$4":"Q"}"#;
    assert_eq!(answer, [expected]);
}

#[test]
fn a_star_keeps_the_order_and_may_leave_columns_out() {
    let query = plan(MIXED, "select * from t1");
    let names: Vec<&String> = query
        .output_schema()
        .fields()
        .iter()
        .map(|f| f.name())
        .collect();
    assert_eq!(names, ["userId", "userid", "select", "a b"]);
    let answer = run(MIXED, ROW, "select * except (userid, `a b`) from t1");
    assert_eq!(answer, [r#"{"userId":1,"select":"s"}"#]);
}

#[test]
fn the_table_may_have_any_name_and_an_alias() {
    let schema = Schema::new(vec![Field::new("a", DataType::Utf8, true)]);
    for (table, sql) in [
        ("my.table", "select a from `my.table`"),
        ("MyTable", "select MyTable.a from MyTable"),
        (
            "order",
            "select o.a from `order` as o where o.a is not null",
        ),
        ("数据", "select a from 数据"),
    ] {
        let planned = Query::plan(sql, table, &schema);
        assert!(planned.is_ok(), "{sql}: {planned:?}");
    }
}

#[test]
fn a_schema_with_one_name_twice_is_refused() {
    let field = Field::new("a", DataType::Utf8, true);
    let schema = Schema::new(vec![field.clone(), field]);
    let error = Query::plan("select a from t1", "t1", &schema).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MS-5003: column `a` is there twice; give every column a name of its own"
    );
}
