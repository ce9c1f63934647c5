//! Whatever a record asks of a function: it is answered, or it is a failure of its own. Nothing panics, and
//! nothing allocates without end.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan};

const SCHEMA: &str = "struct<n:BigInt,s:String,ts:Timestamp>";

/// The rows that are answered and the failures of `expression` for these values of `n`.
fn rows_and_failures(expression: &str, numbers: &[i64]) -> (Vec<String>, Vec<(usize, String)>) {
    let query = plan(SCHEMA, &format!("select n, {expression} as x from t1"));
    let rows = numbers
        .iter()
        .map(|n| format!("{{\"n\":{n},\"s\":\"ab\",\"ts\":\"2024-01-01T00:00:00\"}}"));
    let rows: Vec<String> = rows.collect();
    let input = batch(&parse_struct(SCHEMA).unwrap(), &rows.join("\n"));
    let answer = query.evaluate_isolating(&input).unwrap();
    let failures = answer.failures.iter();
    (
        json(&answer.rows),
        failures.map(|f| (f.row, f.message.clone())).collect(),
    )
}

#[test]
fn a_value_that_would_be_too_large_is_a_failure_of_its_row() {
    const HUGE: i64 = 9_000_000_000_000_000_000;
    for expression in [
        "lpad(s, n)",
        "rpad(s, n)",
        "lpad(s, n, 'xy')",
        "rpad(s, n, '0')",
        "repeat(s, n)",
        "length(repeat(s, n)) + length(repeat(s, n))",
        "array_length(array_repeat(s, n))",
        "array_length(array_repeat(array_repeat(s, 2), n))",
        "array_length(array_resize([s], n, s))",
        "array_length(range(n))",
        "array_length(range(0, n))",
        "array_length(generate_series(1, n))",
        "array_length(generate_series(to_timestamp_micros(0), to_timestamp_micros(n), interval '1 microsecond'))",
        "replace(repeat('a', case when n > 3 then 30000 else 1 end), 'a', repeat(s, case when n > 3 then 30000 else 1 end))",
        "regexp_replace(repeat('a', case when n > 3 then 30000 else 1 end), 'a', repeat(s, case when n > 3 then 30000 else 1 end), 'g')",
        "array_to_string(array_repeat(s, case when n > 3 then 30000 else 1 end), repeat(s, case when n > 3 then 30000 else 1 end))",
        "upper(lpad(s, n))",
        "levenshtein(repeat(s, case when n > 3 then 30000 else 1 end), repeat(s, case when n > 3 then 30000 else 1 end))",
    ] {
        for large in [2_000_000_000, HUGE, i64::MAX] {
            let (rows, failures) = rows_and_failures(expression, &[1, large, 3]);
            assert_eq!(rows.len(), 2, "{expression} of {large}: {failures:?}");
            let failed: Vec<usize> = failures.iter().map(|(row, _)| *row).collect();
            assert_eq!(failed, [1], "{expression} of {large}");
        }
    }
}

#[test]
fn less_than_nothing_is_nothing() {
    for (expression, expected) in [
        ("lpad(s, n)", ["a", "", "ab "]),
        ("rpad(s, n, '0')", ["a", "", "ab0"]),
        ("repeat(s, n)", ["ab", "", "ababab"]),
    ] {
        let (rows, failures) = rows_and_failures(expression, &[1, -1, 3]);
        assert_eq!(failures, [], "{expression}");
        for (row, expected) in rows.iter().zip(expected) {
            let mut value: Vec<char> = expected.chars().collect();
            if expression.starts_with("lpad") {
                value.sort_by_key(|c| *c != ' ');
            }
            let value: String = value.into_iter().collect();
            assert!(
                row.ends_with(&format!("\"x\":\"{value}\"}}")),
                "{expression}: {row}"
            );
        }
    }
}

#[test]
fn a_batch_that_is_too_large_as_a_whole_is_answered_in_pieces() {
    // 64 values of 2 MiB are more than one evaluation may make, and each alone is not.
    let numbers = [2 << 20; 64];
    let (rows, failures) = rows_and_failures("length(repeat(s, n))", &numbers);
    assert_eq!((rows.len(), failures), (64, vec![]));
}

#[test]
fn what_all_answers_of_a_batch_may_come_to_is_bounded() {
    let numbers = [30 << 20; 40];
    let (rows, failures) = rows_and_failures("repeat(s, n)", &numbers);
    assert_eq!(rows.len() + failures.len(), 40);
    assert!((4..10).contains(&rows.len()), "{}", rows.len());
    assert!(
        failures.iter().all(|(_, why)| why.contains("no room")),
        "{failures:?}"
    );
}

#[test]
fn numbers_at_the_ends_of_their_range_panic_nowhere() {
    let numbers = [i64::MIN, -1, 0, 1, i64::MAX];
    for expression in [
        "substr(s, n)",
        "substr(s, n, n)",
        "left(s, n)",
        "right(s, n)",
        "split_part(s, ',', n)",
        "substring_index(s, 'a', n)",
        "chr(n)",
        "overlay(s placing 'x' from n)",
        "abs(n)",
        "-n",
        "n - 1",
        "n * n",
        "n / -1",
        "n % -1",
        "round(2.5, n)",
        "trunc(2.5, n)",
        "power(n, n)",
        "factorial(n)",
        "gcd(n, n)",
        "lcm(n, n)",
        "to_hex(n)",
        "array_element([1, 2], n)",
        "array_slice([1, 2], n, n)",
        "array_slice([1, 2], 1, 2, n)",
        "array_resize([1], n)",
        "from_unixtime(n)",
        "to_timestamp(n)",
        "to_timestamp_millis(n)",
        "to_timestamp_micros(n)",
        "to_timestamp_seconds(n)",
        "to_date(n)",
        "ts + n * interval '1 day'",
        "date_trunc('month', to_timestamp_micros(n))",
        "make_date(n, n, n)",
        "levenshtein(s, s)",
        "range(n, n, n)",
        "date_bin(interval '1 month', to_timestamp_micros(n))",
        "to_char(to_timestamp_micros(n), '%Y')",
        "cast(n as decimal(38, 30))",
        "n << n",
        "n >> n",
        "array_position([n], n)",
        "encode(s, 'hex')",
        "nullif(n, n)",
        "cast(n as timestamp)",
        "cast(n as date)",
    ] {
        let sql = format!("select {expression} as x from t1");
        let schema = parse_struct(SCHEMA).unwrap();
        // What the types do not allow is refused, which is an answer, too.
        let Ok(query) = millstream_sql::Query::plan(&sql, "t1", &schema) else {
            continue;
        };
        let rows = numbers
            .iter()
            .map(|n| format!("{{\"n\":{n},\"s\":\"ab\",\"ts\":\"2024-01-01T00:00:00\"}}"));
        let rows: Vec<String> = rows.collect();
        let input = batch(&schema, &rows.join("\n"));
        let answer = query.evaluate_isolating(&input).unwrap();
        assert_eq!(
            answer.rows.num_rows() + answer.failures.len(),
            numbers.len(),
            "{expression}"
        );
    }
}
