use super::*;

#[test]
fn keys_are_one_text_and_back() {
    let keys = |keytab: Option<&str>, principal: Option<&str>| Keys {
        keytab: keytab.map(PathBuf::from),
        principal: principal.map(str::to_owned),
    };
    let table = [
        (keys(None, None), ""),
        (keys(None, Some("alice@A")), "alice@A"),
        (keys(Some("/a b/k"), None), "FILE:/a b/k"),
        (keys(Some("/k"), Some("hive/h@A")), "hive/h@AFILE:/k"),
    ];
    for (keys, text) in table {
        assert_eq!(keys.to_text().as_deref(), Ok(text));
        assert_eq!(Keys::of_text(text), keys);
    }
}

#[test]
fn a_keytab_that_is_not_there_is_named() {
    let keys = Keys {
        keytab: Some("/nowhere/user.keytab".into()),
        principal: None,
    };
    let error = keys.who().expect_err("there is none");
    assert!(
        error.to_string().contains("/nowhere/user.keytab"),
        "{error}"
    );
}

#[test]
fn a_job_uses_the_usual_keytab_before_the_one_that_is_named() {
    let table = [
        (true, Some("/a"), Some(USUAL_KEYTAB)),
        (true, None, Some(USUAL_KEYTAB)),
        (false, Some("/a"), Some("/a")),
        (false, None, None),
    ];
    for (usual_is_there, named, expected) in table {
        let principal = Some("alice@A".to_owned());
        let keys = Keys::chosen(usual_is_there, named.map(PathBuf::from), principal.clone());
        let expected = Keys {
            keytab: expected.map(PathBuf::from),
            principal,
        };
        assert_eq!(keys, expected);
    }
}
