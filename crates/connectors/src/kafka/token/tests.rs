use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Tokens, of_text, unsecured};

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[test]
fn a_token_without_signature_says_who_and_until_when() {
    let made = unsecured(&claims(json!({"sub": "alice"})), "sub", 60, 1_000_000).expect("made");
    assert_eq!((made.principal.as_str(), made.ends), ("alice", 1_060_000));
    let parts: Vec<&str> = made.text.split('.').collect();
    assert_eq!((parts.len(), parts[2]), (3, ""));
    let body = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body, json!({"sub": "alice", "iat": 1_000, "exp": 1_060}));
    // It reads as any other.
    assert_eq!(of_text(&made.text), Some(made));
    let nobody = unsecured(&claims(json!({"sub": "alice"})), "name", 60, 0);
    assert!(nobody.expect_err("no such claim").contains("name"));
}

#[test]
fn a_file_is_read_each_time_and_what_is_no_token_is_not_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("token");
    let tokens = Tokens::File(path.clone());
    assert!(tokens.token().expect_err("no file").contains("token"));
    for user in ["alice", "bob"] {
        let made = unsecured(&claims(json!({"sub": user})), "sub", 60, 5_000).expect("made");
        std::fs::write(&path, format!("{}\n", made.text)).expect("written");
        assert_eq!(tokens.token().expect("a token"), made);
    }
    for wrong in ["secret", "a.b", "a.b.c.d", "a.!.c", "a.e30 .c"] {
        std::fs::write(&path, wrong).expect("written");
        let said = tokens.token().expect_err(wrong);
        assert!(
            said.contains("is no token") && !said.contains("secret"),
            "{said}"
        );
    }
    let again = Tokens::of(Some(&tokens.setting())).expect("the same");
    assert_eq!(again, tokens);
    assert!(Tokens::of(None).is_err());
}
