//! `UNION ALL`: each record goes through every SELECT, its rows are beside each other, and columns are the same by their
//! places; a record that fails in one of them is bad as a whole.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, refused, run};

const SCHEMA: &str = "struct<id:Int,name:String,price:Double,amount:Decimal(10,2),day:Date>";
const ROWS: &str = r#"{"id":1,"name":"a","price":1.5,"amount":"2.50","day":"2024-02-29"}
{"id":2,"name":"7","price":null,"amount":null,"day":null}
{"id":3,"name":"9","price":0.0,"amount":"0.10","day":"2024-03-01"}"#;

#[test]
fn rows_of_a_record_are_beside_each_other() {
    let sql = "select id, name as what from t1 where id <> 2 union all select id + 10, 'x' from t1 where id > 1 \
               union all (select id, upper(name) from t1)";
    assert_eq!(
        run(SCHEMA, ROWS, sql),
        [
            r#"{"id":1,"what":"a"}"#,
            r#"{"id":1,"what":"A"}"#,
            r#"{"id":12,"what":"x"}"#,
            r#"{"id":2,"what":"7"}"#,
            r#"{"id":3,"what":"9"}"#,
            r#"{"id":13,"what":"x"}"#,
            r#"{"id":3,"what":"9"}"#,
        ]
    );
    let unnested = "select id, unnest(arraySplit('p,q')) as v from t1 where id = 1 union all select id, name from t1 where id < 0";
    assert_eq!(
        run(SCHEMA, ROWS, unnested),
        [r#"{"id":1,"v":"p"}"#, r#"{"id":1,"v":"q"}"#]
    );
    assert!(
        run(
            SCHEMA,
            ROWS,
            "select id from t1 where id < 0 union all select id from t1 where id > 9"
        )
        .is_empty()
    );
}

#[test]
fn types_hold_what_all_give() {
    for (one, other, expected) in [
        ("id", "cast(id as bigint)", "Int64"),
        ("id", "amount", "Decimal128(12, 2)"),
        ("amount", "cast(id as decimal(12,4))", "Decimal128(12, 4)"),
        ("price", "id", "Float64"),
        ("null", "day", "Date32"),
        ("day", "null", "Date32"),
        ("null", "null", "Utf8"),
        ("null", "arraySplit(name)", "List(Utf8)"),
        ("day", "cast(day as timestamp)", "Timestamp(µs)"),
        (
            "make_array(id)",
            "make_array(cast(id as bigint))",
            "List(Int64)",
        ),
    ] {
        let sql = format!("select {one} as v from t1 union all select {other} from t1");
        let query = plan(SCHEMA, &sql);
        let found = query.output_schema().field(0).data_type().to_string();
        assert_eq!(found, expected, "{sql}");
        let rows = batch(&parse_struct(SCHEMA).unwrap(), ROWS);
        assert_eq!(query.evaluate(&rows).unwrap().num_rows(), 6, "{sql}");
    }
    for (sql, said) in [
        (
            "select id, name from t1 union all select name, id from t1",
            "column 1 of the UNION ALL is Int (`id`) in the SELECTs before, and String (`name`) in SELECT 2; cast one of them",
        ),
        (
            "select amount as a from t1 union all select price from t1",
            "column 1 of the UNION ALL is Decimal(10, 2) (`a`) in the SELECTs before, and Double (`price`) in SELECT 2",
        ),
        (
            "select id from t1 union all select id, name from t1",
            "the first SELECT of the UNION ALL has 1 column, and SELECT 2 has 2 columns",
        ),
        (
            "select id from t1 union select id from t1",
            "UNION is not offered on a stream; write UNION ALL",
        ),
        (
            "select id from t1 union all select id from t1 order by id",
            "ORDER BY is not offered",
        ),
        (
            "select id from t1 union all select idd from t1",
            "line 1, column 36: there is no column `idd`",
        ),
        (
            "select id from t1 intersect select id from t1",
            "INTERSECT is not offered",
        ),
    ] {
        let error = refused(SCHEMA, sql);
        assert!(error.contains(said), "{sql}: {error}");
    }
}

#[test]
fn a_record_that_fails_in_one_gives_nothing() {
    let sql = "select id, cast(name as int) as n from t1 union all select id * 100, id from t1 where id <> 3";
    let query = plan(SCHEMA, sql);
    let rows = batch(&parse_struct(SCHEMA).unwrap(), ROWS);
    let evaluated = query.evaluate_isolating(&rows).unwrap();
    let failed: Vec<usize> = evaluated
        .failures
        .iter()
        .map(|failure| failure.row)
        .collect();
    assert_eq!(failed, [0]);
    assert_eq!(
        json(&evaluated.rows),
        [
            r#"{"id":2,"n":7}"#,
            r#"{"id":200,"n":2}"#,
            r#"{"id":3,"n":9}"#
        ]
    );
    assert_eq!(evaluated.origins().collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(evaluated.answered(), 2);
    assert_eq!(query.columns_needed(), [0, 1]);
    assert!(query.conditions().is_empty());
}
