//! What can't work whatever a record holds is refused before the first one; what may work is not.

use crate::support::{plan, refused};

const SCHEMA: &str = "struct<n:Int,s:String,ts:Timestamp,dt:Date,d:Double,b:Boolean>";

#[test]
fn constants_that_can_not_work_are_refused() {
    for (expression, word) in [
        ("to_char(ts, '%Q')", "%Q"),
        ("date_format(ts, '%Q')", "%Q"),
        ("to_timestamp(s, '%Q')", "%Q"),
        ("to_date(s, '%Y-%Q')", "%Y-%Q"),
        ("split_part(s, ',', 0)", "zero"),
        ("substr(s, 1, -1)", "negative"),
        ("n / 0", "zero"),
        ("n % 0", "zero"),
        ("array_filter([1], x -> x)", "oolean"),
        ("array_filter(arraySplit(s), x -> x)", "oolean"),
        ("cast(s as interval)", "interval '1' day"),
        ("from_unixtime(n, 'Mars/Olympus')", "time zone"),
        ("from_unixtime(0, 'YYYY-MM-DD')", "is no time zone"),
        ("from_unixtime(n, 'YYYY-MM-DD')", "is no time zone"),
        (
            "extract(year from from_unixtime(99999999999999))",
            "a time that no calendar has",
        ),
        (
            "from_unixtime(99999999999999, 'yyyy')",
            "a time that no calendar has",
        ),
        ("json_value(s, 'a.b')", "is no path in JSON"),
        ("get_json_object(s, '$.a[*]')", "is no path in JSON"),
        ("unix_timestamp(s, 'YYYY-MM-DD')", "`YYYY-MM-DD`"),
        ("unix_timestamp(s, s)", "a pattern that stands in the SQL"),
        ("regexp_extract(s, '(', 1)", "regular expression is wrong"),
        ("split_index(s, ',')", "a separator and a number"),
        ("date_trunc('fortnight', ts)", "fortnight"),
        ("date_part('fortnight', ts)", "fortnight"),
        ("date_bin(interval '0' day, ts)", "bin"),
        ("regexp_replace(s, '(', 'x')", "regular expression is wrong"),
        ("regexp_like(s, '[')", "regular expression is wrong"),
        ("encode(s, 'rot13')", "rot13"),
        ("digest(s, 'md4')", "md4"),
        ("lpad(s, 2000000000)", "lpad"),
        ("repeat('x', 9000000000)", "repeat"),
        ("make_date(n, 13, 1)", "13"),
        ("1 / 0", "zero"),
        ("cast('x' as int)", "x"),
        ("timestamp '2024-02-30 00:00:00'", "2024-02-30"),
        ("ts > '2024-02-30'", "2024-02-30"),
        ("arraySplit(s, ',')[0]", "indices count from 1"),
        ("arraySplit('a,b', ',')[0]", "indices count from 1"),
        ("upper(arraySplit(s)[0])", "indices count from 1"),
        ("array_element(arraySplit(s), 0)", "indices count from 1"),
        ("arraySplit(s)[cast(0 as int)]", "indices count from 1"),
        (
            "array_transform(arraySplit(s), x -> arraySplit(x, '-')[0])",
            "indices count from 1",
        ),
        ("to_timestamp(n, 'yyyy-MM-dd')", "beside a number"),
        ("to_timestamp(5, '%Y-%m-%d')", "beside a number"),
        ("to_timestamp(d, '%Y-%m-%d')", "beside a number"),
        ("to_timestamp(n, s)", "beside a number"),
        ("to_timestamp_seconds(n, '%Y-%m-%d')", "beside a number"),
        ("to_timestamp_millis(n, '%Y-%m-%d')", "beside a number"),
        ("to_date(n, 'yyyyMMdd')", "beside a number"),
    ] {
        let sql = format!("select {expression} as x from t1");
        let error = refused(SCHEMA, &sql);
        assert!(error.starts_with("MS-500"), "{sql}: {error}");
        assert!(error.contains(word), "{sql}: {error}");
        assert!(!error.contains('\n'), "{sql}: {error}");
    }
    let error = refused(SCHEMA, "select n from t1 where n / 0 > 1");
    assert!(error.contains("division by zero"), "{error}");
}

