//! Arrays in FROM, as Flink and Hive have them, give a row for each of their values, as `unnest` in the SELECT does.

use crate::support::{refused, run};

const SCHEMA: &str = "struct<id:Int,tags:String>";
const ROWS: &str = r#"{"id":1,"tags":"a,b"}
{"id":2,"tags":null}
{"id":3,"tags":"c"}"#;

const INNER: [&str; 3] = [
    r#"{"id":1,"tag":"a"}"#,
    r#"{"id":1,"tag":"b"}"#,
    r#"{"id":3,"tag":"c"}"#,
];

#[test]
fn in_every_form_that_flink_and_hive_have() {
    for sql in [
        "select id, tag from t1 cross join unnest(arraySplit(tags)) as t (tag)",
        "select id, t.tag from t1 cross join unnest(arraySplit(tags)) t (tag)",
        "select x.id, t.value as tag from t1 as x, unnest(arraySplit(x.tags)) as t (value)",
        "select id, tag from t1 cross join unnest(arraySplit(tags)) as tag",
        "select id, tag from t1 join unnest(arraySplit(tags)) as t (tag) on true",
        "select id, tag from t1 lateral view explode(arraySplit(tags)) t as tag",
        "select id, tags as tag from t1 lateral view explode(arraySplit(tags)) t as tags",
        "select id, unnest(arraySplit(tags)) as tag from t1",
    ] {
        assert_eq!(run(SCHEMA, ROWS, sql), INNER, "{sql}");
    }
    let mut outer = INNER.to_vec();
    outer.insert(2, r#"{"id":2,"tag":null}"#);
    for sql in [
        "select id, tag from t1 left join unnest(arraySplit(tags)) as t (tag) on true",
        "select id, tag from t1 lateral view outer explode(arraySplit(tags)) t as tag",
    ] {
        assert_eq!(run(SCHEMA, ROWS, sql), outer, "{sql}");
    }
    let all = "select * from t1 cross join unnest(arraySplit(tags)) as t (tag) where id = 1";
    assert_eq!(
        run(SCHEMA, ROWS, all),
        [
            r#"{"id":1,"tags":"a,b","tag":"a"}"#,
            r#"{"id":1,"tags":"a,b","tag":"b"}"#
        ]
    );
}

#[test]
fn what_can_not_be_done_so_is_refused_with_its_place() {
    let alone = "let `tag` stand alone as a column of the SELECT, once, and choose rows by it in the system that reads the sink";
    let from = "from t1 cross join unnest(arraySplit(tags)) as t (tag)";
    for (select, rest, expected) in [
        (
            "id, upper(tag) as tag",
            "",
            "MS-5002: line 1, column 18: an expression or a condition of `tag`, a value of an array,",
        ),
        (
            "id, tag",
            " where tag <> 'a'",
            "MS-5002: line 1, column 77: an expression or a condition of `tag`, a value of an array,",
        ),
        (
            "id",
            "",
            "MS-5002: line 1, column 30: an array in FROM whose value `tag` is not one column of the SELECT",
        ),
    ] {
        let sql = format!("select {select} {from}{rest}");
        let told = format!("{expected} is not offered on a stream; {alone}");
        assert_eq!(refused(SCHEMA, &sql), told, "{sql}");
    }
    for other in [
        "select id from t1 join t2 on t1.id = t2.id",
        "select id, tag from t1 join unnest(arraySplit(tags)) as t (tag) on t.tag = 'a'",
    ] {
        let told = refused(SCHEMA, other);
        assert!(told.contains("a join is not offered"), "{told}");
    }
    let two = "select id, a, b from t1 lateral view explode(arraySplit(tags)) x as a lateral view explode(arraySplit(tags)) y as b";
    let told = refused(SCHEMA, two);
    assert!(told.contains("LATERAL VIEW is not offered"), "{told}");
}
