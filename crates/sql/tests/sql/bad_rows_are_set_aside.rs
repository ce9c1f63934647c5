//! A row that can't be answered never takes others with it.

use millstream_sql::schema::parse_struct;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::{batch, json, plan};

const TEXT: &str = "struct<id:BigInt,n:String>";

fn rows(values: &[&str]) -> String {
    let rows = values.iter().enumerate();
    let rows = rows.map(|(i, n)| serde_json::json!({"id": i, "n": n}).to_string());
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn good_rows_go_on_and_bad_ones_are_named() {
    let query = plan(TEXT, "select id, cast(n as int) as n from t1");
    let input = batch(
        &parse_struct(TEXT).unwrap(),
        &rows(&["1", "x", "3", "", "5"]),
    );
    let answer = query.evaluate_isolating(&input).unwrap();
    assert_eq!(
        json(&answer.rows),
        [
            r#"{"id":0,"n":1}"#,
            r#"{"id":2,"n":3}"#,
            r#"{"id":4,"n":5}"#
        ]
    );
    assert_eq!(answer.origins().collect::<Vec<_>>(), [0, 2, 4]);
    let failed: Vec<usize> = answer.failures.iter().map(|f| f.row).collect();
    assert_eq!(failed, [1, 3]);
    let message = &answer.failures[0].message;
    assert_eq!(
        message,
        "column `n`: Cannot cast string 'x' to value of Int type"
    );
}

#[test]
fn the_plain_evaluation_names_the_first_bad_row() {
    let query = plan(TEXT, "select cast(n as int) as n from t1");
    let input = batch(&parse_struct(TEXT).unwrap(), &rows(&["1", "2", "x", "y"]));
    let error = query.evaluate(&input).unwrap_err();
    assert_eq!(error.code(), "MS-5004");
    let text = error.message();
    assert!(
        text.starts_with("row 2 of the batch: column `n`: Cannot cast"),
        "{text}"
    );
}

#[test]
fn a_failure_in_where_says_so() {
    let query = plan(TEXT, "select id from t1 where 10 / id > 1");
    let input = batch(&parse_struct(TEXT).unwrap(), &rows(&["", "", ""]));
    let answer = query.evaluate_isolating(&input).unwrap();
    assert_eq!(answer.failures.len(), 1);
    assert_eq!(answer.failures[0].row, 0);
    assert_eq!(answer.failures[0].message, "WHERE: division by zero");
    assert_eq!(json(&answer.rows), [r#"{"id":1}"#, r#"{"id":2}"#]);
}

#[test]
fn a_guarded_division_is_no_failure() {
    let schema = parse_struct("struct<a:BigInt>").unwrap();
    let values: Vec<String> = (0..100).map(|i| format!("{{\"a\":{}}}", i % 3)).collect();
    let input = batch(&schema, &values.join("\n"));
    for sql in [
        "select a from t1 where a <> 0 and 10 / a > 5",
        "select a from t1 where case when a = 0 then false else 10 / a > 5 end",
    ] {
        let query = plan("struct<a:BigInt>", sql);
        let answer = query
            .evaluate(&input)
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        assert_eq!(answer.num_rows(), 33, "{sql}");
    }
}

#[test]
fn the_rows_that_where_drops_are_never_projected() {
    let query = plan(TEXT, "select cast(n as int) as n from t1 where n <> 'x'");
    let input = batch(&parse_struct(TEXT).unwrap(), &rows(&["1", "x", "2"]));
    let answer = query.evaluate_isolating(&input).unwrap();
    assert!(answer.failures.is_empty());
    assert_eq!(answer.origins().collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_batch_of_bad_rows_only_gives_no_rows() {
    let query = plan(TEXT, "select cast(n as int) as n from t1");
    let input = batch(&parse_struct(TEXT).unwrap(), &rows(&["x", "y", "z"]));
    let answer = query.evaluate_isolating(&input).unwrap();
    assert_eq!(answer.rows.num_rows(), 0);
    assert_eq!(answer.rows.schema_ref(), query.output_schema());
    assert_eq!(answer.failures.len(), 3);
}

#[test]
fn every_row_is_either_answered_dropped_or_reported() {
    let query = plan(TEXT, "select cast(n as int) as n from t1 where id % 3 <> 0");
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(1..300_usize);
        let share = random.random_range(0.0..1.0);
        let values: Vec<String> = (0..count)
            .map(|i| {
                let bad = random.random_bool(share);
                if bad {
                    "bad".to_string()
                } else {
                    i.to_string()
                }
            })
            .collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let input = batch(&parse_struct(TEXT).unwrap(), &rows(&texts));
        let answer = query.evaluate_isolating(&input).unwrap();

        let passes = |i: &usize| !i.is_multiple_of(3);
        let good: Vec<usize> = (0..count)
            .filter(|i| passes(i) && values[*i] != "bad")
            .collect();
        let bad: Vec<usize> = (0..count)
            .filter(|i| passes(i) && values[*i] == "bad")
            .collect();
        let expected: Vec<String> = good.iter().map(|i| format!("{{\"n\":{i}}}")).collect();
        assert_eq!(json(&answer.rows), expected, "seed {seed}");
        assert_eq!(answer.origins().collect::<Vec<_>>(), good, "seed {seed}");
        let failed: Vec<usize> = answer.failures.iter().map(|f| f.row).collect();
        assert_eq!(failed, bad, "seed {seed}");
    }
}
