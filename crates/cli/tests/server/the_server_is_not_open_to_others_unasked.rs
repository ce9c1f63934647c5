//! Off loopback the server wants a token, or to be told that it needs none.

use std::path::Path;

use crate::common::running::run;
use crate::common::{command, rest, server::Server};

/// Nobody may run anything at the server of the test, which other machines might reach.
const EVERYWHERE: [&str; 2] = ["-Drest.bind-address=0.0.0.0", "-Dweb.submit.enable=false"];

#[test]
fn without_a_token_it_does_not_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = command(directory.path());
    server
        .args(["server", "-Drest.port=0", "-Dmillstream.data-dir=server"])
        .args(EVERYWHERE);
    let said = run(server);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(
        said.err
            .starts_with("MS-1017: The server would listen at 0.0.0.0:"),
        "{}",
        said.err
    );
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert!(
        !directory.path().join("server").exists(),
        "it did something"
    );
}

#[test]
fn with_a_token_or_when_told_it_does() {
    for (options, expected) in [
        (["--insecure", "-Dparallelism.default=1"], 200),
        (["--config", "config.yaml"], 401),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(
            directory.path().join("config.yaml"),
            "rest.auth.token: x y z and so on, at length\n",
        )
        .expect("written");
        let mut server = start(directory.path(), &options);
        let (status, body) = rest::send(server.port(), "GET", "/overview", &[], b"");
        assert_eq!(status, expected, "{body}");
        server.suspend();
    }
}

fn start(directory: &Path, options: &[&str]) -> Server {
    Server::started(directory, &[&EVERYWHERE, options].concat())
}
