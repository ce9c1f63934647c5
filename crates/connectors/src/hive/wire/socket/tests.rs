use std::net::TcpListener;
use std::thread::{Builder, yield_now};

use super::*;
use crate::hive::wire::tls::without_trust;

#[test]
fn that_a_connection_has_ended_is_known_before_it_is_used() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = Host {
        name: "127.0.0.1".to_owned(),
        port: listener.local_addr().expect("an address").port(),
    };
    let mut socket = Socket::open(&host, None, None).expect("a connection");
    let (mut other, _) = listener.accept().expect("a connection");
    assert!(!socket.has_ended());
    // It waits for what comes, as before.
    other.write_all(b"x").expect("is sent");
    socket.read_exact(&mut [0]).expect("is read");
    drop(other);
    while !socket.has_ended() {
        yield_now();
    }
}

/// Somebody who is greeted once, and answers with `words` before the connection ends.
fn answering(words: &'static [u8]) -> Host {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = move || {
        let (mut other, _) = listener.accept().expect("a connection");
        // The greeting as a whole: what is unread when a connection is closed breaks it.
        let mut head = [0; 5];
        other.read_exact(&mut head).expect("a greeting");
        let [.., high, low] = head;
        let mut rest = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        other.read_exact(&mut rest).expect("a greeting");
        other.write_all(words).expect("is sent");
    };
    Builder::new().spawn(answer).expect("a thread");
    let name = "127.0.0.1".to_owned();
    Host { name, port }
}

/// What a server with SASL says of a greeting of TLS, and one of the web.
const IN_THE_CLEAR: [&[u8]; 2] = [b"\x04\0\0\0\x11Invalid status 22", b"HTTP/1.1 400 \r\n\r\n"];
/// An alert of TLS: it takes no such handshake.
const ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 40];

#[test]
fn whoever_does_not_speak_tls_is_told_from_whoever_does() {
    let tls = without_trust().expect("TLS");
    for words in IN_THE_CLEAR {
        assert!(!speaks_tls(&answering(words), &tls));
    }
    assert!(!speaks_tls(&answering(b""), &tls));
    assert!(speaks_tls(&answering(ALERT), &tls));
}

#[test]
fn what_is_wrong_with_tls_is_told() {
    let tls = without_trust().expect("TLS");
    let told = |words: &'static [u8]| match Socket::open(&answering(words), Some(&tls), None) {
        Err(Trouble::Tls { why, .. } | Trouble::Away(why)) => why,
        Err(other) => unreachable!("{other:?}"),
        Ok(_) => unreachable!("a connection"),
    };
    for words in IN_THE_CLEAR {
        assert!(told(words).contains("does not speak TLS"), "{words:?}");
    }
    assert!(told(b"").contains("ends the connection when TLS is begun"));
    assert!(told(ALERT).contains("does not agree on how to encrypt"));
}
