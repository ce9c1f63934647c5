//! A text is cast to the decimal that it would be in a file: with an exponent, and rounded half up.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, plan, refused, value};

const SCHEMA: &str = "struct<n:Int,s:String>";

#[test]
fn a_text_is_the_number_that_it_says() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("1e5", "100000.00"),
        ("1E-3", "0.00"),
        ("-2.5e+2", "-250.00"),
        ("12345e-3", "12.35"),
        ("1.005", "1.01"),
        ("-1.005", "-1.01"),
        (" +7 ", "7.00"),
        (".5", "0.50"),
        ("5.", "5.00"),
        ("99999999.99", "99999999.99"),
    ] {
        let row = format!("{{\"s\":\"{text}\"}}");
        let found = [
            value(SCHEMA, &row, "cast(s as decimal(10,2))"),
            value(SCHEMA, &row, "try_cast(s as decimal(10,2))"),
            value(SCHEMA, "{}", &format!("cast('{text}' as decimal(10,2))")),
        ];
        if found.iter().any(|found| found != expected) {
            wrong.push(format!("{text}: {found:?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(value(SCHEMA, "{}", "cast(s as decimal(10,2))"), "null");
}

#[test]
fn what_is_no_such_number_is_told_with_the_type_that_was_asked_for() {
    for (text, why) in [
        (
            "abc",
            "column `x`: Cannot cast string 'abc' to value of Decimal(10,2) type",
        ),
        (
            "",
            "column `x`: Cannot cast string '' to value of Decimal(10,2) type",
        ),
        (
            "1e8",
            "column `x`: 1e8 has more digits than Decimal(10,2) holds",
        ),
    ] {
        let rows = format!("{{\"n\":1,\"s\":\"{text}\"}}\n{{\"n\":2,\"s\":\"1\"}}");
        let rows = batch(&parse_struct(SCHEMA).unwrap(), &rows);
        let query = plan(SCHEMA, "select cast(s as decimal(10,2)) as x from t1");
        let answer = query.evaluate_isolating(&rows).unwrap();
        let [failure] = answer.failures.as_slice() else {
            panic!("{text}: {:?}", answer.failures);
        };
        assert_eq!((failure.row, failure.message.as_str()), (0, why), "{text}");
        let row = format!("{{\"s\":\"{text}\"}}");
        let tried = value(SCHEMA, &row, "try_cast(s as decimal(10,2))");
        assert_eq!(tried, "null", "{text}");
    }
    for expression in [
        "cast('abc' as decimal(10,2))",
        "case when n = 77 then cast('abc' as decimal(10,2)) end",
    ] {
        let error = refused(SCHEMA, &format!("select {expression} as x from t1"));
        assert!(error.contains("'abc' is no Decimal(10,2)"), "{error}");
    }
}

#[test]
fn what_is_made_of_columns_is_not_judged_by_samples() {
    plan(
        SCHEMA,
        "select cast(concat(s, ' ', s) as decimal(10,2)) as x from t1",
    );
    plan(
        SCHEMA,
        "select cast(split_part(s, ':', 2) as decimal(10,2)) as x from t1",
    );
}
