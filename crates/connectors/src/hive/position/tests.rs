use super::*;

#[test]
fn positions_survive_snapshots() {
    let digest = BTreeMap::from([("id".to_owned(), u64::MAX)]);
    for position in [
        Position::new(0, false, BTreeMap::new()),
        Position::new(7, false, digest),
        Position::new(9, true, BTreeMap::new()),
    ] {
        let restored = Position::restore(&position.entry(3)).expect("a position");
        assert_eq!(restored, (3, position));
    }
}

#[test]
fn what_is_no_position_is_refused() {
    let well = Position::default().entry(1);
    let entry = |key: &str, value| StateEntry {
        key: key.to_owned(),
        value,
    };
    for entry in [
        entry("orders/0", well.value.clone()),
        entry("split-x", well.value),
        entry("split-1", serde_json::json!({"version": 1})),
        entry(
            "split-1",
            serde_json::json!({"version": 2, "rows": 1, "done": false}),
        ),
    ] {
        let error = Position::restore(&entry).expect_err("no position");
        assert_eq!(error.code(), "MS-3006", "{error}");
    }
}

#[test]
fn parts_are_those_of_one_query() {
    let parts = Parts::new(7, Some(vec!["`a` < 3".to_owned(), "`a` >= 3".to_owned()]));
    let entries = [parts.entry()];
    assert_eq!(Parts::restore(&entries, 7).expect("parts"), parts);
    let error = Parts::restore(&entries, 8).expect_err("another query");
    assert_eq!(error.code(), "MS-3005", "{error}");
    assert!(Parts::restore(&[], 7).is_err());
}

#[test]
fn each_part_has_one_reader_at_any_parallelism() {
    for parallelism in 1..5 {
        for part in 0..20 {
            let reader = reader_of(part, parallelism);
            assert!(reader < parallelism);
            let key = Position::default().entry(part).key;
            assert_eq!(owner(&key, parallelism), Owner::Subtask(reader));
        }
    }
    assert_eq!(owner("other", 3), Owner::Everyone);
}
