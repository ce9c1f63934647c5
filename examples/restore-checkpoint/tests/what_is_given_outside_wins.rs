//! What stands on the command line wins over the program's code, also under an older key; what is wrong is told.

#[path = "../../../crates/cli/tests/common/running.rs"]
mod running;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use running::Running;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore-checkpoint"));
    command.args(arguments);
    command
}

#[test]
fn an_older_key_wins_over_the_restart_strategy_of_the_code() {
    let directory = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener
        .local_addr()
        .expect("an address")
        .port()
        .to_string();
    let data = format!("-Dmillstream.data-dir={}", directory.path().display());
    let arguments = [&data, "-D", "restart-strategy=none", "--port", &port];
    let job = Running::start(program(&arguments));
    let mut socket = listener.accept().expect("the source connects").0;
    writeln!(socket, "ERROR").expect("the source reads");
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
    assert!(said.error().starts_with("MS-2001: "), "{}", said.err);
}

#[test]
fn a_port_that_is_none_is_refused() {
    for port in ["70000", "-1", "many"] {
        let said = running::run(program(&[&format!("--port={port}")]));
        assert_eq!(said.code, Some(1), "{port}: {}", said.err);
        assert!(
            said.error().starts_with("MS-1002: ") && said.error().contains(port),
            "{port}: {}",
            said.err
        );
    }
}
