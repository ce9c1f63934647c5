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
        (Scale::Days, "0001-01-01", Some(FIRST_DAY)),
        (Scale::Days, "0000-12-31", None),
        (Scale::Days, "-0005-01-01", None),
        (Scale::Days, "9999-12-31", Some(LAST_DAY)),
        (Scale::Days, "99999-12-31", None),
        (Scale::Seconds, "0001-01-01", Some(FIRST_DAY * 86_400)),
        (Scale::Seconds, "0000-12-31 23:59:59", None),
        (Scale::Seconds, "9999-12-31 23:59:59", Some(253_402_300_799)),
        (Scale::Seconds, "10000-01-01", None),
    ];
    for (scale, text, expected) in table {
        let found = scale.bound("source.db.partition.lower-bound", text);
        assert_eq!(found.ok(), expected, "{scale:?} {text}");
    }
}

/// Of a cut beyond these years Hive makes NULL, and rows on both sides of it would be in no part.
#[test]
fn cuts_are_dates_that_hive_knows() {
    let year = |years: i128| years * 365;
    for (lower, upper, what) in [
        (
            FIRST_DAY - year(3_000),
            LAST_DAY + year(90_000),
            "beyond both",
        ),
        (FIRST_DAY - year(3_000), FIRST_DAY - year(1_000), "before"),
        (LAST_DAY + year(1_000), LAST_DAY + year(9_000), "behind"),
        (0, LAST_DAY + year(90_000), "from a day that it knows"),
    ] {
        let days = Scale::Days.parts("d", lower, upper, 7);
        let seconds = |day: i128| day * SECONDS_OF_DAY;
        let times = Scale::Seconds.parts("t", seconds(lower), seconds(upper), 7);
        for condition in days.iter().chain(&times) {
            for text in condition.split('\'').skip(1).step_by(2) {
                let day = text.split(' ').next().unwrap_or_default();
                let found = Scale::Days.bound("cut", day);
                assert!(found.is_ok(), "{what}: {condition}");
            }
        }
        let open = |conditions: &[String]| {
            let first = conditions
                .first()
                .is_some_and(|first| !first.contains(">="));
            first && conditions.last().is_some_and(|last| !last.contains("< "))
        };
        assert!(days.len() == 1 || open(&days), "{what}: {days:?}");
        assert!(times.len() <= 7 && !times.is_empty(), "{what}: {times:?}");
    }
}
