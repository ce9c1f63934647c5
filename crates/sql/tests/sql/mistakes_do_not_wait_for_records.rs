//! What can't work whatever a record holds is refused before the first one; what may work is not.

use crate::support::{plan, refused};

const SCHEMA: &str = "struct<n:Int,s:String,ts:Timestamp,dt:Date,d:Double,b:Boolean>";

/// What is refused at the start, and a word of why.
const IN_VAIN: &[(&str, &str)] = &[
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
    (
        "unix_timestamp(s, 5)",
        "the pattern of unix_timestamp is a text",
    ),
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
    ("overlay(s placing 'x' from 0)", "at least 1"),
    ("regexp_count(s, 'a', 0)", "1 based"),
    ("regexp_count(s, '(')", "regular expression is wrong"),
    ("regexp_instr(s, 'a', 0)", "1-based"),
    ("regexp_instr(s, 'a', 1, 0)", "1 or greater"),
    (
        "regexp_instr(s, '(a)(b)', 1, 1, 'i', 3)",
        "no group of this number",
    ),
    ("regexp_like(s, 'a', 'g')", "global"),
    ("regexp_match(s, 'a', 'g')", "global"),
    ("regexp_replace(s, 'a', 'b', 'q')", "no flag `q`"),
    ("regexp_replace(s, '(a)', '$2')", "puts in group 2"),
    ("regexp_replace(s, '(a)', '\\2')", "puts in group 2"),
    ("regexp_replace(s, '(?<a>a)', '${b}')", "puts in group b"),
    ("regexp_match(s, '(a)(b)')[3]", "no group of this number"),
    ("regexp_match(s, '(a)(b)')[-3]", "no group of this number"),
    ("regexp_match(s, 'ab')[2]", "no group of this number"),
    ("regexp_match(s, s)[0]", "no group of this number"),
    ("regexp_extract(s, 'a(b)', 2)", "no group of this number"),
    ("regexp_extract(s, 'a(b)', -1)", "no group of this number"),
    ("regexp_extract(s, 'a(b)', -2)", "no group of this number"),
    ("regexp_extract(s, s, -1)", "no group of this number"),
    ("split_part(s, '', 2)", "an empty separator"),
    ("log(0, d)", "logarithm"),
    ("array_position(arraySplit(s), 'a', 0)", "counts from 1"),
    ("array_slice(arraySplit(s), 2, 3, 0)", "not of 0"),
    ("array_sort(arraySplit(s), 'down')", "DESC"),
    ("generate_series(1, n, 0)", "step"),
    ("to_time(s, '%Y-%m-%d')", "no whole time of the day"),
    ("cast(s as varchar(0))", "0 characters"),
    ("chr(-1)", "-1"),
    (
        "array_position(make_array(map(make_array(s), make_array(n))), map(make_array(s), make_array(n)))",
        "there is no comparison",
    ),
    (
        "array_remove(make_array(map(make_array(s), make_array(n))), map(make_array(s), make_array(n)))",
        "there is no comparison",
    ),
    (
        "array_max(make_array(map(make_array(s), make_array(n))))",
        "not implemented for type",
    ),
    (
        "array_to_string(make_array(named_struct('a', n)), s)",
        "array_to_string",
    ),
];

#[test]
fn constants_that_can_not_work_are_refused() {
    for (expression, word) in IN_VAIN {
        let sql = format!("select {expression} as x from t1");
        let error = refused(SCHEMA, &sql);
        assert!(error.starts_with("MS-500"), "{sql}: {error}");
        assert!(error.contains(*word), "{sql}: {error}");
        assert!(!error.contains('\n'), "{sql}: {error}");
        assert!(!error.contains("DataFusion"), "{sql}: {error}");
    }
    let error = refused(SCHEMA, "select n from t1 where n / 0 > 1");
    assert!(error.contains("division by zero"), "{error}");
}

