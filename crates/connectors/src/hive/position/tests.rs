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

/// A query in a session that is opened with this.
fn query(statement: &str, column: Option<&str>, session: &[(&str, &str)]) -> Query {
    let session = session.iter();
    let session = session.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Query::of(statement, column, &session.collect())
}

#[test]
fn parts_are_those_of_one_query() {
    let shop = ("use:database", "shop");
    let day = ("set:hivevar:day", "1");
    let own = query("select 1", Some("ID"), &[shop, day]);
    let parts = Parts::new(own, Some(vec!["`a` < 3".to_owned(), "`a` >= 3".to_owned()]));
    let entries = [parts.entry()];
    assert_eq!(Parts::restore(&entries, own).expect("parts"), parts);
    for (other, what) in [
        (query("select 2", Some("id"), &[shop, day]), "statement"),
        (query("select 1", None, &[shop, day]), "column"),
        (
            query("select 1", Some("id"), &[("use:database", "b"), day]),
            "database",
        ),
        (
            query("select 1", Some("id"), &[shop, ("set:hivevar:day", "2")]),
            "variable",
        ),
        (
            query(
                "select 1",
                Some("id"),
                &[shop, day, ("set:hiveconf:x.y", "1")],
            ),
            "setting",
        ),
    ] {
        let error = Parts::restore(&entries, other).expect_err(what);
        assert_eq!(error.code(), "MS-3005", "{what}: {error}");
    }
    // Where and for whom Hive executes says nothing of rows.
    let elsewhere = [
        shop,
        day,
        ("set:hiveconf:tez.queue.name", "etl"),
        ("hive.server2.proxy.user", "me"),
    ];
    let same = query("select 1", Some("id"), &elsewhere);
    assert!(Parts::restore(&entries, same).is_ok());
    assert!(Parts::restore(&[], own).is_err());
}

#[test]
fn parts_of_before_the_session_was_known_go_on() {
    let own = query("select 1", None, &[("use:database", "shop")]);
    let of_version = |version: u32, statement: u64| StateEntry {
        key: PARTS.to_owned(),
        value: serde_json::json!({"version": version, "statement": statement, "conditions": null}),
    };
    let old = stable_hash(&("select 1", None::<String>));
    assert!(Parts::restore(&[of_version(1, old)], own).is_ok());
    let error = Parts::restore(&[of_version(1, old + 1)], own).expect_err("another");
    assert_eq!(error.code(), "MS-3005", "{error}");
    let error = Parts::restore(&[of_version(3, old)], own).expect_err("newer");
    assert_eq!(error.code(), "MS-3006", "{error}");
    assert!(error.to_string().contains("2 is the newest"), "{error}");
}

/// Versions before took off what stands at the end of a comment, too.
#[test]
fn semicolons_at_the_end_make_no_other_query() {
    for text in ["select 1", "with a as (select 1) select * from a -- daily"] {
        let own = query(text, None, &[]);
        for end in [";", ";;\n", " ; "] {
            assert_eq!(
                query(&format!("{text}{end}"), None, &[]),
                own,
                "{text}{end}"
            );
        }
    }
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
