use arrow::array::{Date32Array, Int64Array};

use super::*;

fn broken(rule: Rule, column: ArrayRef) -> Vec<usize> {
    let schema = Schema::new(vec![arrow::datatypes::Field::new(
        "c",
        column.data_type().clone(),
        true,
    )]);
    let check = Check {
        column: "c".to_owned(),
        rules: vec![rule],
    };
    let compiled = compile(&[check], &schema).expect("rules");
    let rule = compiled.first().expect("one");
    rule.test.broken(&column).expect("looked at")
}

fn range(least: &str, greatest: &str) -> Rule {
    let end = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Rule::Range(end(least), end(greatest))
}

#[test]
fn ranges_have_the_order_of_the_type() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(9), None, Some(100), Some(-1)]));
    assert_eq!(broken(range("0", "10"), Arc::clone(&numbers)), [3, 2]);
    assert_eq!(broken(range("", "10"), numbers), [2]);
    let days: ArrayRef = Arc::new(Date32Array::from(vec![19_000, 20_000]));
    assert_eq!(broken(range("2024-01-01", ""), days), [0]);
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["9", "100"]));
    assert_eq!(broken(range("2", ""), texts), [1]);
}

#[test]
fn ends_between_two_decimals_are_not_rounded() {
    let numbers = arrow::array::Decimal128Array::from(vec![234, 235, -234, -235])
        .with_precision_and_scale(5, 2)
        .expect("decimals");
    let numbers: ArrayRef = Arc::new(numbers);
    for (least, greatest, expected) in [
        ("", "2.345", vec![1]),
        ("2.345", "", vec![0, 2, 3]),
        ("-2.345", "", vec![3]),
        ("", "-2.345", vec![0, 1, 2]),
        ("", "2.3400", vec![1]),
        ("-.005", "", vec![2, 3]),
        ("", "2.349", vec![1]),
    ] {
        let found = broken(range(least, greatest), Arc::clone(&numbers));
        assert_eq!(found, expected, "{least}..{greatest}");
    }
}

#[test]
fn patterns_are_for_the_whole_value_and_nulls_are_for_one_rule_only() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("ab"), Some("abc"), None]));
    let pattern = Rule::Pattern("a|ab".to_owned());
    assert_eq!(broken(pattern, Arc::clone(&texts)), [1]);
    assert_eq!(broken(Rule::NotNull, texts), [2]);
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let schema = Schema::new(vec![arrow::datatypes::Field::new(
        "c",
        DataType::Int32,
        true,
    )]);
    let check = |column: &str, rule: Rule| {
        let check = Check {
            column: column.to_owned(),
            rules: vec![rule],
        };
        compile(&[check], &schema)
            .err()
            .expect("refused")
            .to_string()
    };
    let error = check("c", range("low", ""));
    assert!(
        error.contains("check.c: `low` is no value of Int"),
        "{error}"
    );
    let error = check("c", range("5", "1"));
    assert!(
        error.contains("check.c: no value lies in range 5..1"),
        "{error}"
    );
    let error = check("d", Rule::NotNull);
    assert!(error.contains("the columns that are read are c"), "{error}");
}