#[test]
fn constants_are_what_their_expressions_come_to() {
    for (expression, word) in [
        ("arraySplit(s)[0 + 0]", "indices count from 1"),
        ("arraySplit(s)[cast('0' as int)]", "indices count from 1"),
        ("arraySplit(s)[length('')]", "indices count from 1"),
        (
            "arraySplit(s)[case when 1 > 2 then 1 else 0 end]",
            "indices count from 1",
        ),
        (
            "array_element(arraySplit(s), 5 - 5)",
            "indices count from 1",
        ),
        (
            "array_transform(arraySplit(s), x -> arraySplit(x, '-')[1 - 1])",
            "indices count from 1",
        ),
        (
            "regexp_extract(s, concat('a', '(b)'), 1 + 1)",
            "no group of this number",
        ),
        (
            "regexp_extract(s, 'a(b)', 0 - 1)",
            "no group of this number",
        ),
        ("split_part(s, ',', 1 - 1)", "zero"),
        ("split_part(s, trim(' '), 1 + 1)", "an empty separator"),
        ("substr(s, 1, 0 - 1)", "negative"),
        ("n / (1 - 1)", "zero"),
        ("n % length('')", "zero"),
        ("regexp_like(s, '[' || 'a')", "regular expression is wrong"),
        (
            "regexp_replace(s, concat('(', 'a'), 'x')",
            "regular expression is wrong",
        ),
        ("s rlike concat('[', 'a')", "regular expression is wrong"),
        ("s similar to 'a' || '\\'", "nothing stands behind"),
        ("date_trunc(concat('fort', 'night'), ts)", "fortnight"),
        ("encode(s, concat('rot', '13'))", "rot13"),
        ("digest(s, 'md' || '4')", "md4"),
        ("lpad(s, 2000 * 1000000)", "lpad"),
        ("make_date(n, 6 + 7, 1)", "13"),
        ("json_value(s, concat('a', '.b'))", "is no path in JSON"),
        ("to_char(ts, '%' || 'Q')", "%Q"),
        ("to_timestamp(s, '%' || 'Q')", "%Q"),
        ("to_date(s, concat('YYYY', 'MMDD'))", "`%Y%m%d`"),
        ("to_timestamp(s, concat('%d', '/%M/%Y'))", "`%d/%m/%Y`"),
        ("date_format(ts, lower('YYYY') || '-MM-DD')", "write dd"),
        (
            "from_unixtime(n, concat('Mars', '/Olympus'))",
            "the pattern `Mars/Olympus`",
        ),
        ("cast('x' || 'y' as int)", "xy"),
        ("to_date(concat('2024', '-02-30'))", "2024-02-30"),
        ("date_bin(interval '1' day - interval '1' day, ts)", "bin"),
        // They wait behind a condition as well.
        (
            "case when n = 77 then cast('x' as int) end",
            "'x' is no Int",
        ),
        (
            "case when n = 77 then to_timestamp('x') end",
            "'x' is no time",
        ),
        (
            "case when n = 77 then to_timestamp('x', '%Y-%m-%d') end",
            "is not in the format",
        ),
        ("case when n = 77 then to_date('x') end", "'x' is no day"),
        (
            "to_date(concat(s, n)) > to_date(concat('x', 'y'))",
            "'xy' is no day",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-500"), "{expression}: {error}");
        assert!(error.contains(word), "{expression}: {error}");
        assert!(!error.contains('\n'), "{expression}: {error}");
    }
}

#[test]
fn what_is_compared_with_a_number_or_a_time_is_one() {
    for (expression, word) in [
        ("n = 'abc'", "'abc' is no Int"),
        ("'abc' < n", "'abc' is no Int"),
        ("n <> 'a' || 'bc'", "'abc' is no Int"),
        ("n in (1, 'abc')", "'abc' is no BigInt"),
        ("n in ('1', 'abc')", "'abc' is no Int"),
        ("n between 'a' and 'b'", "is no Int"),
        ("case n when 'abc' then 1 end", "'abc' is no Int"),
        ("nullif(n, 'abc')", "'abc' is no Int"),
        ("greatest(n, 'abc')", "'abc' is no Int"),
        ("n is distinct from 'abc'", "'abc' is no Int"),
        ("d > 'abc'", "'abc' is no Double"),
        ("d = ''", "'' is no Double"),
        ("ts = 'abc'", "'abc' is no time"),
        ("ts in ('2024-02-29', 'abc')", "'abc' is no time"),
        ("ts between '2024-01-01' and '2024-02-30'", "2024-02-30"),
        ("coalesce(ts, 'abc')", "'abc' is no time"),
        ("nullif(ts, 'abc')", "'abc' is no time"),
        ("case when n > 0 then ts else 'abc' end", "'abc' is no time"),
        ("dt = 'abc'", "'abc' is no Date"),
        ("dt in ('2024-02-29', 'abc')", "'abc' is no Date"),
        ("dt between '2024-01-01' and '2024-02-30'", "2024-02-30"),
        ("case when n = 77 then dt = 'abc' end", "'abc' is no Date"),
        ("case when n > 0 then ts else n end", "no common type"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
        assert!(error.contains(word), "{expression}: {error}");
    }
}

#[test]
fn a_day_beside_a_whole_number_is_refused() {
    for expression in [
        "dt < 20240101",
        "20240101 <= dt",
        "dt <> n",
        "dt is distinct from 19782",
        "dt in (20240229)",
        "dt between 20240101 and 20241231",
        "case dt when 20240229 then 1 end",
        "case when n > 0 then dt else 5 end",
        "nullif(dt, 19782)",
        "greatest(dt, 5)",
        "coalesce(dt, 5)",
        "ifnull(dt, n)",
        "nvl2(s, dt, 5)",
        "[dt, 5]",
        "array_has([dt], 19782)",
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
        // Calls that take values of one type alone say which were given.
        let is_told = error.contains("a day is no number; write date '2024-02-29'")
            || error.contains("Date") && error.contains("CAST(");
        assert!(is_told, "{expression}: {error}");
    }
    for expression in ["dt < date '2024-01-01'", "dt - dt > 5", "to_date(n) = dt"] {
        plan(SCHEMA, &format!("select {expression} as x from t1"));
    }
}

#[test]
fn a_condition_that_is_null_for_every_record_is_refused() {
    for condition in [
        "s = null",
        "n > 0 and s <> null",
        "not (s = null)",
        "n = cast(null as int)",
        "null",
    ] {
        let sql = format!("select n from t1 where {condition}");
        let error = refused(SCHEMA, &sql);
        assert!(
            error.contains("WHERE is null for every record, and keeps none; look for null by"),
            "{sql}: {error}"
        );
    }
    for condition in [
        "false",
        "1 = 0",
        "s = null or n > 0",
        "s is not distinct from null",
        "(s = null) is null",
        "s = nullif(s, 'x')",
    ] {
        plan(SCHEMA, &format!("select n from t1 where {condition}"));
    }
    plan(SCHEMA, "select s = null as x from t1");
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
        // Numbers that give what is empty, or null, and mean it.
        "repeat(s, -1)",
        "substr(s, 5, 0)",
        "left(s, 0)",
        "split_index(s, ',', 0 - 1)",
        "split_part(s, '', 1)",
        "split_part(s, '', n)",
        "arraySplit(s)[case when n > 0 then 0 else 1 end]",
        "array_slice(arraySplit(s), 1, 0)",
        "regexp_match(s, '(a)(b)')[-2]",
        "regexp_match(s, 'ab')[1]",
        "regexp_extract(s, 'a(b)', n)",
        "regexp_extract(s, s, 7)",
        "regexp_instr(s, '(a)', 1, 1, 'i', 1)",
        "regexp_replace(s, '(a)', '<\\1>')",
        "regexp_replace(s, '(?<a>a)', '<${a}>')",
        "s like 'a\\'",
        "try_cast('abc' as int)",
        "coalesce(cast(n as string), 'abc')",
        "case when n > 0 then n else 'abc' end",
        // Doubles reckon as processors do.
        "d / 0",
        // How long the arrays are is up to the records.
        "array_position(arraySplit(s), 'a', 3)",
        "array_slice(arraySplit(s), 2, 3, 2)",
        "to_time(s, '%H:%M')",
    ] {
        plan(SCHEMA, &format!("select {expression} as x from t1"));
        plan(
            SCHEMA,
            &format!("select n from t1 where ({expression}) is not null"),
        );
    }
}
