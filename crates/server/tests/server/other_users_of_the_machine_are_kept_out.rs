//! Without a token, programs of the server's user and of root are answered, and those of no other user of the machine. With a
//! token it does not matter whose program has it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::common::Server;

/// A user that nobody is.
const NOBODY: u32 = 65_534;

/// Asks as a program of `user`, and answers the status and the whole answer; `None`: this test may not do that, and says so.
fn answer_to(user: u32, server: &Server, path: &str, header: &str) -> Option<(u16, String)> {
    let port = server.port();
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET {path} HTTP/1.0\\r\\nhost: localhost\\r\\n{header}\\r\\n' >&3 && timeout 120 cat <&3"
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir("/");
    if user != rustix::process::geteuid().as_raw() {
        command.uid(user).gid(user);
    }
    let said = match command.output() {
        Ok(said) => said,
        Err(refused) if refused.kind() == std::io::ErrorKind::PermissionDenied => {
            eprintln!(
                "NOT TRIED: only root may run a program as user {user}, which asks for {path}"
            );
            return None;
        }
        Err(error) => unreachable!("{error}"),
    };
    let answer = String::from_utf8_lossy(&said.stdout).into_owned();
    let status = answer.split(' ').nth(1).map(str::parse);
    let Some(Ok(status)) = status else {
        unreachable!("{said:?}")
    };
    Some((status, answer))
}

/// The status alone.
fn ask_as(user: u32, server: &Server, path: &str, header: &str) -> Option<u16> {
    answer_to(user, server, path, header).map(|(status, _)| status)
}

#[test]
fn they_are_told_how_to_get_in_and_get_nothing() {
    let server = Server::start(&[]);
    let own = rustix::process::geteuid().as_raw();
    assert_eq!(ask_as(own, &server, "/overview", ""), Some(200));
    assert_eq!(ask_as(own, &server, "/jars/ingest/plan", ""), Some(400));
    if own == 0 {
        // Clients that say what they are, and Flink's, which does not.
        for (path, header) in [
            ("/overview", ""),
            ("/jars/ingest/plan", "user-agent: test\\r\\n"),
            ("/metrics", ""),
            ("/nope", "user-agent: test\\r\\n"),
        ] {
            let (status, answer) = answer_to(NOBODY, &server, path, header).expect("root may");
            assert_eq!(status, 401, "{path}: {answer}");
            for way_in in ["rest.auth.token", "--insecure"] {
                assert!(answer.contains(way_in), "{path}: {answer}");
            }
        }
        let token = "authorization: Bearer of some length\\r\\n";
        assert_eq!(ask_as(NOBODY, &server, "/jobs", token), Some(401));
        for path in ["/healthz", "/readyz"] {
            assert_eq!(ask_as(NOBODY, &server, path, ""), Some(200), "{path}");
        }
    } else {
        eprintln!("NOT TRIED: only root may run programs of other users, which are kept out");
    }
    server.end();
}

#[test]
fn with_a_token_they_are_answered() {
    let server = Server::start(&[("rest.auth.token", "0123456789abcdef")]);
    let token = "authorization: Bearer 0123456789abcdef\\r\\n";
    for user in [rustix::process::geteuid().as_raw(), NOBODY] {
        assert_eq!(ask_as(user, &server, "/jobs", token).unwrap_or(200), 200);
        assert_eq!(ask_as(user, &server, "/jobs", "").unwrap_or(401), 401);
    }
    server.end();
}

#[test]
fn whoever_starts_it_may_let_them_in() {
    let server = Server::start_insecure(&[]);
    assert_eq!(ask_as(NOBODY, &server, "/jobs", "").unwrap_or(200), 200);
    server.end();
}
