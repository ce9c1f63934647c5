use std::net::TcpListener;
use std::thread::Builder;

use super::*;

/// What is sent to log in as `me` with the password `hush`.
const ASKED: &[u8] = b"\x01\0\0\0\x05PLAIN\x02\0\0\0\x08\0me\0hush";

/// A server that lets nobody in, and says why.
fn refusing(words: &'static str) -> Host {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let refuse = move || {
        let (mut other, _) = listener.accept().expect("a connection");
        // All of it: what is unread when a connection is closed breaks it.
        let mut asked = vec![0; ASKED.len()];
        other.read_exact(&mut asked).expect("a login");
        assert_eq!(asked, ASKED);
        let mut answer = vec![BAD];
        answer.extend_from_slice(&(words.len() as u32).to_be_bytes());
        answer.extend_from_slice(words.as_bytes());
        other.write_all(&answer).expect("is sent");
    };
    Builder::new().spawn(refuse).expect("a thread");
    let name = "127.0.0.1".to_owned();
    Host { name, port }
}

#[test]
fn a_refused_login_is_told_with_its_user_and_without_its_password() {
    for (words, told) in [
        ("Error validating the login", "does not take user `me`"),
        ("", "it says: nothing"),
        (
            "Unsupported mechanism type PLAIN",
            "principal=hive/_HOST@REALM",
        ),
    ] {
        let host = refusing(words);
        let mut socket = Socket::open(&host, None, None).expect("a connection");
        let trouble = plain(&mut socket, "me", "hush").expect_err("nobody is let in");
        let error = trouble.error(&host);
        assert_eq!(error.code(), "MS-6022", "{error}");
        let shown = error.to_string();
        assert!(shown.contains(told) && shown.contains(words), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}
