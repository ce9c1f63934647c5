use std::net::TcpListener;
use std::thread::yield_now;

use super::*;

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
