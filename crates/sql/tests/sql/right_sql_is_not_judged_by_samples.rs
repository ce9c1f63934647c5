//! What a column brings can't be told before there are records: patterns, flags and paths of columns, what lambdas make of elements
//! and what is made of nulls are planned. Constants beside them are looked at all the same.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use millstream_sql::Query;

use crate::support::{plan, refused, value};

const SCHEMA: &str = "struct<n:Int,s:String,t:String,p:String,f:String,ts:Timestamp,d:Double>";

fn planned(expressions: &[&str]) {
    for expression in expressions {
        plan(SCHEMA, &format!("select {expression} as x from t1"));
        plan(
            SCHEMA,
            &format!("select n from t1 where ({expression}) is not null"),
        );
    }
}

#[test]
fn flags_paths_and_patterns_of_columns_are_planned() {
    planned(&[
        "regexp_replace(s, 'a', 'x', f)",
        "regexp_replace('abc', 'a', 'x', f)",
        "regexp_replace('abc', p, 'x', 'g')",
        "regexp_replace(s, 'a', 'x', coalesce(f, 'w'))",
        "regexp_like(s, 'A', f)",
        "regexp_like('abc', 'A', f)",
        "regexp_like(s, p, 'i')",
        "regexp_match(s, '(a)', f)[1]",
        "regexp_match('abc', '(a)', f)[1]",
        "regexp_count('abc', 'a', n, f)",
        "regexp_instr('abc', 'a', n, 1, f)",
        "s similar to p",
        "json_value(s, p)",
        "json_value('{}', p)",
        "json_value('{}', concat(p, '.x'))",
        "get_json_object('{}', p)",
        "to_timestamp('2024-01-05', p)",
        "to_timestamp('2024-01-05', p, '%Y-%m-%d')",
        "cast(to_timestamp('2024-01-05', p) as string)",
        "to_date('2024-01-05', p)",
        "to_unixtime('2024-01-05', p)",
        "to_timestamp(s, p)",
        "date_format(timestamp '2024-02-29 12:30:15', p)",
        "to_char(timestamp '2024-02-29 12:30:15', p)",
    ]);
}

#[test]
fn what_lambdas_make_of_elements_is_planned() {
    planned(&[
        "array_transform(arraySplit(s, ';'), x -> cast(split_part(x, '=', 2) as int))",
        "array_transform(arraySplit(s), x -> to_date(x, 'yyyyMMdd'))",
        "array_transform(arraySplit(ifnull(s, '')), x -> to_date(x, 'yyyyMMdd'))",
        "array_transform(arraySplit(ifnull(s, 'none')), x -> cast(x as int))",
        "array_transform(['1', 'x'], x -> cast(concat(x, s) as int))",
        "array_transform([s, 'x'], x -> json_value('{}', x))",
        "array_filter(arraySplit(s), x -> to_date(x, 'yyyyMMdd') > date '2024-01-01')",
        "array_transform(arraySplit(s), x -> sqrt(cast(x as double) - 200))",
    ]);
}

#[test]
fn lambdas_in_lambdas_may_read_what_is_around_them() {
    planned(&[
        "array_transform(arraySplit(s), x -> array_transform(arraySplit('a,b'), y -> concat(x, y)))",
    ]);
}

#[test]
fn what_fails_for_what_is_made_of_nulls_is_planned() {
    planned(&[
        "sqrt(ifnull(d, 0) - 200)",
        "decode(concat(s, t, '0'), 'hex')",
        "make_date(ifnull(n, 0) / 10000, ifnull(n, 0) / 100 % 100, ifnull(n, 0) % 100)",
        "regexp_like(s, concat('(', p))",
        "map([s], [n])",
        // The steps may be of any length.
        "generate_series(date '2024-01-01', date '2024-01-31', case when n > 1 then interval '1' day else interval '7' day end)",
    ]);
    // Each works for some records, though for none of the same samples.
    for columns in [
        "to_date(s, '%d.%m.%Y') as a, 10 / ifnull(n, 0) as b",
        "regexp_like(s, 'a', f) as a, sqrt(ifnull(d, 0) - 1) as b",
        "to_date(s, '%d.%m.%Y') as a, map([s], [n]) as b",
    ] {
        plan(SCHEMA, &format!("select {columns} from t1"));
    }
}

