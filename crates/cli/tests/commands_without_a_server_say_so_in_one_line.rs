//! Where no server answers, every action says so at once: what, where, what to do.

mod common;

use std::net::TcpListener;

use common::{millstream, put};

/// An address on which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    address.to_string()
}

#[test]
fn whatever_is_asked() {
    let address = nobody();
    let id = "f8cccb14cd33babade335fd60aefa9e4";
    for arguments in [
        &["list"][..],
        &["savepoint", id],
        &["savepoint", "-dispose", "/sp"],
        &["checkpoint", id],
        &["stop", id],
        &["cancel", id],
        &["cancel", "-s", "/sp", id],
        &["logs", id],
        &["exceptions", id],
        &["checkpoints", id],
        &["operations"],
        &["restart", id],
        &["list", "--watch"],
        &["stop", "orders"],
    ] {
        let said = millstream(&[arguments, &["-m", &address]].concat());
        let expected = format!(
            "MS-1019: no server at {address} (connection refused); start one with `millstream server`, or give its address \
             with -m HOST:PORT\n"
        );
        assert_eq!((said.code, said.err), (Some(1), expected), "{arguments:?}");
    }
}

#[test]
fn a_job_that_is_to_run_there() {
    let address = nobody();
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "a\n");
    let mut command = common::command(directory.path());
    command
        .args(["run", "-m", &address, "ingest", "--source.type=csv"])
        .args(["--source.path=in", "--sink.type=print"]);
    let said = common::running::run(command);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let last = said.error();
    assert!(
        last.starts_with(&format!("MS-1019: no server at {address} ")),
        "{}",
        said.err
    );
}

#[test]
fn as_json_too() {
    let address = nobody();
    let said = millstream(&["list", "--json", "-m", &address]);
    assert_eq!(said.code, Some(1));
    let answer: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(answer["error"]["code"], "MS-1019", "{answer}");
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|message| message.contains(&address)),
        "{answer}"
    );
    assert_eq!(said.err.lines().count(), 1);
}

#[test]
fn another_program_at_the_address_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = std::thread::Builder::new().spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = [0; 4096];
        let count = stream.read(&mut request).expect("a request");
        assert!(count > 0);
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnope";
        stream.write_all(answer.as_bytes()).expect("written");
    });
    let said = millstream(&["list", "-m", &address]);
    server
        .expect("a thread")
        .join()
        .expect("the server was asked");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.starts_with(&format!(
            "MS-1020: what answers /jobs/overview at {address} is not a Millstream server of this version (status 404)"
        )),
        "{}",
        said.err
    );
}
