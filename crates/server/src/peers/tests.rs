//! The kernel is asked about connections of this very process.

use std::net::{TcpListener, TcpStream};

use super::*;

/// A connection over loopback: both ends, and the addresses of the one that connected and of the other.
fn connection(address: &str) -> Option<(TcpStream, TcpStream, SocketAddr, SocketAddr)> {
    let listener = TcpListener::bind(address).ok()?;
    let own = listener.local_addr().expect("an address");
    let client = TcpStream::connect(own).expect("it connects");
    let (server, peer) = listener.accept().expect("it comes");
    Some((client, server, peer, own))
}

/// A program that another test starts may have every socket of this process for a moment, until it begins.
#[allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]
fn await_nobody(peer: SocketAddr, own: SocketAddr) {
    let began = std::time::Instant::now();
    while let Some(user) = user_of(peer, own) {
        let waited = began.elapsed();
        assert!(
            waited < Duration::from_secs(60),
            "it is still that of {user}"
        );
        std::thread::yield_now();
    }
}

#[test]
fn the_user_of_a_connection_is_that_of_the_program_that_connected() {
    let me = rustix::process::geteuid().as_raw();
    let mut asked = 0;
    // A machine may be without IPv6.
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Some((client, _server, peer, own)) = connection(address) else {
            continue;
        };
        asked += 1;
        assert_eq!(user_of(peer, own), Some(me), "{address}");
        let found = look_up(peer, own).expect("it stands in the table");
        assert_eq!(found.owner(), Some(me), "{address}");
        drop(client);
        await_nobody(peer, own);
    }
    assert!(asked > 0);
}

#[test]
fn a_program_that_has_sent_all_and_still_reads_is_known() {
    let me = rustix::process::geteuid().as_raw();
    let (client, _server, peer, own) = connection("127.0.0.1:0").expect("loopback");
    client.shutdown(std::net::Shutdown::Write).expect("shut");
    assert_eq!(user_of(peer, own), Some(me));
}

#[test]
fn a_question_that_fails_says_nothing_of_a_socket() {
    let me = rustix::process::geteuid().as_raw();
    let (_client, _server, peer, own) = connection("127.0.0.1:0").expect("loopback");
    // It does answer.
    assert_eq!(user_of(peer, own), Some(me));
    // Too many open files, no room in its queues, no answer in time.
    for error in [24, 105, 11].map(io::Error::from_raw_os_error) {
        let shown = error.to_string();
        let found = known(Err(error), peer, own);
        assert_eq!(found.and_then(Found::owner), Some(me), "{shown}");
    }
}

#[test]
fn of_the_errors_of_the_kernel_one_says_that_there_is_no_such_socket() {
    let answer = |error: i32| {
        let mut bytes = vec![0_u8; HEADER + 20];
        bytes[4..6].copy_from_slice(&2_u16.to_ne_bytes());
        bytes[HEADER..HEADER + 4].copy_from_slice(&(-error).to_ne_bytes());
        bytes
    };
    assert!(trouble(&answer(2)).is_none());
    let memory = trouble(&answer(12)).expect("an error");
    assert_eq!(memory.raw_os_error(), Some(12));
    assert!(trouble(&answer(12)[..HEADER]).is_none(), "cut off");
}

#[test]
fn a_socket_that_nobody_has_open_is_nobodys() {
    let row = |state: &str, user: &str, inode: &str| {
        format!(
            "  12: 0100007F:C350 0100007F:1F91 {state} 00000000:00000000 00:00000000 00000000 {user} 0 {inode} 1 0000000086ca45bc 20 4 30 10 -1"
        )
    };
    let peer = "127.0.0.1:50000".parse().expect("an address");
    let own = "127.0.0.1:8081".parse().expect("an address");
    let owner = |row: &str| parse_row(row, peer, own).and_then(Found::owner);
    assert_eq!(owner(&row("01", "1000", "77")), Some(1000));
    assert_eq!(owner(&row("01", "0", "77")), Some(0));
    // As the kernel shows what was closed: as if it were root's.
    for state in ["01", "04", "06", "08"] {
        assert_eq!(owner(&row(state, "0", "0")), None, "{state}");
    }
    // A socket that listens is no end of a connection.
    assert_eq!(owner(&row("0A", "0", "77")), None);
    assert_eq!(parse_row(&row("01", "0", "77"), own, peer), None);
}

#[test]
fn a_row_of_the_other_family_is_the_same_socket() {
    let row = "   1: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:1F91 01 00000000:00000000 00:00000000 00000000 1000 0 77 1 x";
    let peer = "127.0.0.1:50000".parse().expect("an address");
    let own = "127.0.0.1:8081".parse().expect("an address");
    if cfg!(target_endian = "little") {
        let found = parse_row(row, peer, own).expect("the same socket");
        assert_eq!(found.owner(), Some(1000));
    }
}

#[test]
fn answers_that_are_errors_or_about_another_socket_say_nothing() {
    let peer = "127.0.0.1:50000".parse().expect("an address");
    let own = "127.0.0.1:8081".parse().expect("an address");
    let mut answer = vec![0; 88];
    let put = |bytes: &mut [u8], at: usize, what: &[u8]| {
        bytes[at..at + what.len()].copy_from_slice(what);
    };
    put(&mut answer, 4, &BY_FAMILY.to_ne_bytes());
    answer[17] = 1;
    put(&mut answer, 20, &50000_u16.to_be_bytes());
    put(&mut answer, 22, &8081_u16.to_be_bytes());
    put(&mut answer, 80, &1000_u32.to_ne_bytes());
    put(&mut answer, 84, &77_u32.to_ne_bytes());
    let found = parse(&answer, peer, own).expect("an answer");
    assert_eq!(found.owner(), Some(1000));
    assert_eq!(parse(&answer, own, peer), None);
    for length in 0..answer.len() {
        assert_eq!(parse(&answer[..length], peer, own), None, "{length}");
    }
    put(&mut answer, 4, &2_u16.to_ne_bytes());
    assert_eq!(parse(&answer, peer, own), None, "an error");
}
