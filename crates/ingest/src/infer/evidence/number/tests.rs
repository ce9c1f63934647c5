use std::cmp::Ordering;

use super::Number;

#[test]
fn numbers_are_in_the_order_of_their_values() {
    let ascending = [
        "-1e400",
        "-9223372036854775809",
        "-9223372036854775808",
        "-12.5",
        "-12",
        "-1.5e-9999999999999999999999",
        "0",
        "1e-3",
        "0.01",
        "0.0999",
        "0.1",
        "9",
        "10",
        "1.5E+1",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "123456789012345678901234567890123456789012",
        "123456789012345678901234567890123456789012.5",
        "123456789012345678901234567890123456789013",
        "1e99",
    ];
    for (place, least) in ascending.iter().enumerate() {
        for (other, most) in ascending.iter().enumerate() {
            let order = Number::of(least).order(&Number::of(most));
            assert_eq!(order, place.cmp(&other), "{least} and {most}");
        }
    }
}

#[test]
fn numbers_that_are_written_otherwise_are_equal() {
    for (one, other) in [
        ("1", "1.000"),
        ("-0", "0.0"),
        ("0e7", "0"),
        ("100", "1e2"),
        ("-0.012", "-12e-3"),
        ("1.e2", "100.0"),
    ] {
        let order = Number::of(one).order(&Number::of(other));
        assert_eq!(order, Ordering::Equal, "{one} and {other}");
    }
}
