//! A command whose connection breaks off before it has the answer asks again, and what it asks for happens once: ids are its own.

use crate::common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::common::running;
use crate::common::server::{Server, first_file};

/// Stands between a command and the server at `port`: hands on every request, and every answer but the first to a request that begins
/// with `lost`. Answers where it listens.
fn broken_line(port: u16, lost: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let line = std::thread::Builder::new().spawn(move || {
        let mut is_lost = false;
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).expect("the server");
            is_lost |= hand_on(client, server, lost, is_lost);
        }
    });
    line.expect("a thread");
    address
}

/// Hands on what is said on a connection; `true`: the answer to its first request was lost.
fn hand_on(mut client: TcpStream, mut server: TcpStream, lost: &str, is_lost: bool) -> bool {
    let mut request = vec![0; 64 * 1024];
    let count = client.read(&mut request).unwrap_or_default();
    request.truncate(count);
    server.write_all(&request).expect("sent");
    let (mut from, mut to) = (
        client.try_clone().expect("a stream"),
        server.try_clone().expect("a stream"),
    );
    let rest = std::thread::Builder::new().spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    rest.expect("a thread");
    let mut answer = vec![0; 64 * 1024];
    if !is_lost && request.starts_with(lost.as_bytes()) {
        // The server has done it: it answers.
        assert!(server.read(&mut answer).expect("an answer") > 0);
        drop(client.shutdown(Shutdown::Both));
        return true;
    }
    drop(std::io::copy(&mut server, &mut client));
    drop(client.shutdown(Shutdown::Both));
    false
}

#[test]
fn a_submission_a_savepoint_a_stop_and_a_cancellation() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let asks_twice = |lost: &'static str, action: &[&str]| {
        let address = broken_line(server.port(), lost);
        let (name, rest) = action.split_first().expect("an action");
        let mut command = common::command(directory.path());
        command.args([*name, "-m", &address]).args(rest);
        let said = running::run(command);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        let note = "The connection to the server broke off. Asking again.";
        assert!(said.err.lines().any(|line| line == note), "{}", said.err);
        said.out
    };
    let program = [
        "ingest",
        "--job.name=orders",
        "--source.type=csv",
        "--source.path=in",
        "--sink.type=print",
    ];
    let submit = || {
        let out = asks_twice(
            "POST /jars/ingest/run",
            &[&["run", "-d"], &program[..]].concat(),
        );
        out.trim_end().rsplit(' ').next().expect("an id").to_owned()
    };
    let first = submit();
    let all = server.json(&["list", "-a"]);
    assert_eq!(all.as_array().map(Vec::len), Some(1), "{all}");
    assert_eq!(all[0]["jid"], first.as_str());
    asks_twice("POST /jobs/", &["savepoint", &first]);
    asks_twice("POST /jobs/", &["stop", &first]);
    let operations = server.json(&["operations", &first]);
    assert_eq!(operations.as_array().map(Vec::len), Some(2), "{operations}");

    let second = submit();
    let out = asks_twice("PATCH /jobs/", &["cancel", &second]);
    assert!(
        out.ends_with(&format!("Cancelled job {second}.\n")),
        "{out}"
    );
    server.await_status(&first, "FINISHED");
    server.await_status(&second, "CANCELED");
    server.end();
}
