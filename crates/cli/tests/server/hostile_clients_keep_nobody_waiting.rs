//! Clients that never get to the end of a request, that never read what they have asked for, or that speak no HTTP at all keep
//! nobody else from being answered, and cost the server little memory.

#![allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]

use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::processes::signal;
use crate::common::server::Server;

/// Connections that never get to the end of a request.
const SLOW: usize = 600;
/// Connections that never read.
const DEAF: usize = 300;
/// So many of these may be kept.
const KEPT: usize = 128;
/// Connections that come at once.
const AT_ONCE: usize = 600;
/// Requests that are none.
const MALFORMED: usize = 3_000;

/// A user that nobody is.
const NOBODY: u32 = 65_534;
/// Far longer than an answer takes, and far shorter than any time after which a client is given up.
const WAITING: Duration = Duration::from_secs(5);

/// With so many files a server has half as many places, of which one client gets 96.
const FILES: u32 = 256;

/// A program of another user that opens as many connections as there are places, and keeps them until its input ends; `None`: this test
/// may not start one, which only root may.
fn hoarder(server: &Server) -> Option<Child> {
    let script = format!(
        "for _ in $(seq {}); do exec {{place}}<>/dev/tcp/127.0.0.1/{}; done; read -r _",
        FILES / 2,
        server.port()
    );
    let started = Command::new("bash")
        .args(["-c", &script])
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .stdin(Stdio::piped())
        .spawn();
    match started {
        Err(refused) if refused.kind() == ErrorKind::PermissionDenied => None,
        started => Some(started.expect("bash")),
    }
}

fn connected(server: &Server) -> TcpStream {
    TcpStream::connect(("127.0.0.1", server.port())).expect("there is a place")
}

/// Asks as somebody who means well, over a connection of their own.
#[track_caller]
fn is_answered(server: &Server) {
    let began = Instant::now();
    assert!(server.get("/overview").get("flink-version").is_some());
    let waited = began.elapsed();
    assert!(waited < WAITING, "answered after {waited:?}");
}

/// The peak of the server's memory in MB.
fn peak(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|rest| rest.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes.expect("a peak").parse().expect("a number");
    kilobytes / 1024
}

fn sockets(server: &Server) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("it runs");
    let targets = files.flatten().flat_map(|file| fs::read_link(file.path()));
    targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

#[test]
fn nor_does_it_cost_much_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let before = sockets(&server);

    let mut slow: Vec<TcpStream> = (0..SLOW).map(|_| connected(&server)).collect();
    for byte in b"GET /jobs/overview HTTP/1.1\r\nx-" {
        for stream in &mut slow {
            stream.write_all(&[*byte]).expect("it is waited for");
        }
        is_answered(&server);
    }

    let request = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nuser-agent: test\r\n\r\n";
    let requests = request.repeat(200);
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        let mut stream = connected(&server);
        stream.write_all(&requests).expect("it is taken");
        deaf.push(stream);
        is_answered(&server);
    }
    server.await_that("those that read nothing to be given up", || {
        sockets(&server) <= before + SLOW + KEPT
    });
    is_answered(&server);

    for number in 0..MALFORMED {
        let mut stream = connected(&server);
        let text: &[u8] = match number % 4 {
            0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            1 => b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
            2 => b"PATCH /jobs/0 HTTP/9.9\r\n\r\n",
            _ => b"POST /jars/ingest/run HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{\"a\": [[[",
        };
        if let Err(error) = stream.write_all(text) {
            // It may have been hung up on before its last byte.
            let expected = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
            assert!(expected.contains(&error.kind()), "{error}");
        }
        if number % 100 == 0 {
            is_answered(&server);
        }
    }
    is_answered(&server);
    let peak = peak(&server);
    assert!(peak < 100, "{peak} MB");
    drop((slow, deaf));
}

#[test]
fn nor_does_another_user_of_the_machine_where_users_need_not_be_known() {
    let token = "0123456789abcdef";
    for (option, token) in [
        ("--insecure".to_owned(), None),
        (format!("-Drest.auth.token={token}"), Some(token.to_owned())),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut server = Server::new(directory.path());
        server.options.push(option);
        server.token = token;
        server.script = Some(format!("ulimit -n {FILES}; exec \"$@\""));
        server.start();
        let Some(mut other) = hoarder(&server) else {
            // That users are told apart is a test of the server's own, too, which needs no other user.
            eprintln!("NOT TRIED: only root may run a program of another user");
            return;
        };
        server.await_that("some of them to be closed", || {
            let log = fs::read_to_string(server.data.join("server.log"));
            log.is_ok_and(|log| log.contains("too many of this client are open"))
        });
        is_answered(&server);
        drop(other.stdin.take());
        other.wait().expect("it ends");
    }
}

#[test]
fn nor_those_that_come_all_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    // Nobody is taken meanwhile: all of them have to find room.
    signal("STOP", server.pid());
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(900));
    let waiting: Result<Vec<_>, _> = (0..AT_ONCE).map(connect).collect();
    signal("CONT", server.pid());
    let waiting = waiting.expect("there is room, without a second try");
    is_answered(&server);
    drop(waiting);
}
