//! Expressions and conditions give what SQL says.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, TimeUnit};

use crate::support::{plan, run, value};

const ALL: &str = "struct<b:Boolean,s:SmallInt,i:Int,l:BigInt,f:Float,d:Double,ts:Timestamp,dt:Date,t:String,n:String>";
const ROW: &str = r#"{"b":true,"s":2,"i":7,"l":9000000000,"f":0.5,"d":2.5,"ts":"2024-02-29T12:30:15.250","dt":"2024-02-29","t":"Ab","n":null}"#;

#[test]
fn expressions_have_their_values() {
    let table = [
        ("i + s", "9"),
        ("i / 2", "3"),
        ("i % 4", "3"),
        ("i / 2.0", "3.5"),
        ("-l", "-9000000000"),
        ("t || '-' || i", r#""Ab-7""#),
        ("t || n", "null"),
        ("concat(t, n, '!')", r#""Ab!""#),
        ("concat_ws('-', t, i)", r#""Ab-7""#),
        ("upper(t)", r#""AB""#),
        ("substring(t from 2 for 1)", r#""b""#),
        ("substr(t, 1, 1)", r#""A""#),
        ("trim('  x ')", r#""x""#),
        ("position('b' in t)", "2"),
        ("coalesce(n, t)", r#""Ab""#),
        ("nullif(t, 'Ab')", "null"),
        ("case when i > 5 then 'big' else 'small' end", r#""big""#),
        ("case t when 'Ab' then 1 end", "1"),
        ("cast(i as string)", r#""7""#),
        ("cast('12' as bigint) + 1", "13"),
        ("try_cast(t as int)", "null"),
        ("t like 'A%'", "true"),
        ("t ilike 'a_'", "true"),
        ("t not like '%z%'", "true"),
        ("regexp_like(t, '^[A-Z]')", "true"),
        ("t rlike '^[A-Z]' and t regexp 'b'", "true"),
        ("t not rlike 'b'", "false"),
        ("n rlike 'b'", "null"),
        ("i in (1, 7)", "true"),
        ("i not in (1, 2)", "true"),
        ("i between 7 and 8", "true"),
        ("n is null", "true"),
        ("n is distinct from t", "true"),
        ("not b", "false"),
        ("b and n is not null", "false"),
        ("ts >= timestamp '2024-02-29 12:00:00'", "true"),
        ("ts > '2024-02-29 13:00:00'", "false"),
        ("dt = date '2024-02-29'", "true"),
        ("extract(year from ts)", "2024"),
        ("date_part('hour', ts)", "12"),
        ("cast(dt + interval '1' day as date)", r#""2024-03-01""#),
        ("date_trunc('hour', ts)", r#""2024-02-29T12:00:00""#),
        ("to_char(dt, '%Y%m%d')", r#""20240229""#),
        (
            "cast('2024-01-02 03:04:05.678' as timestamp)",
            r#""2024-01-02T03:04:05.678""#,
        ),
        ("abs(-i)", "7"),
        ("round(d)", "3.0"),
        ("ceil(d)", "3.0"),
        ("floor(d)", "2.0"),
        ("md5('')", r#""d41d8cd98f00b204e9800998ecf8427e""#),
        ("[1, 2, 3][2]", "2"),
        ("make_array(i, s)", "[7,2]"),
        ("array_to_string([t, 'x'], '+')", r#""Ab+x""#),
        ("split_part('a/b', '/', 2)", r#""b""#),
        ("null", "null"),
    ];
    for (expression, expected) in table {
        assert_eq!(value(ALL, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn where_keeps_the_rows_that_are_true_and_not_those_that_are_null() {
    let rows = "{\"i\":1}\n{\"i\":null}\n{\"i\":3}\n{\"i\":4}";
    let answer = |sql: &str| run("struct<i:Int>", rows, sql);
    assert_eq!(
        answer("select i from t1 where i > 2"),
        [r#"{"i":3}"#, r#"{"i":4}"#]
    );
    assert_eq!(answer("select i from t1 where not i > 2"), [r#"{"i":1}"#]);
    assert_eq!(
        answer("select i from t1 where i is null"),
        [r#"{"i":null}"#]
    );
    assert_eq!(answer("select i from t1 where true").len(), 4);
    assert_eq!(answer("select i from t1 where false").len(), 0);
    assert_eq!(answer("select i from t1 where i = i or true").len(), 4);
    assert_eq!(
        answer("select 1 as x from t1 where i > 2"),
        [r#"{"x":1}"#; 2]
    );
    assert_eq!(answer("select i from t1;"), answer("select * from t1"));
    assert_eq!(
        answer("-- all\nselect /* of */ i from t1"),
        answer("select i from t1")
    );
}

#[test]
fn text_is_utf8_whatever_layout_a_function_gives_it() {
    for expression in [
        "substr(t, 1)",
        "trim(t)",
        "cast(i as varchar)",
        "'x'",
        "null",
    ] {
        let query = plan(ALL, &format!("select {expression} as v from t1"));
        let field = query.output_schema().field(0).clone();
        assert_eq!(*field.data_type(), DataType::Utf8, "{expression}");
        assert!(field.is_nullable());
    }
    let query = plan(ALL, "select cast(t as timestamp) as v from t1");
    let expected = DataType::Timestamp(TimeUnit::Microsecond, None);
    assert_eq!(*query.output_schema().field(0).data_type(), expected);
}

#[test]
fn the_clock_is_read_again_for_every_batch() {
    let query = plan(
        "struct<i:Int>",
        "select now() as n, current_date as d from t1",
    );
    assert_eq!(
        *query.output_schema().field(0).data_type(),
        DataType::Timestamp(TimeUnit::Microsecond, None)
    );
    let options = RecordBatchOptions::new().with_row_count(Some(2));
    let schema = query.input_schema().clone();
    let rows = RecordBatch::try_new_with_options(schema, Vec::new(), &options).unwrap();
    let first = query.evaluate(&rows).unwrap();
    assert_eq!(
        first.column(0).slice(0, 1).as_ref(),
        first.column(0).slice(1, 1).as_ref()
    );
    // The query is planned once; its clock moves on within a millisecond, so this ends soon.
    let moved =
        (0..10_000_000).any(|_| query.evaluate(&rows).unwrap().column(0) != first.column(0));
    assert!(moved, "now() stands still");
}

#[test]
fn a_query_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + Clone>(_: &T) {}
    shareable(&plan("struct<i:Int>", "select i from t1"));
}
