use serde_json::{Value, json};

use super::{Column, Evidence};

fn of(values: &[Value]) -> Evidence {
    let mut column = Column::new("c".to_owned(), 0, false);
    for (row, value) in values.iter().enumerate() {
        column.add(row, value);
    }
    column.end(values.len());
    column.judge()
}

fn kind(values: &[&str]) -> String {
    let values: Vec<Value> = values.iter().map(|value| json!(value)).collect();
    of(&values).kind
}

#[test]
fn a_type_is_what_all_values_say() {
    assert_eq!(kind(&["1", "-7", "0"]), "Int");
    assert_eq!(kind(&["1", "3000000000"]), "BigInt");
    assert_eq!(kind(&["1", "99999999999999999999"]), "Decimal(38,0)");
    assert_eq!(kind(&["1.50", "-2.25"]), "Decimal(18,2)");
    assert_eq!(kind(&["1.5", "2.25", "3"]), "Double");
    assert_eq!(kind(&["1e3", "2.5"]), "Double");
    assert_eq!(kind(&["true", "FALSE"]), "Boolean");
    assert_eq!(kind(&["2024-02-29"]), "Date");
    assert_eq!(kind(&["2023-02-29"]), "String");
    assert_eq!(
        kind(&["2024-02-29 10:00:00", "2024-02-29 10:00:00.123"]),
        "Timestamp"
    );
    assert_eq!(kind(&["1", "x"]), "String");
    assert_eq!(kind(&[]), "String");
}

#[test]
fn whole_numbers_are_compared_digit_by_digit() {
    let (most, least) = ("9223372036854775807", "-9223372036854775808");
    let (more, less) = ("9223372036854775808", "-9223372036854775809");
    for values in [[most, least], [least, most]] {
        assert_eq!(kind(&values), "BigInt", "{values:?}");
    }
    for values in [[most, more], [more, most], [least, less], [less, least]] {
        assert_eq!(kind(&values), "Decimal(38,0)", "{values:?}");
    }
    let long = "1".repeat(40);
    let below = format!("-{long}");
    for values in [[below.as_str(), "5"], ["5", long.as_str()]] {
        assert_eq!(kind(&values), "String", "{values:?}");
    }
    let found = of(&[json!(most), json!(more)]);
    assert_eq!(found.least.as_deref(), Some(most));
    assert_eq!(found.greatest.as_deref(), Some(more));
}

#[test]
fn ids_that_begin_with_0_are_no_numbers() {
    for values in [&["007", "12"][..], &["1", "2", "00"], &["07.5"], &["-01"]] {
        let found = kind(values);
        assert_eq!(found, "String", "{values:?}");
    }
    assert_eq!(kind(&["0", "10"]), "Int");
    assert_eq!(kind(&["0.5", "0.7"]), "Decimal(18,1)");
    let found = of(&[json!("007"), json!("12")]);
    assert_eq!(found.why, "1 of 2 begin with 0, which a number would lose");
}

#[test]
fn the_evidence_is_counted() {
    let found = of(&[
        json!("10"),
        Value::Null,
        json!("9"),
        json!(""),
        json!("100"),
    ]);
    assert_eq!((found.values, found.nulls), (3, 2));
    assert_eq!(found.least.as_deref(), Some("9"));
    assert_eq!(found.greatest.as_deref(), Some("100"));
    assert_eq!(found.examples, ["10", "9", "100"]);
}

#[test]
fn what_a_row_does_not_have_is_missing() {
    let mut column = Column::new("c".to_owned(), 2, false);
    column.add(2, &json!(1));
    column.add(4, &json!(2));
    column.end(6);
    let found = column.judge();
    assert_eq!((found.values, found.nulls), (2, 4));
}
