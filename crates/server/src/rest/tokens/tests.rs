//! Which tokens are taken, and from where.

use std::os::unix::fs::PermissionsExt;

use super::*;

const LONG: &str = "a long and random text";

fn configuration(options: &[(&str, &str)]) -> Configuration {
    let mut configuration = Configuration::new();
    for (key, value) in options {
        configuration.set(*key, *value);
    }
    configuration
}

fn put(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

fn error_of(text: &str, mode: u32) -> Error {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tokens");
    put(&path, text, mode);
    let path = path.to_string_lossy();
    let found = Tokens::of(&configuration(&[("rest.auth.token-file", &path)]));
    found.map(drop).expect_err(text)
}

#[test]
fn a_token_is_the_same_only_as_a_whole() {
    assert!(is_same(b"secret", b"secret"));
    for given in ["", "s", "secre", "secrets", "secretsecret", "Secret"] {
        assert!(!is_same(given.as_bytes(), b"secret"), "{given}");
    }
}

#[test]
fn tokens_that_can_be_guessed_or_not_be_sent_are_refused() {
    for token in [
        "",
        "  ",
        "fifteen letters",
        "sixteen letters\u{e9}e",
        "sixteen letters\nx",
    ] {
        let error = Tokens::of(&configuration(&[("rest.auth.token", token)])).map(drop);
        let error = error.expect_err(token);
        assert_eq!(error.code(), "MS-1002", "{token}");
        assert!(
            token.trim().is_empty() || !error.to_string().contains(token),
            "{error}"
        );
    }
    let tokens = Tokens::of(&configuration(&[("rest.auth.token", LONG)])).expect("a token");
    let bearer = tokens.bearer(LONG.as_bytes()).expect("it is the one");
    assert_eq!(
        (&*bearer.name, bearer.role),
        ("rest.auth.token", Role::Submit)
    );
    assert!(!format!("{tokens:?}").contains(LONG));
}

#[test]
fn a_file_gives_tokens_with_names_and_roles() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tokens");
    put(
        &path,
        "# who may what\n\ngrafana read 0123456789abcdef\n alice@ops\toperate  fedcba9876543210\n",
        0o640,
    );
    let shown = path.to_string_lossy().into_owned();
    let settings = configuration(&[("rest.auth.token-file", &shown), ("rest.auth.token", LONG)]);
    let tokens = Tokens::of(&settings).expect("tokens");
    let found = |secret: &str| {
        let bearer = tokens.bearer(secret.as_bytes())?;
        Some((bearer.name.to_string(), bearer.role))
    };
    assert_eq!(
        found("0123456789abcdef"),
        Some(("grafana".to_owned(), Role::Read))
    );
    assert_eq!(
        found("fedcba9876543210"),
        Some(("alice@ops".to_owned(), Role::Operate))
    );
    assert_eq!(
        found(LONG),
        Some(("rest.auth.token".to_owned(), Role::Submit))
    );
    assert_eq!(found("0123456789abcdeF"), None);
    assert!(!tokens.has_changed());
    put(&path, "bob submit 00112233445566778899\n", 0o600);
    assert!(tokens.has_changed());
    assert!(!tokens.has_changed(), "it is told once");
    tokens.replace(&settings).expect("tokens");
    assert!(tokens.bearer(b"0123456789abcdef").is_none());
    assert!(tokens.bearer(b"00112233445566778899").is_some());
}

/// Does something to a file until that shows in the time of its last change, whose clock goes in steps of some milliseconds.
fn change(path: &Path, step: impl Fn()) {
    let changed = || {
        let about = fs::metadata(path).expect("there");
        (about.ctime(), about.ctime_nsec())
    };
    let before = changed();
    while changed() == before {
        step();
        std::thread::yield_now();
    }
}

#[test]
fn a_file_with_another_mode_or_as_much_of_other_content_has_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tokens");
    put(&path, "bob submit 00112233445566778899\n", 0o600);
    let shown = path.to_string_lossy().into_owned();
    let settings = configuration(&[("rest.auth.token-file", &shown)]);
    let tokens = Tokens::of(&settings).expect("tokens");
    assert!(!tokens.has_changed());
    change(&path, || {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    });
    assert!(tokens.has_changed());
    let error = tokens.replace(&settings).expect_err("others can read it");
    assert!(error.message().contains("open to others"), "{error}");

    let modified = fs::metadata(&path).and_then(|about| about.modified());
    let modified = modified.expect("a time");
    change(&path, || {
        put(&path, "eve submit 99887766554433221100\n", 0o644);
        let file = fs::File::options().write(true).open(&path);
        let set = file.and_then(|file| file.set_modified(modified));
        set.expect("set");
    });
    assert!(tokens.has_changed());
}

#[test]
fn the_last_token_is_not_taken_away_while_the_server_runs() {
    let tokens = Tokens::of(&configuration(&[("rest.auth.token", LONG)])).expect("a token");
    let error = tokens
        .replace(&configuration(&[]))
        .expect_err("open to all");
    assert_eq!(error.code(), "MS-1017");
    assert!(tokens.bearer(LONG.as_bytes()).is_some());
    let none = Tokens::of(&configuration(&[])).expect("none is needed");
    none.replace(&configuration(&[("rest.auth.token", LONG)]))
        .expect("from now on");
    assert!(!none.is_empty());
}

#[test]
fn what_is_wrong_in_a_file_is_told_by_its_line_without_the_token() {
    for (text, what) in [
        (
            "a read 0123456789abcdef\nb write 0123456789abcdeX\n",
            "line 2: the role is none of",
        ),
        ("a read\n", "line 1: it is not"),
        ("a read 0123456789abcdef x\n", "line 1: it is not"),
        ("a read short\n", "line 1: the token is too short"),
        ("a/b read 0123456789abcdef\n", "line 1: the name"),
        ("# nothing\n", "there is no token in"),
    ] {
        let error = error_of(text, 0o600);
        assert_eq!(error.code(), "MS-1005", "{text}");
        assert!(error.message().contains(what), "{error}");
        assert!(!error.to_string().contains("0123456789abcde"), "{error}");
    }
    for text in [
        "a read 0123456789abcdef\na submit 0123456789abcdeX\n",
        "a read 0123456789abcdef\nb read 0123456789abcdef\n",
    ] {
        assert_eq!(error_of(text, 0o600).code(), "MS-1003", "{text}");
    }
    for mode in [0o644, 0o620, 0o604] {
        let error = error_of("a read 0123456789abcdef\n", mode);
        assert!(error.message().contains("open to others"), "{error}");
    }
    let none = Tokens::of(&configuration(&[(
        "rest.auth.token-file",
        "/nowhere/tokens",
    )]));
    assert_eq!(none.map(drop).expect_err("no file").code(), "MS-1005");
}
