//! `restart --from latest` on a server that has been told of another directory of checkpoints since finds nothing there: the newest
//! snapshot of the job, which the server knows, is named.

use crate::common::lines;
use crate::common::server::{Server, first_file};

#[test]
fn and_can_be_gone_on_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    first_file(path);
    let mut server = Server::started(path, &[]);
    let job = server.submit("orders", &[]);
    server.await_that("output", || lines(&path.join("out")).len() == 1);
    let out = server.succeed(&["stop", "--savepointPath", "sp", &job]);
    let savepoint = out.split("Path: ").nth(1).expect(&out).trim().to_owned();
    server.suspend();
    let place = path.join("new").display().to_string();
    let option = format!("-Dexecution.checkpointing.dir={place}");
    server.options.push(option);
    server.start();

    let said = server.run(&["restart", "--from", "latest", &job]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(
        said.err
            .starts_with("MS-3001: no completed snapshot of job `orders` lies in "),
        "{}",
        said.err
    );
    let step = format!("its newest snapshot is {savepoint}: name that instead of `latest`");
    assert!(said.err.contains(&step), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);

    let said = server.succeed(&["restart", "--from", &savepoint, &job]);
    let again = said.trim().rsplit(' ').next().expect("an id");
    server.await_status(again, "RUNNING");
    server.end();
}
