use super::*;

#[test]
fn parts_lie_side_by_side_and_are_even() {
    let table: &[(i128, i128, u32, &[i128])] = &[
        (0, 99, 4, &[25, 50, 75]),
        (1, 10, 3, &[4, 7]),
        (0, 1, 4, &[1]),
        (5, 5, 4, &[]),
        (9, 3, 4, &[]),
        (0, 9, 1, &[]),
        (-10, 9, 2, &[0]),
        (i128::from(i64::MIN), i128::from(i64::MAX), 2, &[0]),
        (i128::MIN, i128::MAX, 2, &[]),
    ];
    for (lower, upper, parts, expected) in table {
        assert_eq!(
            cuts(*lower, *upper, *parts),
            *expected,
            "{lower} {upper} {parts}"
        );
    }
    for parts in 1..50 {
        let cuts = cuts(-7, 1_000, parts);
        assert!(cuts.is_sorted() && cuts.len() < parts as usize, "{cuts:?}");
        assert!(cuts.iter().all(|cut| (-7..=1_000).contains(cut)));
    }
}

#[test]
fn conditions_leave_no_row_out() {
    let numbers = Scale::Numbers.parts("id", 0, 99, 3);
    let expected = [
        "`id` < 33 or `id` is null",
        "`id` >= 33 and `id` < 66",
        "`id` >= 66",
    ];
    assert_eq!(numbers, expected);
    assert_eq!(Scale::Numbers.parts("id", 3, 3, 3), [""]);
    let days = Scale::Days.parts("d", 0, 1, 2);
    let expected = [
        "`d` < cast('1970-01-02' as date) or `d` is null",
        "`d` >= cast('1970-01-02' as date)",
    ];
    assert_eq!(days, expected);
    let seconds = Scale::Seconds.parts("t", 0, 119, 2);
    assert_eq!(
        seconds.get(1).map(String::as_str),
        Some("`t` >= cast('1970-01-01 00:01:00' as timestamp)")
    );
}

#[test]
fn texts_are_cut_between_those_that_there_are() {
    let mut values: Vec<String> = ["c", "a", "it's", "b", "a"].map(str::to_owned).to_vec();
    let parts = parts_of_texts("x", &mut values.clone(), 10);
    let expected = [
        "`x` < 'b' or `x` is null",
        "`x` >= 'b' and `x` < 'c'",
        "`x` >= 'c' and `x` < 'it\\'s'",
        "`x` >= 'it\\'s'",
    ];
    assert_eq!(parts, expected);
    assert_eq!(parts_of_texts("x", &mut values, 2).len(), 2);
    assert_eq!(parts_of_texts("x", &mut Vec::new(), 2), [""]);
}

#[test]
fn bounds_are_of_the_columns_type() {
    let table = [
        (Scale::Numbers, "12", Some(12)),
        (Scale::Numbers, "x", None),
        (Scale::Days, "1970-01-11", Some(10)),
        (Scale::Days, "10", None),
        (Scale::Seconds, "1970-01-01 00:00:10", Some(10)),
        (Scale::Seconds, "1970-01-02", Some(86_400)),
        (Scale::Texts, "a", None),
    ];
    for (scale, text, expected) in table {
        let found = scale.bound("source.db.partition.lower-bound", text);
        assert_eq!(found.ok(), expected, "{scale:?} {text}");
    }
}
