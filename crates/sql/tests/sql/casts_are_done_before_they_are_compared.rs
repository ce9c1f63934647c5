//! A cast that is compared with a constant gives what it gives anywhere else: `cast(m as int)` of 1.50 is 1, and a number that has
//! no room fails.

use arrow::datatypes::Schema;
use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, value};

const SCHEMA: &str = "struct<m:Decimal(10,2),w:Decimal(10,4),b:BigInt,n:Int,d:Double,s:String>";
const ROW: &str = r#"{"m":"1.50","w":"1.5049","b":9007199254740993,"n":300,"d":1.9,"s":"x"}"#;
const ROWS: &str = r#"{"m":"1.50","w":"1.5049","b":9007199254740993,"n":300,"d":1.9,"s":"x"}
{"m":"1.00","w":"1.5000","b":5,"n":5,"d":1.0,"s":"5"}
{"m":"-1.50","w":"-1.5050","b":-1,"n":-1,"d":-0.5,"s":"05"}
{"m":"0.99","w":"99.9999","b":1000,"n":44,"d":5e30,"s":""}
{}"#;

fn schema() -> Schema {
    parse_struct(SCHEMA).unwrap()
}

/// The rows that an expression has, and the places of those that fail.
fn outcome(expression: &str) -> (Vec<String>, Vec<usize>) {
    let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
    let answer = query.evaluate_isolating(&batch(&schema(), ROWS)).unwrap();
    let failures = answer.failures.iter().map(|failure| failure.row);
    (json(&answer.rows), failures.collect())
}

#[test]
fn what_a_cast_leaves_is_compared() {
    for (expression, expected) in [
        ("cast(m as int) = 1", "true"),
        ("1 = cast(m as int)", "true"),
        ("cast(m as int) <> 1", "false"),
        ("cast(m as int) > 1", "false"),
        ("cast(m as int) in (1, 2)", "true"),
        ("cast(m as int) in (1, 2, 3, 4, 5)", "true"),
        ("cast(m as int) not in (1, 2)", "false"),
        ("cast(m as int) between 1 and 1", "true"),
        ("cast(m as int) is distinct from 1", "false"),
        ("cast(m as int) is not distinct from 1", "true"),
        ("cast(cast(m as int) as bigint) = 1", "true"),
        ("cast(w as decimal(10,2)) = 1.50", "true"),
        ("cast(w as decimal(10,2)) between 1.50 and 1.50", "true"),
        ("cast(d as int) = 1", "true"),
        ("try_cast(b as int) <> 5", "null"),
        ("try_cast(b as int) in (5)", "null"),
        ("try_cast(b as int) is not distinct from null", "true"),
        ("try_cast(s as int) is not distinct from null", "true"),
        ("try_cast(n as tinyint) > 5", "null"),
        ("cast(n as string) = '300'", "true"),
        ("cast(n as string) = '0300'", "false"),
        ("case when cast(m as int) = 1 then 1 else 0 end", "1"),
    ] {
        assert_eq!(value(SCHEMA, ROW, expression), expected, "{expression}");
    }
}

#[test]
fn what_can_not_be_cast_fails_also_beside_a_constant() {
    for expression in [
        "cast(b as int) = 5",
        "cast(b as int) <> 5",
        "cast(b as int) in (5, 6)",
        "cast(b as int) between 5 and 6",
        "cast(b as int) is distinct from 5",
        "cast(b as int) is distinct from null",
    ] {
        let (rows, failures) = outcome(expression);
        assert_eq!(failures, [0], "{expression}");
        assert_eq!(rows.len(), 4, "{expression}");
    }
    let query = plan(SCHEMA, "select n from t1 where cast(b as int) = 5");
    let answer = query.evaluate_isolating(&batch(&schema(), ROWS)).unwrap();
    assert_eq!(answer.failures.len(), 1);
    assert_eq!(json(&answer.rows), [r#"{"n":5}"#]);
}

#[test]
fn a_cast_is_compared_as_the_same_value_out_of_an_array() {
    let comparisons = |one: &str, other: &str| {
        let operators = ["=", "<>", "<", "<=", ">", ">="];
        let operators = operators
            .iter()
            .chain(&["is distinct from", "is not distinct from"]);
        let mut all: Vec<String> = operators
            .map(|operator| format!("{operator} {one}"))
            .collect();
        all.extend([
            format!("in ({one}, {other})"),
            format!("not in ({one}, {other})"),
            format!("in ({one}, {other}, {one}, {other}, {one}, {other})"),
            format!("between {one} and {other}"),
            format!("not between {one} and {other}"),
        ]);
        all
    };
    for (cast, one, other) in [
        ("cast(m as int)", "1", "2"),
        ("cast(m as int)", "-1", "0"),
        ("try_cast(m as tinyint)", "1", "100"),
        ("cast(m as decimal(10,1))", "1.5", "2.0"),
        ("cast(m as decimal(12,4))", "1.5", "1.0001"),
        ("cast(w as decimal(10,2))", "1.50", "1.51"),
        ("cast(w as decimal(10,2))", "-1.51", "-1.50"),
        ("try_cast(w as decimal(5,4))", "1.5", "1.5049"),
        ("cast(w as decimal(5,4))", "1.5", "1.5049"),
        ("cast(b as int)", "5", "1000"),
        ("try_cast(b as int)", "5", "1000"),
        ("try_cast(b as smallint)", "-1", "5"),
        ("cast(b as decimal(3,0))", "5", "6"),
        ("try_cast(b as decimal(3,0))", "5", "6"),
        ("cast(b as decimal(25,2))", "5.00", "9007199254740993"),
        ("cast(n as bigint)", "5", "300"),
        ("try_cast(n as tinyint)", "5", "44"),
        ("cast(n as string)", "'5'", "'05'"),
        ("cast(n as string)", "'300'", "'44'"),
        ("cast(d as int)", "1", "0"),
        ("try_cast(d as int)", "1", "0"),
        ("try_cast(s as int)", "5", "6"),
        ("cast(s as int)", "5", "6"),
        ("cast(cast(m as int) as bigint)", "1", "2"),
        ("cast(cast(m as int) as string)", "'1'", "'2'"),
    ] {
        for comparison in comparisons(one, other) {
            let plain = outcome(&format!("{cast} {comparison}"));
            let hidden = outcome(&format!("make_array({cast})[1] {comparison}"));
            assert_eq!(plain, hidden, "{cast} {comparison}");
        }
    }
}

#[test]
fn files_of_columns_are_told_of_casts_that_lose_nothing() {
    for (condition, told) in [
        ("n > 5", 1),
        ("m > 1.5", 1),
        ("cast(n as bigint) > 5", 1),
        ("cast(n as string) = '5'", 1),
        ("cast(m as int) = 1", 0),
        ("cast(b as int) = 5", 0),
        ("cast(w as decimal(10,2)) = 1.5", 0),
    ] {
        let query = plan(SCHEMA, &format!("select n from t1 where {condition}"));
        assert_eq!(query.conditions().len(), told, "{condition}");
    }
}
