//! `doctor` checks what commands and server depend on, and says what to do about each thing that is wrong.

use std::fs;
use std::net::TcpListener;

use crate::common::running::run;
use crate::common::server::Server;
use crate::common::{command, millstream};

/// The findings about `check`.
fn of<'a>(findings: &'a serde_json::Value, check: &str) -> Vec<&'a serde_json::Value> {
    let findings = findings.as_array().expect("findings").iter();
    findings
        .filter(|finding| finding["check"] == check)
        .collect()
}

#[test]
fn nothing_where_a_server_runs() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let server = Server::started(directory.path(), &[]);
    let findings = server.json(&[
        "doctor",
        "-Dmillstream.data-dir=server",
        "-Dexecution.checkpointing.savepoint-dir=savepoints",
    ]);
    for finding in findings.as_array().expect("findings") {
        assert_eq!(finding["status"], "ok", "{finding}");
    }
    assert!(
        of(&findings, "server")[0]["detail"]
            .as_str()
            .is_some_and(|detail| detail.starts_with(server.address())),
        "{findings}"
    );
    server.end();
}

#[test]
fn each_thing_by_name() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let config = directory.path().join("config.yaml");
    fs::write(
        &config,
        "rest.port: 1\ntaskmanager.numberOfTaskSlots: 4\nexecution.checkpointing.dir: /proc/nowhere\n\
         state.savepoints.dir: gs://n/sp\n",
    )
    .expect("written");
    let mut doctor = command(directory.path());
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data"])
        .arg("--config")
        .arg(&config);
    let said = run(doctor);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let findings: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
    let expect = |check: &str, status: &str, text: &str| {
        let found = of(&findings, check);
        assert!(
            found.iter().any(|finding| finding["status"] == status
                && finding["detail"]
                    .as_str()
                    .is_some_and(|detail| detail.contains(text))),
            "{check}: {findings}"
        );
    };
    expect("configuration", "warning", "taskmanager.numberOfTaskSlots");
    expect("target", "ok", "remote");
    expect("data directory", "ok", "data can be made");
    expect("checkpoints", "failed", "MS-3008");
    expect("savepoints", "failed", "MS-3009");
    expect("server", "failed", "MS-1019");
}

#[test]
fn another_program_at_the_address() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = other.local_addr().expect("an address").port();
    // It hangs up on everybody.
    let hangs_up = std::thread::Builder::new().spawn(move || other.incoming().for_each(drop));
    hangs_up.expect("a thread");
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut doctor = command(directory.path());
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data"])
        .arg(format!("-Drest.port={port}"));
    let said = run(doctor);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let findings: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
    let port_in_use = &of(&findings, "port")[0];
    assert_eq!(port_in_use["status"], "failed", "{findings}");
    let detail = port_in_use["detail"].as_str().expect("a detail");
    assert!(
        detail.starts_with("MS-1009: no server can listen at "),
        "{detail}"
    );
    assert_eq!(
        port_in_use["help"],
        "end the other program, or set rest.port"
    );
}

#[test]
fn a_configuration_that_can_not_be_read_ends_it() {
    let said = millstream(&["doctor", "--config", "/nowhere/config.yaml"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    assert!(
        said.out.starts_with("failed  configuration  MS-1005: "),
        "{}",
        said.out
    );
}