#[test]
fn constants_beside_them_are_refused() {
    for (expression, word) in [
        (
            "regexp_replace(s, '(', 'x', f)",
            "regular expression is wrong",
        ),
        ("regexp_like(s, '[', f)", "regular expression is wrong"),
        ("regexp_like(s, p, 'g')", "global"),
        ("json_value(p, 'a.b')", "is no path in JSON"),
        ("to_timestamp('2024-01-05', p, '%Q')", "%Q"),
        (
            "array_transform(arraySplit(s), x -> to_date(x, 'YYYYMMDD'))",
            "`%Y%m%d`",
        ),
        (
            "array_transform(arraySplit(s), x -> regexp_replace(x, '(', 'y'))",
            "regular expression is wrong",
        ),
        (
            "array_transform(arraySplit(s), x -> split_part(x, ',', 0))",
            "zero",
        ),
        ("array_transform(['1', 'x'], x -> cast(x as int))", "x"),
        ("array_filter(arraySplit(s), x -> s)", "oolean"),
        ("array_any_match(arraySplit(s), x -> x)", "oolean"),
        // A unit has to be a constant, which no record makes of it.
        ("date_trunc(s, ts)", "date_trunc"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-500"), "{expression}: {error}");
        assert!(error.contains(word), "{expression}: {error}");
        assert!(!error.contains('\n'), "{expression}: {error}");
    }
}

#[test]
fn what_is_planned_works_for_records() {
    let mut wrong = Vec::new();
    for (row, expression, expected) in [
        (
            r#"{"s":"banana","f":"i"}"#,
            "regexp_replace(s, 'A', 'x', f)",
            r#""bxnana""#,
        ),
        (r#"{"p":"$.a"}"#, r#"json_value('{"a":1}', p)"#, r#""1""#),
        (
            r#"{"p":"%Y-%m-%d"}"#,
            "cast(to_timestamp('2024-01-05', p) as string)",
            r#""2024-01-05 00:00:00""#,
        ),
        (
            r#"{"s":"a=1;b=22"}"#,
            "array_transform(arraySplit(s, ';'), x -> cast(split_part(x, '=', 2) as int))",
            "[1,22]",
        ),
        (r#"{"d":204.0}"#, "sqrt(ifnull(d, 0) - 200)", "2.0"),
    ] {
        let found = value(SCHEMA, row, expression);
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn empty_flags_are_none() {
    let row = r#"{"s":"banana","f":""}"#;
    for (expression, expected) in [
        ("regexp_replace(s, 'a', 'x', '')", r#""bxnana""#),
        ("regexp_replace(s, 'a', 'x', f)", r#""bxnana""#),
        ("regexp_like(s, 'A', f)", "false"),
        ("regexp_match(s, '(an)', f)[1]", r#""an""#),
    ] {
        assert_eq!(value(SCHEMA, row, expression), expected, "{expression}");
    }
}

#[test]
fn an_order_of_a_column_is_refused() {
    let sql = "select array_sort(arraySplit(s), p) as x from t1";
    let error = refused(SCHEMA, sql);
    assert!(error.contains("takes its order as a constant"), "{error}");
}

#[test]
fn arrays_of_texts_beside_arrays_of_numbers_are_planned() {
    let texts = Field::new_list_field(DataType::Utf8, true);
    let schema = Schema::new(vec![
        Field::new("n", DataType::Int32, true),
        Field::new("at", DataType::List(Arc::new(texts)), true),
    ]);
    for expression in ["coalesce(at, [1])", "case when n > 0 then at else [1] end"] {
        let sql = format!("select {expression} as x from t1");
        let planned = Query::plan(&sql, "t1", &schema);
        assert!(planned.is_ok(), "{expression}: {planned:?}");
    }
}
