//! `--socket HOST:PORT`: lines are counted as they come, and the job ends with the connection.

#[path = "../../../crates/cli/tests/common/running.rs"]
mod running;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use running::Running;

fn word_count(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wordcount"));
    command.args(arguments);
    command
}

#[test]
fn as_they_come_until_the_connection_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let data = format!("-Dmillstream.data-dir={}", directory.path().display());
    let mut job = Running::start(word_count(&[&data, "--socket", &address]));
    let mut socket = listener.accept().expect("the source connects").0;
    for (line, expected) in [
        ("to be\n", &["(to,1)", "(be,1)"][..]),
        (
            "or\tnot to be\r\n",
            &["(or,1)", "(not,1)", "(to,2)", "(be,2)"],
        ),
        ("\n  \nGrüße Grüße\n", &["(Grüße,1)", "(Grüße,2)"]),
    ] {
        socket.write_all(line.as_bytes()).expect("the source reads");
        // Each line is counted before the next is sent.
        for expected in expected {
            assert_eq!(&job.await_print(), expected);
        }
    }
    socket.write_all(b"the end").expect("the source reads");
    drop(socket);
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.ends_with("(the,1)\n(end,1)\n"), "{}", said.out);
    assert!(
        said.err.contains("Job \"WordCount\" is FINISHED"),
        "{}",
        said.err
    );
}

#[test]
fn nobody_who_listens_is_said_with_the_address() {
    let directory = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let data = format!("-Dmillstream.data-dir={}", directory.path().display());
    let said = running::run(word_count(&[&data, "--socket", &address]));
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    let error = said.error();
    assert!(
        error.contains("MS-6007") && error.contains(&address),
        "{error}"
    );
}

#[test]
fn what_can_not_be_counted_is_told() {
    for (arguments, code, text) in [
        (&[][..], "MS-1003", "there is nothing to count"),
        (
            &["--input=words.txt", "--socket=localhost:9000"][..],
            "MS-1003",
            "--input and --socket are both given",
        ),
        (
            &["--socket=localhost"][..],
            "MS-1002",
            "--socket is `localhost`, which is not HOST:PORT",
        ),
        (
            &["--socket=localhost:70000"][..],
            "MS-1002",
            "--socket is `localhost:70000`, which is not HOST:PORT",
        ),
    ] {
        let said = running::run(word_count(arguments));
        assert_eq!(said.code, Some(1), "{arguments:?}");
        let expected = format!("{code}: {text}; ");
        assert!(said.error().starts_with(&expected), "{said:?}");
    }
}
