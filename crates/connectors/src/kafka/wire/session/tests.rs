use super::TransactionVersion;

fn lowest(told: &[(i16, &str)]) -> TransactionVersion {
    let told = told.iter();
    TransactionVersion::lowest(
        told.map(|(version, broker)| (*version, (*broker).to_owned()))
            .collect(),
    )
}

#[test]
fn the_lowest_version_counts_and_who_tells_it_is_named() {
    let mixed = lowest(&[(2, "a:1"), (0, "b:1"), (2, "c:1")]);
    assert_eq!((mixed.version, mixed.told_by.as_deref()), (0, Some("b:1")));
    let said = mixed.to_string();
    assert!(said.contains("of broker b:1 is 0"), "{said}");
}

#[test]
fn nobody_is_named_where_all_tell_the_same() {
    for told in [[(1, "a:1"), (1, "b:1")].as_slice(), &[]] {
        assert_eq!(lowest(told).told_by, None, "{told:?}");
    }
    let said = lowest(&[(1, "a:1"), (1, "b:1")]).to_string();
    assert!(said.contains("of the cluster is 1"), "{said}");
}
