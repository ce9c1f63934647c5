//! Documents are what the last rows of their ids say, whatever is killed: the job with SIGKILL at random moments, going on at
//! another parallelism each time, and the server in the middle of bulks. The index is compared with the truth document by document.

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::documents::{documents, load_with};
use crate::common::rounds::Rounds;
use crate::common::{Running, put, running};
use millstream_services::elasticsearch::{Elasticsearch, Server};
use serde_json::{Value, json};

const ROWS_EACH_ROUND: u64 = 2_000;
/// The latest moment of a kill: about as long as a round's rows take.
const LATEST_KILL_MS: u64 = 800;
/// Rows of a round change the documents of others: each id comes again and again, within a file and in later ones.
const IDS: u64 = 3_000;

fn id(row: u64) -> u64 {
    row.wrapping_mul(0x9e37_79b9) % IDS
}

fn rows(round: u64) -> String {
    let rows = round * ROWS_EACH_ROUND..(round + 1) * ROWS_EACH_ROUND;
    let rows: String = rows
        .map(|row| format!("{},{row},text {row}\n", id(row)))
        .collect();
    format!("id,row,text\n{rows}")
}

fn truth(rounds: u64) -> BTreeMap<String, Value> {
    let rows = 0..rounds * ROWS_EACH_ROUND;
    let all = rows.map(|row| {
        let id = id(row);
        (
            id.to_string(),
            json!({"id": id, "row": row, "text": format!("text {row}")}),
        )
    });
    all.collect()
}

fn kill_again_and_again(mut server: Elasticsearch, sync: &str, directory: &Path) {
    let job = |server: &Elasticsearch, parallelism: u64, resume: bool, more: &[&str]| {
        let sink = format!("--stream.sink.parallelism={parallelism}");
        let schema = r#"--stream.sql.schema.json={"id":"BigInt","row":"BigInt","text":"String"}"#;
        let own = [
            schema,
            &sink,
            "--sink.es.bulk.flush.max.actions=50",
            "--sink.es.bulk.flush.interval.ms=20",
            "--bulk.flush.backoff.retries=1000",
        ];
        let all = [&own[..], more].concat();
        let options: &[&str] = if resume { &["-s", "latest"] } else { &[] };
        load_with(directory, options, &server.address(), "numbers", sync, &all)
    };
    let mut rounds = Rounds::begin(5);
    for round in 0..rounds.count {
        put(directory, &format!("in/{round:03}.csv"), rows(round));
        let parallelism = rounds.next_parallelism(3);
        let watching = ["--source.watch.type=PROCESS_CONTINUOUSLY"];
        let mut running = Running::start(job(&server, parallelism, round > 0, &watching));
        running.await_log("Completed checkpoint");
        if round % 4 == 2 {
            server.kill();
            server.restart().expect("the same server");
        }
        let how = rounds.wait_below(LATEST_KILL_MS);
        let said = running.kill();
        println!("round {round}: killed at {how}");
        assert!(!said.err.contains("MS-70"), "round {round}: {}", said.err);
    }
    let said = running::run(job(&server, 2, true, &[]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let (found, truth) = (documents(&server, "numbers"), truth(rounds.count));
    let differs = truth
        .iter()
        .find(|(id, right)| found.get(*id) != Some(*right));
    let differs = differs.map(|(id, right)| (right, found.get(id)));
    assert_eq!((found.len(), differs), (truth.len(), None));
}

#[test]
fn where_documents_are_overwritten() {
    let place = tempfile::tempdir().expect("a directory");
    let server = Elasticsearch::start(Server::OpenSearch2).expect("a server");
    kill_again_and_again(server, "full", place.path());
}

#[test]
fn where_documents_have_a_type() {
    let place = tempfile::tempdir().expect("a directory");
    let server = Elasticsearch::start(Server::Elasticsearch6).expect("a server");
    kill_again_and_again(server, "full", place.path());
}

#[test]
fn where_documents_are_merged() {
    let place = tempfile::tempdir().expect("a directory");
    let server = Elasticsearch::start(Server::Elasticsearch7).expect("a server");
    kill_again_and_again(server, "incremental", place.path());
}
