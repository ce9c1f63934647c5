//! The job that `docs/guide/elasticsearch.md` shows runs as it stands, with the index made by the body that it shows.

use crate::common::documents::documents;
use crate::common::{command, put, running};
use millstream_services::elasticsearch::{Elasticsearch, Server};
use serde_json::json;

/// The first example of a kind in the guide.
fn example(kind: &str) -> String {
    let guide = include_str!("../../../../docs/guide/elasticsearch.md");
    let (_, rest) = guide
        .split_once(&format!("```{kind}\n"))
        .expect("an example");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// The words of a command of the shell, as the guide writes it.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in text.replace("\\\n", " ").split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn its_job_runs_and_its_mapping_is_taken() {
    let server = Elasticsearch::start(Server::Elasticsearch7).expect("a server");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(
        directory,
        "orders/a.csv",
        "id,day,amount\n7,2024-02-29,1.5\n",
    );
    put(directory, "mapping.json", example("json"));
    let path = directory.join("orders").display().to_string();
    let all = words(&example("sh"));
    let all = all.iter().map(|word| {
        let word = word.replace("/data/orders", &path);
        // The second address is of nobody, and is not needed.
        word.replace(
            "es1:9200,es2:9200",
            &format!("{},127.0.0.1:1", server.address()),
        )
    });
    let mut job = command(directory);
    job.args(all.skip(1)).arg("--sink.es.mapping=mapping.json");
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let found = documents(&server, "orders");
    let document = json!({"id": 7, "day": "2024-02-29", "amount": 1.5, "version": 1_586_959_594});
    assert_eq!(found.get("7"), Some(&document), "{found:?}");
    let mapping = server
        .ask("GET", "/orders/_mapping", "")
        .expect("an answer");
    assert!(
        mapping.body.contains(r#""day":{"type":"date"}"#),
        "{}",
        mapping.body
    );
}
