//! Who writes what other systems take reads what to write here, and nothing of what lies below.

use crate::support::refused;

const SCHEMA: &str =
    "struct<id:BigInt,f:Double,m:Decimal(10,2),day:Date,ts:Timestamp,name:String,tags:String>";

#[test]
fn calls_are_refused_with_what_to_write() {
    for (expression, said) in [
        ("trunc(ts, 'MM')", "write it like date_trunc('month', "),
        ("floor(ts to hour)", "write date_trunc('hour', "),
        ("last_day(day)", "write date_trunc('month', day) + "),
        ("locate('a', name)", "write strpos("),
        ("pmod(id, 2)", "write (id % 2 + 2) % 2"),
        ("hex(id)", "write to_hex(id)"),
        ("conv('a', 16, 10)", "write to_hex(id)"),
        ("convert_tz(ts, 'UTC', 'UTC')", "write bought + interval"),
        ("datediff(day, day)", "write day - date "),
        ("is_null(f)", "write name is null"),
        ("id div 2", "there is no operator div; write id / 2"),
        ("filter([1], x -> x > 0)", "write array_filter("),
        ("transform([1], x -> x)", "write array_transform("),
        ("exists([1], x -> x > 0)", "write array_any_match("),
        (
            "json_value(name, '$.a' returning int)",
            "cast(json_value(name, '$.a') as int)",
        ),
        (
            "json_value(name, '$.a' default 'x' on empty)",
            "coalesce(json_value(name, '$.a'), 'x')",
        ),
        (
            "json_value(name, '$.a' null on error)",
            "coalesce(json_value(name, '$.a'), 'x')",
        ),
        ("array_transform([struct(id)], x -> x.c0)", "write x['c0']"),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as v from t1"));
        assert!(error.contains(said), "{expression}: {error}");
    }
}

#[test]
fn arguments_that_are_none_are_told_by_the_name_of_the_call() {
    for (expression, said) in [
        ("nvl(f, *)", "`nvl` takes values, and * is none"),
        ("nvl2(f, day, *)", "`nvl2` takes values, and * is none"),
        ("nvl2(f, 1)", "`nvl2` takes 3 arguments, and is given 2"),
        (
            "map('a')",
            "`map` takes keys and their values in turn, and is given 1 argument;",
        ),
        (
            "map('a', 1, 'b')",
            "`map` takes keys and their values in turn, and is given 3 arguments;",
        ),
        (
            "named_struct('a', 1, 'a', 2)",
            "two fields of the struct are called `a`",
        ),
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as v from t1"));
        let said = format!("MS-5001: line 1, column 8: {said}");
        assert!(error.starts_with(&said), "{expression}: {error}");
    }
}

#[test]
fn nothing_is_said_of_signatures() {
    for expression in ["round(ts)", "trunc(ts)", "sha256(day)", "substr([1], 1, 2)"] {
        let error = refused(SCHEMA, &format!("select {expression} as v from t1"));
        for word in ["signature", "DataType", "Error during"] {
            assert!(!error.contains(word), "{expression}: {error}");
        }
    }
}
