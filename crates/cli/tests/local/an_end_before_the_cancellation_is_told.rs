//! A job that ends just as it is to be cancelled: the command tells the end that it had, and not that it was cancelled.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::common::{CSV_TO_FILES, Running, command, millstream, put};

/// A server with one job, which ends when it is asked to cancel it. Answers where it listens.
fn server_of_a_job_that_ends(cancelled: (u16, &'static str)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = std::thread::Builder::new().spawn(move || {
        let mut state = "RUNNING";
        for stream in listener.incoming().flatten() {
            answer(stream, cancelled, &mut state);
        }
    });
    server.expect("a thread");
    address
}

/// Answers the requests of one connection.
fn answer(stream: TcpStream, cancelled: (u16, &str), state: &mut &'static str) {
    let mut reader = BufReader::new(stream);
    loop {
        let Some((request, body)) = read(&mut reader) else {
            return;
        };
        let (code, answer) = match request.split(' ').next().unwrap_or_default() {
            "PATCH" => {
                *state = "FINISHED";
                (cancelled.0, cancelled.1.to_owned())
            }
            "POST" => {
                let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                let id = body.get("jobId").expect("an id of the command's choice");
                (200, format!("{{\"jobid\":{id}}}"))
            }
            _ => (
                200,
                format!(
                    "{{\"status\":\"{state}\",\"name\":\"n\",\"state\":\"{state}\",\"duration\":5,\"vertices\":[]}}"
                ),
            ),
        };
        let head = format!(
            "HTTP/1.1 {code} X\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let answer = [head, answer].concat();
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The first line and the body of a request; `None`: there is no more.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    reader
        .read_line(&mut first)
        .ok()
        .filter(|count| *count > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (name, value) = match line.trim().split_once(':') {
            Some(header) => header,
            None => break,
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}

const TOO_LATE: (u16, &str) = (
    409,
    "{\"errors\":[\"the job is FINISHED already\"],\"code\":\"MS-2004\",\"help\":\"\"}",
);

#[test]
fn by_cancel() {
    let address = server_of_a_job_that_ends((202, "{}"));
    let job = "f8cccb14cd33babade335fd60aefa9e4";
    let said = millstream(&["cancel", "-m", &address, job]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(!said.out.contains("Cancelled"), "{}", said.out);
    let wanted = format!("MS-2004: job {job} was FINISHED before it could be cancelled; ");
    assert!(said.err.starts_with(&wanted), "{}", said.err);
}

#[test]
fn by_a_run_that_is_interrupted() {
    let address = server_of_a_job_that_ends(TOO_LATE);
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let mut run = command(directory.path());
    run.args(["run", "-m", &address, "ingest", "--source.path=in"]);
    run.args(CSV_TO_FILES);
    let mut run = Running::start(run);
    run.await_log(" is RUNNING.");
    run.signal("INT");
    let said = run.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out.contains("Program execution finished\n"),
        "{}",
        said.out
    );
}
