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

/// Calls of functions that multiply, in every way that a record can ask for: `n` is 1 or 3, or as large as it is told.
const MULTIPLYING: &[&str] = &[
    "array_to_string(array_repeat(array_repeat('x', 8000), case when n > 3 then 100 else 1 end), repeat('z', case when n > 3 then 100000 else 1 end))",
    "array_to_string(array_repeat(array_repeat(array_repeat('x', 20), 20), case when n > 3 then 10000 else 1 end), 'zzzzzzzzzzzzzzzzzzzz')",
    "array_to_string(array_repeat(cast(null as int), case when n > 3 then 4000000 else 1 end), ',', 'not there at all')",
    "array_length(array_replace_all(array_repeat(s, case when n > 3 then 100000 else 1 end), s, repeat(s, case when n > 3 then 100000 else 1 end)))",
    "length(concat_ws(repeat(s, case when n > 3 then 10000000 else 1 end), s, s, s, s, s, s))",
    "length(concat(repeat(s, n), repeat(s, n), repeat(s, n), repeat(s, n), repeat(s, n)))",
    "length(repeat(s, case when n > 3 then 8000000 else 1 end) || repeat(s, case when n > 3 then 8000000 else 1 end) || repeat(s, case when n > 3 then 8000000 else 1 end) || repeat(s, case when n > 3 then 8000000 else 1 end))",
    "array_length(string_to_array(repeat(s, case when n > 3 then 10000000 else 1 end), null))",
    "array_length(arraySplit(repeat(s, case when n > 3 then 10000000 else 1 end), ''))",
    "array_length(regexp_match(repeat(s, case when n > 3 then 1000000 else 1 end), '((((((((((((((((((((((((((((((((((((((((a*))))))))))))))))))))))))))))))))))))))))'))",
    "date_format(ts, repeat('yyyy', case when n > 3 then 2000000 else 1 end)) is null",
    "to_char(ts, repeat('%c', case when n > 3 then 4000000 else 1 end)) is null",
    "length(cast(array_repeat(s, case when n > 3 then 4000000 else 1 end) as string) || repeat(s, case when n > 3 then 20000000 else 1 end))",
    "array_length(array_transform(range(case when n > 3 then 1000000 else 1 end), x -> 'a text of more than sixty four bytes that stands there once for each element'))",
    "array_length(array_transform(range(case when n > 3 then 3000000 else 1 end), x -> ts))",
    "array_length(array_transform(range(case when n > 3 then 200000 else 1 end), x -> repeat('a', 1000)))",
    "array_length(array_filter(range(case when n > 3 then 1000 else 1 end), x -> length(repeat(s, 100000)) > x))",
    "map_extract(map(array_transform(range(case when n > 3 then 3000 else 1 end), x -> cast(x as string)), range(case when n > 3 then 3000 else 1 end)), case when n > 3 then repeat(s, 20000) else '0' end)",
    "array_length(arrays_zip(range(case when n > 3 then 2000000 else 1 end), [1], [1], [1]))",
    "array_length(array_concat(range(case when n > 3 then 2000000 else 1 end), range(case when n > 3 then 2000000 else 1 end), range(case when n > 3 then 2000000 else 1 end)))",
    "array_length(array_union(range(case when n > 3 then 3000000 else 1 end), range(case when n > 3 then 3000000 else 1 end)))",
    "array_length(array_resize([named_struct('a', 1, 'b', 2, 'c', 3, 'd', 4, 'e', 5, 'f', 6)], case when n > 3 then 1000000 else 1 end))",
    "array_length(array_transform(array_transform(array_transform(array_transform(array_transform([repeat(s, case when n > 3 then 4000000 else 1 end)], x -> x || x), x -> x || x), x -> x || x), x -> x || x), x -> x || x))",
    "array_length(array_transform(array_transform(array_transform(array_transform(array_transform([repeat(s, case when n > 3 then 4000000 else 1 end)], x -> concat(x, x)), x -> concat(x, x)), x -> concat(x, x)), x -> concat(x, x)), x -> concat(x, x)))",
    "cast(array_transform(array_transform(array_transform([repeat(s, case when n > 3 then 4000000 else 1 end)], x -> arraySplit(x, '')), x -> cast(x as string)), x -> arraySplit(x, '')) as string) is null",
];

#[test]
fn what_multiplies_is_counted_before_it_is_made() {
    for expression in MULTIPLYING {
        let (rows, failures) = rows_and_failures(expression, &[1, i64::MAX, 3]);
        let failed: Vec<usize> = failures.iter().map(|(row, _)| *row).collect();
        assert_eq!(
            (rows.len(), failed),
            (2, vec![1]),
            "{expression}: {failures:?}"
        );
        let (_, why) = &failures[0];
        assert!(
            why.contains("would make about") && !why.contains('\n'),
            "{expression}: {why}"
        );
    }
    // What the kernel says of the largest moment of this process: other tests of it make 256 MiB at once.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    assert!(peak.is_none_or(|peak| peak < 3 << 20), "{peak:?} kB");
}

#[test]
fn constants_for_many_rows_are_counted() {
    let rows: Vec<String> = (0..600)
        .map(|n| format!("{{\"n\":{n},\"s\":\"ab\"}}"))
        .collect();
    let input = batch(&parse_struct(SCHEMA).unwrap(), &rows.join("\n"));
    for expression in [
        "repeat('x', 1000000)",
        "case when n > 0 then repeat('x', 1000000) else s end",
        "s || repeat('x', 1000000)",
        "concat(s, repeat('x', 1000000))",
        "[s, repeat('x', 1000000)]",
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let answer = query.evaluate_isolating(&input).unwrap();
        let (rows, failed) = (answer.rows.num_rows(), answer.failures.len());
        assert_eq!(rows + failed, 600, "{expression}");
        assert!((200..500).contains(&rows), "{expression}: {rows}");
    }
}

#[test]
fn patterns_that_are_no_constants_are_compiled_a_few_at_a_time() {
    let numbers: Vec<i64> = (0..20).collect();
    for expression in [
        "regexp_like(s, concat('(a{1000}){50}', n))",
        "regexp_count(s, concat('(a{1000}){50}', n))",
        "s similar to concat('(a{1000}){50}', n)",
        "s not similar to concat('(a{1000}){50}', n)",
    ] {
        let (rows, failures) = rows_and_failures(expression, &numbers);
        assert_eq!((rows.len(), failures), (20, vec![]), "{expression}");
    }
}

#[test]
fn large_records_are_no_matter() {
    // 64 MiB in, which is more than functions may make beside it.
    let long = "x".repeat(1 << 20);
    let rows: Vec<String> = (0..64)
        .map(|n| format!("{{\"n\":{n},\"s\":\"{long}\"}}"))
        .collect();
    let input = batch(&parse_struct(SCHEMA).unwrap(), &rows.join("\n"));
    for expression in [
        "upper(s)",
        "concat(n, s)",
        "n || s",
        "substr(s, 2)",
        "concat(s, s)",
        "arraySplit(s)",
        "replace(s, 'y', 'z')",
    ] {
        let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
        let answer = query.evaluate_isolating(&input).unwrap();
        assert_eq!(answer.failures, [], "{expression}");
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
