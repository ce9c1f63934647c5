//! Nothing is rounded before it is compared with a decimal or with a long whole number; casts and quotients keep what there
//! is.

use millstream_sql::schema::parse_struct;

use crate::support::{all_give, batch, plan, refused, value};

const SCHEMA: &str = "struct<m:Decimal(10,2),w:Decimal(38,0),f:Decimal(38,38),z:Decimal(5,2),d:Double,l:BigInt,n:Int,s:String,t:String,bad:String>";
const ROW: &str = r#"{"m":"2.00","w":"99999999999999999999999999999999999999","f":"0.5","z":"0.00","d":2.001,"l":9007199254740993,"n":3,"s":"2.001","t":"2.0","bad":"two"}"#;

fn all(cases: &[(&str, &str)]) {
    all_give(SCHEMA, ROW, cases);
}

fn failure(expression: &str) -> String {
    let query = plan(SCHEMA, &format!("select {expression} as x from t1"));
    let rows = batch(&parse_struct(SCHEMA).unwrap(), &format!("{ROW}\n{{}}"));
    let answer = query.evaluate_isolating(&rows).unwrap();
    let [failure] = answer.failures.as_slice() else {
        panic!("{expression}: {:?}", answer.failures);
    };
    failure.message.clone()
}

#[test]
fn beside_a_double_as_doubles() {
    all(&[
        ("m = d", "false"),
        ("m < d", "true"),
        ("d > m", "true"),
        ("m <> d", "true"),
        ("m in (d)", "false"),
        ("m between 0 and d", "true"),
        ("m is distinct from d", "true"),
        ("case m when d then 1 else 0 end", "0"),
        ("cast(m as double) = 2.0", "true"),
        (
            "cast('12345678.9' as decimal(20,2)) = cast(12345678.9e0 as double)",
            "true",
        ),
        (
            "cast(cast('12345678.9' as decimal(20,2)) as double)",
            "12345678.9",
        ),
        (
            "cast(cast('0.1234567890123456789012345678' as decimal(38,30)) as double)",
            "0.12345678901234568",
        ),
        ("cast(cast('0.1' as decimal(5,2)) as float)", "0.1"),
    ]);
}

#[test]
fn doubles_become_the_decimals_that_they_are_written_with() {
    all(&[
        (
            "cast(d * 0 + 1e15 as decimal(38,20))",
            "1000000000000000.00000000000000000000",
        ),
        ("cast(d as decimal(10,3))", "2.001"),
        ("cast(d + 0.004 as decimal(10,2))", "2.01"),
        ("cast(d * 0 + 1.005 as decimal(10,2))", "1.01"),
        ("cast(d * 0 - 1.005 as decimal(10,2))", "-1.01"),
        (
            "cast(d * 0 + 0.1 as decimal(38,20))",
            "0.10000000000000000000",
        ),
        ("try_cast(d * 1e30 as decimal(10,2))", "null"),
        (
            "cast(cast(d as float) as decimal(38,20))",
            "2.00100000000000000000",
        ),
    ]);
    let said = failure("cast(d * 1e30 as decimal(10,2))");
    assert!(
        said.contains("has more digits than Decimal(10,2) holds"),
        "{said}"
    );
}

#[test]
fn texts_are_the_numbers_that_they_are() {
    all(&[
        ("m = '2.001'", "false"),
        ("m = '2.000'", "true"),
        ("m = ' +2 '", "true"),
        ("m < '2.001'", "true"),
        ("m <> '2.001'", "true"),
        ("m in ('2.001', '1.999')", "false"),
        ("m in ('2.001', '2')", "true"),
        ("m between '1.999' and '1.9999'", "false"),
        ("case m when '2.001' then 1 else 0 end", "0"),
        ("nullif(m, '2.001') = 2", "true"),
        ("nullif(m, '2') is null", "true"),
        ("coalesce(nullif(m, 2), '2.001')", "2.001"),
        ("m = s", "false"),
        ("m < s", "true"),
        ("m = t", "true"),
        ("m in (s, t)", "true"),
        ("m in (s)", "false"),
        ("w > '1e20'", "true"),
        ("w > s", "true"),
        ("f < s", "true"),
        ("m is distinct from s", "true"),
    ]);
    for expression in [
        "m = 'two'",
        "m in ('2', '')",
        "coalesce(m, '1.2.3')",
        "m > '0x10'",
    ] {
        let said = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(
            said.contains("is no number, and stands beside a decimal; write a number"),
            "{expression}: {said}"
        );
    }
    let said = refused(SCHEMA, "select coalesce(m, s) as x from t1");
    assert!(
        said.contains("coalesce gives either a decimal or a text here"),
        "{said}"
    );
    let said = failure("m = bad");
    assert_eq!(
        said,
        "column `x`: 'two' is no number, and is compared with a decimal"
    );
}

#[test]
fn long_decimals_and_whole_numbers_have_room() {
    all(&[
        ("w = f", "false"),
        ("w > 0.5", "true"),
        ("f < w", "true"),
        ("f in (w, 0.5)", "true"),
        ("l > f", "true"),
        ("l = 9007199254740992.0", "false"),
        ("l = 9007199254740993.0", "true"),
        ("l > 9007199254740992.5", "true"),
        ("l in (9007199254740992.0, 1.5)", "false"),
        (
            "l between 9007199254740992.5 and 9007199254740993.5",
            "true",
        ),
        ("l < 9.007199254740993e15", "false"),
        ("nullif(l, 9007199254740992.0) = 9007199254740993", "true"),
        ("coalesce(l, 0.5) = 9007199254740993", "true"),
        ("coalesce(l, 0.5)", "9007199254740993.0"),
        ("coalesce(n, 0.5)", "3.0"),
        ("case when n > 0 then l else 0.5 end", "9007199254740993.0"),
        ("greatest(l, 0.5)", "9007199254740993.0"),
        ("floor(l)", "9007199254740993"),
        ("ceil(l)", "9007199254740993"),
        ("round(l)", "9007199254740993"),
        ("trunc(l)", "9007199254740993"),
        ("floor(n)", "3"),
    ]);
}

#[test]
fn quotients_of_decimals_are_doubles() {
    all(&[
        ("cast('0.99' as decimal(3,2)) / 1000000", "9.9e-7"),
        ("m / 1000000000", "2.0e-9"),
        ("m / 3", "0.6666666666666666"),
        ("w / 2", "5.0e37"),
        ("m / m", "1.0"),
        ("n / m", "1.5"),
        ("m / 0.5", "4.0"),
        ("m / d < 1", "true"),
        ("cast(m / 3 as decimal(10,4))", "0.6667"),
        ("n / 2", "1"),
    ]);
    assert_eq!(failure("m / z"), "column `x`: division by zero");
}

#[test]
fn a_day_that_is_moved_by_hours_is_a_time() {
    let schema = "struct<day:Date,t:Timestamp>";
    let row = r#"{"day":"2024-02-29","t":"2024-02-29T11:00:00"}"#;
    for (expression, expected) in [
        ("t < day + interval '12' hour", "true"),
        ("t < interval '12' hour + day", "true"),
        ("day + interval '12' hour", "\"2024-02-29T12:00:00\""),
        ("day - interval '1' minute", "\"2024-02-28T23:59:00\""),
        ("day + interval '1' day", "\"2024-03-01\""),
        ("day - interval '1' month", "\"2024-01-29\""),
        ("cast(day + interval '36' hour as date)", "\"2024-03-01\""),
    ] {
        assert_eq!(value(schema, row, expression), expected, "{expression}");
    }
}
