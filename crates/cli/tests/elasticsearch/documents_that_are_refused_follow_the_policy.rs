//! Documents that a server refuses fail the job, are skipped, or become dead letters with the field and both types, as
//! `error.policy` says, and are counted; what no document can be written into is told before the start.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::common::documents::{documents, load};
use crate::common::running::{Running, Said};
use crate::common::{command, lines, put, running};
use millstream_services::elasticsearch::{Elasticsearch, Server};
use serde_json::Value;

/// The server of the tests that run beside each other.
static SHARED: Mutex<Weak<Elasticsearch>> = Mutex::new(Weak::new());

fn server() -> Arc<Elasticsearch> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Elasticsearch::start(Server::Elasticsearch7).expect("a server");
        let server = Arc::new(server);
        *shared = Arc::downgrade(&server);
        server
    })
}

#[track_caller]
fn make(server: &Elasticsearch, index: &str, body: &str) {
    let made = server
        .ask("PUT", &format!("/{index}"), body)
        .expect("an answer");
    assert_eq!(made.status, 200, "{}", made.body);
}

/// Of 30 documents 3 have an amount that is no number, and one has no id.
fn rows(directory: &Path) {
    let row = |id: u32| match id % 10 {
        9 => format!("{id},many\n"),
        _ => format!("{id},{id}\n"),
    };
    let rows: String = (0..30).map(row).collect();
    put(directory, "in/a.csv", format!("id,amount\n{rows},5\n"));
}

fn run(directory: &Path, server: &Elasticsearch, index: &str, more: &[&str]) -> Said {
    running::run(load(directory, &server.address(), index, "full", more))
}

const NUMBERS: &str = r#"{"mappings":{"properties":{"amount":{"type":"long"}}}}"#;

#[test]
fn into_dead_letters_or_nowhere_or_the_job_fails() {
    let server = server();
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    make(&server, "letters", NUMBERS);
    rows(directory);
    let letters = [
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let said = run(directory, &server, "letters", &letters);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains("31 read = 27 written + 4 bad"),
        "{}",
        said.err
    );
    assert_eq!(documents(&server, "letters").len(), 27);
    let dead = lines(&directory.join("dead"));
    assert_eq!(dead.len(), 4, "{dead:#?}");
    let dead: Vec<Value> = dead
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let refused: Vec<&Value> = dead
        .iter()
        .filter(|letter| letter["code"] == "refused")
        .collect();
    assert_eq!(refused.len(), 3);
    for letter in refused {
        assert_eq!(letter["column"], "amount");
        assert!(
            letter["raw"]
                .as_str()
                .is_some_and(|raw| raw.ends_with("9,many")),
            "{letter}"
        );
        let error = letter["error"].as_str().unwrap_or_default();
        assert!(
            error.contains("the field amount is of type long, the column amount String"),
            "{error}"
        );
    }
    assert!(
        dead.iter()
            .any(|letter| letter["column"] == "id" && letter["raw"] == ",5")
    );

    make(&server, "skipped", NUMBERS);
    let said = run(
        directory,
        &server,
        "skipped",
        &["--error.policy=skip", "--stream.sink.parallelism=2"],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains("31 read = 27 written + 4 bad"),
        "{}",
        said.err
    );

    make(&server, "limited", NUMBERS);
    let said = run(
        directory,
        &server,
        "limited",
        &["--error.policy=skip", "--error.max.count=2"],
    );
    assert_eq!(said.code, Some(1));
    assert!(said.error().contains("(MS-6005)"), "{}", said.err);

    make(&server, "failed", NUMBERS);
    put(directory, "in/a.csv", "id,amount\n1,many\n");
    let said = run(directory, &server, "failed", &[]);
    assert_eq!(said.code, Some(1));
    let told = said.error();
    assert!(
        told.contains("(MS-7013)") && told.contains("of type long"),
        "{told}"
    );
}

#[test]
fn and_what_fits_no_document_is_told_before_the_first() {
    let server = server();
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id,amount\n1,true\n");
    let schema = r#"--stream.sql.schema.json={"id":"Int","amount":"Boolean"}"#;
    make(&server, "misfit", NUMBERS);
    let said = run(directory, &server, "misfit", &[schema]);
    assert_eq!(said.code, Some(1));
    let told = "MS-7012: index misfit can't take the columns: column amount of type Boolean and the field of type long";
    assert!(said.err.contains(told), "{}", said.err);
    let said = running::run(load(directory, &server.address(), "nowhere", "finite", &[]));
    assert!(
        said.err.contains("MS-7012: index nowhere is not there"),
        "{}",
        said.err
    );

    // The same for who asks before.
    let job = load(
        directory,
        &server.address(),
        "misfit",
        "full",
        &[schema, "--sink.es.username=me", "--sink.es.password=hush"],
    );
    let ingest: Vec<String> = job
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned())
        .skip_while(|argument| argument != "ingest")
        .collect();
    let mut doctor = command(directory);
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data"])
        .args(ingest);
    let said = running::run(doctor);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(!said.out.contains("hush"));
    for text in ["Elasticsearch 7.10.2", "without TLS", "do not go together"] {
        assert!(said.out.contains(text), "{text}: {}", said.out);
    }
}

#[test]
fn and_what_may_not_be_written_at_present_is_waited_for() {
    let server = server();
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\n2\n");
    make(&server, "blocked", "{}");
    let block = |on: &str| {
        let body = format!(r#"{{"index.blocks.read_only_allow_delete":{on}}}"#);
        let set = server
            .ask("PUT", "/blocked/_settings", &body)
            .expect("an answer");
        assert_eq!(set.status, 200, "{}", set.body);
    };
    block("true");
    let mut job = Running::start(load(directory, &server.address(), "blocked", "full", &[]));
    job.await_log("Elasticsearch refuses to be written: index [blocked] blocked");
    block("null");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(documents(&server, "blocked").len(), 2);

    make(&server, "closed", "{}");
    let closed = server.ask("POST", "/closed/_close", "").expect("an answer");
    assert_eq!(closed.status, 200, "{}", closed.body);
    let mut job = Running::start(load(directory, &server.address(), "closed", "full", &[]));
    job.await_log("Elasticsearch refuses to be written");
    server.ask("POST", "/closed/_open", "").expect("an answer");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let health = server
        .ask("GET", "/_cluster/health/closed?wait_for_status=yellow", "")
        .expect("an answer");
    assert_eq!(health.status, 200);
    assert_eq!(documents(&server, "closed").len(), 2);
}
