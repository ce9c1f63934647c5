//! Where a server is away, somebody may go on from its job by `-s latest`, and come to an end. The server, back again, does not
//! run that job behind what has been committed since: it fails and says who was there.

use crate::common::server::Server;
use crate::common::{command, lines, processes, put, running};

#[test]
fn behind_what_is_committed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let out = path.join("out");
    let checkpoints = format!(
        "-Dexecution.checkpointing.dir={}",
        path.join("checkpoints").display()
    );
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let parameters = [
        "ingest",
        "--job.name=job",
        "--source.path=in",
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--source.watch.interval=20",
        "--source.file.settle=0",
        "--sink.type=file",
        "--sink.path=out",
    ];
    let mut server = Server::new(path);
    server.start();
    let interval = "-Dexecution.checkpointing.interval=50 ms";
    let submit = [
        &["run", "-d", checkpoints.as_str(), interval][..],
        &parameters,
    ]
    .concat();
    let said = server.succeed(&submit);
    let job = said.trim().rsplit(' ').next().expect("an id").to_owned();
    server.await_that("output", || lines(&out).len() == 1);
    let processes = server.job_processes();
    server.kill();
    processes::kill_and_await(&processes);

    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let mut elsewhere = command(path);
    elsewhere
        .args([
            "run",
            "--target",
            "local",
            "-s",
            "latest",
            "-Dmillstream.data-dir=data",
        ])
        .args([checkpoints.as_str(), interval])
        .args(parameters)
        .arg("--source.watch.type=PROCESS_ONCE");
    let said = running::run(elsewhere);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&out).len(), 2);

    server.start();
    server.await_status(&job, "FAILED");
    let why = server.succeed(&["exceptions", &job]);
    assert!(
        why.contains("MS-3011") && why.contains("has gone on from"),
        "{why}"
    );
    assert_eq!(lines(&out).len(), 2, "nothing is written again");
    server.end();
}
