//! Arrays, structs and maps that are compared or handed on whole follow the rules of what stands in them: no digit and no time of day
//! is lost, and what is refused by itself is refused in them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, ListArray, RecordBatch, TimestampMicrosecondArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;
use millstream_sql::Query;

use crate::support::{all_give, json, refused};

const SCHEMA: &str =
    "struct<n:Int,l:BigInt,d:Double,m:Decimal(10,2),day:Date,far:Date,ts:Timestamp,s:String>";
const ROW: &str = r#"{"n":3,"l":9007199254740993,"d":0.5,"m":"1.50","day":"2024-01-02","far":"9999-12-31","ts":"2024-01-02T10:00:00.123456","s":"1.5"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

fn all_refused(cases: &[(&str, &str)]) {
    for (expression, told) in cases {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(said.starts_with("MS-5001: "), "{expression}: {said}");
        assert!(said.contains(told), "{expression}: {said}");
        assert!(!said.contains('\n'), "{expression}: {said}");
    }
}

#[test]
fn texts_beside_decimals_keep_their_digits() {
    all(&[
        ("[m] = ['1.501']", "false"),
        ("[m] = ['1.5']", "true"),
        ("[m] < ['1.501']", "true"),
        ("[m] in (['1.501'])", "false"),
        ("[m] between ['1.4'] and ['1.499']", "false"),
        ("nullif([m], ['1.501']) is null", "false"),
        ("case [m] when ['1.501'] then 1 else 0 end", "0"),
        ("[[m]] = [['1.501']]", "false"),
        ("struct(m) = struct('1.501')", "false"),
        ("struct(m) = struct('1.50')", "true"),
        ("named_struct('a', m) = named_struct('a', '1.501')", "false"),
        ("[struct(m)] = [struct('1.501')]", "false"),
        ("map(['a'], [m]) = map(['a'], ['1.501'])", "false"),
        ("map(['a'], [m]) = map(['a'], ['1.5'])", "true"),
        ("map([m], [1]) = map(['1.501'], [1])", "false"),
        ("[m, '4.126']", "[1.500,4.126]"),
        ("[[m], ['4.126']]", "[[1.500],[4.126]]"),
        ("coalesce(nullif([m], [1.5]), ['4.126'])", "[4.126]"),
    ]);
}

#[test]
fn texts_of_records_are_the_numbers_that_they_are() {
    all(&[
        ("[m] = [s]", "true"),
        ("[m] = [cast(l as string)]", "false"),
        ("[m] = [s || '01']", "false"),
        ("struct(m) = struct(s)", "true"),
    ]);
    all_refused(&[
        ("[m, s]", "an array gives either a decimal or a text here"),
        ("coalesce([m], [s])", "a text is no decimal"),
        ("[m] = arraySplit(s, '|')", "a text is no decimal"),
    ]);
}

#[test]
fn a_case_of_decimals_and_texts_gives_texts() {
    all(&[
        ("case when n = 3 then [m] else ['x'] end", r#"["1.50"]"#),
        ("case when n = 4 then [m] else ['x'] end", r#"["x"]"#),
    ]);
}

#[test]
fn texts_beside_days_keep_their_times() {
    all(&[
        ("[day] = ['2024-01-02 10:00:00']", "false"),
        ("[day] = ['2024-01-02']", "true"),
        ("[day] is distinct from ['2024-01-02 10:00:00']", "true"),
        ("[day] in (['2024-01-02 10:00:00'])", "false"),
        ("nullif([day], ['2024-01-02 10:00:00']) is null", "false"),
        (
            "named_struct('a', day) = named_struct('a', '2024-01-02 10:00:00')",
            "false",
        ),
        (
            "map(['a'], [day]) = map(['a'], ['2024-01-02 10:00:00'])",
            "false",
        ),
        (
            "case when n = 4 then [day] else ['2024-01-02 10:00:00'] end",
            r#"["2024-01-02T10:00:00"]"#,
        ),
        ("coalesce([day], ['2024-01-03'])", r#"["2024-01-02"]"#),
        (
            "coalesce([ts], ['2024-01-03'])",
            r#"["2024-01-02T10:00:00.123456"]"#,
        ),
    ]);
    all_refused(&[("coalesce([day], [s])", "a text may hold more than a day")]);
}

#[test]
fn days_beside_times_reach_beyond_2262() {
    all(&[
        ("[far] = [ts]", "false"),
        ("[far] > [ts]", "true"),
        ("[far] = [cast(far as timestamp)]", "true"),
        ("[ts] = ['9999-12-31']", "false"),
        ("named_struct('d', far) = named_struct('d', ts)", "false"),
        ("coalesce([far], [ts])", r#"["9999-12-31T00:00:00"]"#),
        ("nullif([far], [ts])", r#"["9999-12-31T00:00:00"]"#),
        (
            "case when n = 3 then [far] else [ts] end",
            r#"["9999-12-31T00:00:00"]"#,
        ),
    ]);
}

#[test]
fn columns_of_arrays_are_cast_whole() {
    let list = |items: ArrayRef| -> ArrayRef {
        let field = Arc::new(Field::new("item", items.data_type().clone(), true));
        let ends = OffsetBuffer::from_lengths([1]);
        Arc::new(ListArray::new(field, ends, items, None))
    };
    // 9999-12-31, and 1970-01-01.
    let days = list(Arc::new(Date32Array::from(vec![2_932_896])));
    let times = list(Arc::new(TimestampMicrosecondArray::from(vec![0])));
    let batch = RecordBatch::try_from_iter([("d", days), ("t", times)]).unwrap();
    let sql = "select d = t as a, d > t as b from t1";
    let query = Query::plan(sql, "t1", batch.schema_ref()).unwrap();
    let answer = query
        .evaluate(&batch.project(query.columns_needed()).unwrap())
        .unwrap();
    assert_eq!(json(&answer), [r#"{"a":false,"b":true}"#]);
}

#[test]
fn long_whole_numbers_keep_their_digits() {
    all(&[
        (
            "named_struct('a', l) = named_struct('a', 9007199254740992.0)",
            "false",
        ),
        (
            "named_struct('a', l) = named_struct('a', 9007199254740993.0)",
            "true",
        ),
        (
            "map(['a'], [l]) = map(['a'], [9007199254740992.0])",
            "false",
        ),
        ("named_struct('a', n) = named_struct('a', 3.0)", "true"),
    ]);
}

#[test]
fn no_type_for_both_is_a_refusal() {
    let both = "beside a Double, and no type holds the values of both; cast one of them";
    all_refused(&[
        ("named_struct('a', d) = named_struct('a', m)", both),
        ("named_struct('a', l) = named_struct('a', d)", both),
        ("map(['a'], [d]) = map(['a'], [m])", both),
        ("[day] = [20240101]", "a day is no number"),
        ("struct(day) < struct(19725)", "a day is no number"),
        ("coalesce([day], [1])", "a day is no number"),
    ]);
}

#[test]
fn fields_in_another_order_meet_by_their_names() {
    all(&[
        (
            "named_struct('a', m, 'b', n) = named_struct('b', 3, 'a', '1.501')",
            "false",
        ),
        (
            "named_struct('a', m, 'b', n) = named_struct('b', 3, 'a', '1.5')",
            "true",
        ),
    ]);
}
