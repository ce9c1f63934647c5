//! `info` shows what a job would do, as Flink does, without a server and without running it.

use std::path::Path;

use crate::common::running::{Said, run};
use crate::common::{CSV_TO_FILES, ONCE, command, millstream, put};

fn info(directory: &Path, options: &[&str], program: &[&str]) -> Said {
    let mut command = command(directory);
    command
        .arg("info")
        .args(options)
        .args(program)
        .args(["--source.path=in", "--job.name=job", ONCE])
        .args(CSV_TO_FILES);
    run(command)
}

#[test]
fn as_json_in_flinks_frame_and_bare() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let said = info(directory.path(), &["-p", "2"], &["ingest"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let framed = said
        .out
        .strip_prefix("----------------------- Execution Plan -----------------------\n")
        .expect(&said.out);
    let (plan, after) = framed
        .split_once("--------------------------------------------------------------\n")
        .expect(&said.out);
    assert_eq!(
        after,
        "\nReads files, Kafka or Hive, reshapes records with SQL, writes files, Kafka or Elasticsearch.\n"
    );
    let plan: serde_json::Value = serde_json::from_str(plan).expect(plan);
    let nodes = plan["nodes"].as_array().expect("nodes");
    assert_eq!(nodes[0]["pact"], "Data Source");
    assert_eq!(nodes[0]["parallelism"], 2);
    let last = nodes.last().expect("a sink");
    assert_eq!(last["pact"], "Data Sink");
    assert!(
        last["predecessors"][0]["ship_strategy"].is_string(),
        "{last}"
    );

    let said = info(directory.path(), &["-p", "2", "--json"], &["ingest"]);
    let bare: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(bare, plan);
    assert!(!directory.path().join("out").exists(), "nothing has run");
}

#[test]
fn as_a_drawing() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let said = info(directory.path(), &["--text"], &["ingest"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("\n[1] Source: "), "{}", said.out);
    assert!(said.out.contains(" ─▶ ["), "{}", said.out);
}

#[test]
fn of_a_package() {
    let test = std::env::current_exe().expect("the test's own path");
    let release = test.ancestors().nth(2).expect("target/release");
    let package = release.join("examples").join("stuck");
    assert!(package.exists(), "the example is built with the tests");
    let package = package.display().to_string();
    // Flink's scripts may name it by an option.
    for program in [&[package.as_str()][..], &["-j", &package]] {
        let said = millstream(&[&["info"], program].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.contains("\"contents\": \"Never\""), "{}", said.out);
        assert!(
            said.out.ends_with("\n\nSleeps for ever in an operator.\n"),
            "{}",
            said.out
        );
    }
}

#[test]
fn what_is_no_package_is_refused() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = info(directory.path(), &[], &["/bin/false"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(
        said.err
            .starts_with("MS-1011: /bin/false does not tell its plan; "),
        "{}",
        said.err
    );
    let said = info(directory.path(), &[], &["/bin/echo"]);
    assert!(
        said.err
            .starts_with("MS-1011: /bin/echo does not answer as a job package does"),
        "{}",
        said.err
    );
}