#[test]
fn patterns_of_another_dialect_are_refused_with_the_right_one() {
    for (expression, right) in [
        (
            "to_timestamp(s, 'YYYY-MM-DD HH24:MI:SS')",
            "`%Y-%m-%d %H:%M:%S`",
        ),
        ("to_date(s, 'YYYYMMDD')", "`%Y%m%d`"),
        ("to_timestamp(s, 'hello')", "`%Y-%m-%d`"),
        ("date_format(ts, 'YYYY-MM-dd')", "write yyyy"),
        ("date_format(ts, 'yyyy-MM-DD')", "write dd"),
        ("date_format(ts, 'yyyy-MM-dd HH24:MI')", "MI"),
        ("to_char(ts, 'yyyy-MM-dd HH:mm:ss')", "HH24:MI:SS"),
        ("to_char(ts, 'hello')", "`h`"),
        ("date_format(ts, 'yyyy-MM-dd %H:%M')", "`%Y-%m-%d %H:%M`"),
        (
            "date_format(ts, '%Y-%m-%d HH:mm:ss')",
            "`%Y-%m-%d %H:%M:%S`",
        ),
        ("to_char(ts, '%Y-%m-%d HH24:MI')", "`%Y-%m-%d %H:%M`"),
        ("to_char(ts, 'YYYYMMDD %H')", "`%Y%m%d %H`"),
        ("to_timestamp(s, 'yyyy-MM-dd %H:%M')", "`%Y-%m-%d %H:%M`"),
        ("to_date(s, '%Y-MM-dd')", "`%Y-%m-%d`"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
        assert!(error.contains(right), "{expression}: {error}");
    }
}

#[test]
fn what_works_for_some_records_is_planned() {
    for expression in [
        "cast(s as int)",
        "cast(substr(s, 5, 3) as int)",
        // What is made of columns and read may be right, though no value made up is.
        "to_timestamp(concat(s, ' ', s), 'yyyy-MM-dd HH:mm:ss')",
        "to_timestamp(concat(s, ' ', s))",
        "to_date(concat(s, n, n), 'yyyyMMdd')",
        "to_date(concat_ws('-', s, s, s))",
        "cast(concat(s, ' ', s) as timestamp)",
        "cast(concat(s, '-', s) as date)",
        "unix_timestamp(concat(s, ' ', s))",
        "date_format(concat(s, ' ', s), 'yyyy')",
        "to_timestamp(ifnull(s, '') || ' 12', 'yyyy-MM-dd HH')",
        "to_timestamp(coalesce(s, 'n/a'), 'yyyy-MM-dd')",
        "concat(s, ' ', s) > timestamp '2020-01-01 00:00:00'",
        "10 / n",
        "10 / (n - 1)",
        "to_timestamp(s, '%d/%m/%Y %H:%M')",
        "to_timestamp(s, 'dd/MM/yyyy HH:mm')",
        "to_date(s, '%d.%m.%Y')",
        "date_format(ts, '%Y-%m-%dT%H:%M:%SZ')",
        "date_format(ts, 'at %Hh %Mm, day %-d of %B, UTC %%')",
        "to_char(ts, 'AM %Y %3f')",
        "to_date(s)",
        "cast(s as timestamp)",
        "cast(split_part(s, ':', 2) as double)",
        "decode(s, 'hex')",
        "map([s], [n])",
        "regexp_match(s, '^([a-z]+)=')[1]",
        "arraySplit(s, ',')[3]",
        "arraySplit(s, ',')[1]",
        "arraySplit('a,b', ',')[1]",
        "arraySplit(s, ',')[-1]",
        "arraySplit(s, ',')[n]",
        "split_index(s, ',', 0)",
        "split_index(s, ',', -1)",
        "regexp_extract(s, '([a-z]+)', 0)",
        "map([0], [s])[0]",
        "to_timestamp(n)",
        "to_timestamp(cast(n as string), 'yyyyMMdd')",
        "to_date(cast(n as string), 'yyyyMMdd')",
        "make_date(n, 2, 29)",
        "chr(n)",
        "from_unixtime(n, '+08:00')",
        "case when n <> 0 then 10 / n end",
        "array_transform(arraySplit(s), x -> cast(x as int))",
        "array_filter(arraySplit(s), x -> x = 'a')",
        "substr(s, n)",
        "ts + interval '1' day",
        "sqrt(d)",
    ] {
        plan(SCHEMA, &format!("select {expression} as x from t1"));
        plan(
            SCHEMA,
            &format!("select n from t1 where ({expression}) is not null"),
        );
    }
}
