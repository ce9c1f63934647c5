use super::*;

/// An entry as `ktutil` writes it: parts, realm, names; type, time, version and key behind them.
fn entry(realm: &str, names: &[&str]) -> Vec<u8> {
    let mut entry = (names.len() as u16).to_be_bytes().to_vec();
    for text in std::iter::once(&realm).chain(names) {
        entry.extend((text.len() as u16).to_be_bytes());
        entry.extend(text.as_bytes());
    }
    entry.extend([0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 18, 0, 2, 7, 7]);
    let mut sized = (entry.len() as u32).to_be_bytes().to_vec();
    sized.extend(entry);
    sized
}

fn hole(length: i32) -> Vec<u8> {
    let mut hole = (-length).to_be_bytes().to_vec();
    hole.extend(vec![0; length as usize]);
    hole
}

fn file(entries: &[Vec<u8>]) -> Vec<u8> {
    [vec![5, 2], entries.concat()].concat()
}

#[test]
fn principals_are_found_each_once() {
    let alice = entry("TEST.LOCAL", &["alice"]);
    let hive = entry("TEST.LOCAL", &["hive", "localhost"]);
    let both: &[&str] = &["hive/localhost@TEST.LOCAL", "alice@TEST.LOCAL"];
    let table: [(Vec<u8>, &[&str]); 8] = [
        (file(std::slice::from_ref(&alice)), &["alice@TEST.LOCAL"]),
        (file(&[hive.clone(), alice.clone()]), both),
        (file(&[hive.clone(), hive.clone(), alice.clone()]), both),
        (file(&[hole(12), alice.clone()]), &["alice@TEST.LOCAL"]),
        (file(&[alice, vec![0; 12]]), &["alice@TEST.LOCAL"]),
        (file(&[]), &[]),
        (vec![5, 1, 0], &[]),
        (Vec::new(), &[]),
    ];
    for (bytes, expected) in table {
        assert_eq!(principals(&bytes), expected);
    }
    let whole = file(&[hive]);
    for end in 0..whole.len() {
        assert!(
            principals(whole.get(..end).unwrap_or_default()).is_empty(),
            "{end}"
        );
    }
}

#[test]
fn several_principals_must_be_told_apart() {
    let one = ["alice@A".to_owned()];
    let two = ["alice@A".to_owned(), "hive/h@A".to_owned()];
    let realms = ["alice@A".to_owned(), "alice@B".to_owned()];
    type Row<'a> = (
        &'a [String],
        Option<&'a str>,
        std::result::Result<&'a str, &'a str>,
    );
    let table: [Row<'_>; 8] = [
        (&one, None, Ok("alice@A")),
        (&one, Some("alice@A"), Ok("alice@A")),
        (
            &one,
            Some("bob"),
            Err("holds no key of bob, but of alice@A"),
        ),
        (&two, Some("hive/h"), Ok("hive/h@A")),
        (&two, Some("hive/h@A"), Ok("hive/h@A")),
        (
            &two,
            None,
            Err("holds keys of several principals: alice@A, hive/h@A"),
        ),
        (
            &realms,
            Some("alice"),
            Err("holds keys of several principals: alice@A, alice@B"),
        ),
        (&realms, Some("alice@B"), Ok("alice@B")),
    ];
    for (held, wanted, expected) in table {
        let expected = expected.map_err(str::to_owned);
        assert_eq!(chosen(held, wanted), expected, "{held:?} {wanted:?}");
    }
}

#[test]
fn the_usual_one_is_used_before_the_one_that_is_named() {
    let named = |text: &str| Some(OsString::from(text));
    let table = [
        (true, named("/a"), Some(USUAL_KEYTAB)),
        (true, None, Some(USUAL_KEYTAB)),
        (false, named("/a"), Some("/a")),
        (false, named("FILE:/a"), Some("/a")),
        (false, named(""), None),
        (false, None, None),
    ];
    for (usual, named, expected) in table {
        assert_eq!(place(usual, named), expected.map(PathBuf::from));
    }
}
