//! Where no server answers, every action says so at once: what, where, what to do.

use crate::common;

use std::net::TcpListener;

use crate::common::{millstream, put};

/// An address on which nobody listens: only root may, at a port that nobody uses any more.
const NOBODY: &str = "127.0.0.1:1";

#[test]
fn whatever_is_asked() {
    let address = NOBODY;
    let id = "f8cccb14cd33babade335fd60aefa9e4";
    // Where Flink has words for what could not be done, they stand before the reason.
    let savepoint = format!("Failed to trigger a savepoint for the job {id}: ");
    let checkpoint = format!("Failed to trigger a checkpoint for the job {id}: ");
    let stop = format!("Could not stop with a savepoint job \"{id}\": ");
    let cancel = format!("Could not cancel job {id}: ");
    for (arguments, words) in [
        (&["list"][..], "Failed to retrieve job list: "),
        (&["savepoint", id], savepoint.as_str()),
        (
            &["savepoint", "-dispose", "/sp"],
            "Failed to dispose the savepoint '/sp': ",
        ),
        (&["checkpoint", id], &checkpoint),
        (&["stop", id], &stop),
        (&["stop", "--detached", id], &stop),
        (&["cancel", id], &cancel),
        (&["cancel", "-s", "/sp", id], &cancel),
        (&["logs", id], ""),
        (&["exceptions", id], ""),
        (&["checkpoints", id], ""),
        (&["operations"], ""),
        (&["restart", id], ""),
        (&["list", "--watch"], "Failed to retrieve job list: "),
        (&["stop", "orders"], ""),
    ] {
        let said = millstream(&[arguments, &["-m", address]].concat());
        let expected = format!(
            "MS-1019: {words}no server at {address} (connection refused); start one with `millstream server`, give its address \
             with -m HOST:PORT, or run a job without one (`run --target local`) (millstream explain MS-1019)\n"
        );
        assert_eq!((said.code, said.err), (Some(1), expected), "{arguments:?}");
    }
}

#[test]
fn a_job_that_is_to_run_there() {
    let address = NOBODY;
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "a\n");
    let mut command = common::command(directory.path());
    command
        .args(["run", "-m", address, "ingest", "--source.type=csv"])
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
    let address = NOBODY;
    let said = millstream(&["list", "--json", "-m", address]);
    assert_eq!(said.code, Some(1));
    let answer: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(answer["error"]["code"], "MS-1019", "{answer}");
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|message| message.contains(address)),
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
            "MS-1020: Failed to retrieve job list: what answers /jobs/overview at {address} is not a Millstream server of this version (status 404)"
        )),
        "{}",
        said.err
    );
}
