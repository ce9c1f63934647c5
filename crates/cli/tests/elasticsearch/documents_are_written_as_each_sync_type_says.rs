//! Documents are inserted, merged and overwritten as `sink.es.sync.type` says, with the version and the types of the columns, in
//! Elasticsearch with types and without, and in OpenSearch.

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::documents::{documents, load, load_with, put_document};
use crate::common::running::Said;
use crate::common::{put, running};
use millstream_services::elasticsearch::{Elasticsearch, Server};
use serde_json::{Value, json};

const COLUMNS: &str = r#"--stream.sql.schema.json={"id":"Int","name":"String","amount":"BigInt"}"#;

#[track_caller]
fn run(directory: &Path, server: &Elasticsearch, index: &str, sync: &str, more: &[&str]) -> Said {
    let job = load(directory, &server.address(), index, sync, more);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{sync}: {}", said.err);
    said
}

fn expected<const N: usize>(documents: [(&str, Value); N]) -> BTreeMap<String, Value> {
    let documents = documents.map(|(id, document)| (id.to_owned(), document));
    documents.into_iter().collect()
}

/// `path`: what stands before the id in the path of a document, behind the index.
fn every_sync_type(server: &Elasticsearch, path: &str) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(
        directory,
        "in/a.csv",
        "id,name,amount\n1,a,10\n2,\"b \"\"q\"\"\\\",\n",
    );
    let version = "--sink.es.version=5";
    let old = json!({"name": "old", "more": true});

    put_document(server, &format!("/full/{path}/1"), &old);
    let said = run(
        directory,
        server,
        "full",
        "full",
        &[COLUMNS, version, "--sink.es.type=kind"],
    );
    assert!(said.err.contains("2 read = 2 written"), "{}", said.err);
    let full = expected([
        (
            "1",
            json!({"id": 1, "name": "a", "amount": 10, "version": 5}),
        ),
        (
            "2",
            json!({"id": 2, "name": "b \"q\"\\", "amount": null, "version": 5}),
        ),
    ]);
    assert_eq!(documents(server, "full"), full);
    // Once more it is the same.
    run(
        directory,
        server,
        "full",
        "full",
        &[
            COLUMNS,
            version,
            "--sink.es.type=kind",
            "--stream.sink.parallelism=3",
        ],
    );
    assert_eq!(documents(server, "full"), full);

    put_document(server, &format!("/merged/{path}/1"), &old);
    run(
        directory,
        server,
        "merged",
        "incremental",
        &[COLUMNS, version, "--sink.es.type=kind"],
    );
    let merged = expected([
        (
            "1",
            json!({"id": 1, "name": "a", "amount": 10, "version": 5, "more": true}),
        ),
        (
            "2",
            json!({"id": 2, "name": "b \"q\"\\", "amount": null, "version": 5}),
        ),
    ]);
    assert_eq!(documents(server, "merged"), merged);

    put_document(server, &format!("/finite/{path}/1"), &old);
    let said = run(
        directory,
        server,
        "finite",
        "finite",
        &[COLUMNS, "--sink.es.type=kind"],
    );
    assert!(
        said.err.contains("2 read = 1 written + 1 filtered"),
        "{}",
        said.err
    );
    let finite = expected([(
        "1",
        json!({"id": 1, "name": "a", "amount": 10, "more": true}),
    )]);
    assert_eq!(documents(server, "finite"), finite);
}

#[test]
fn in_elasticsearch_6_where_documents_have_a_type() {
    let server = Elasticsearch::start(Server::Elasticsearch6).expect("a server");
    every_sync_type(&server, "kind");
    types_are_those_of_indices(&server);
    types_are_those_of_what_is_found(&server);
    older_versions_are_removed(&server);
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id\n1\n");
    // An index has one type.
    let job = load(
        place.path(),
        &server.address(),
        "full",
        "full",
        &["--sink.es.type=other"],
    );
    let said = running::run(job);
    assert_eq!(said.code, Some(1));
    let told =
        "MS-7012: the type of index full is kind, and an index has one: other can't be written";
    assert!(said.err.contains(told), "{}", said.err);
}

/// Nobody says the type.
fn types_are_those_of_indices(server: &Elasticsearch) {
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id,name,amount\n1,a,10\n");
    put_document(server, "/told/parquet/1", &json!({"old": true}));
    let written = json!({"id": 1, "name": "a", "amount": 10});
    let merged = json!({"id": 1, "name": "a", "amount": 10, "old": true});
    for (index, sync, document) in [
        ("told", "incremental", &merged),
        ("told", "full", &written),
        ("new", "full", &written),
    ] {
        run(place.path(), server, index, sync, &[COLUMNS]);
        let document = document.clone();
        assert_eq!(documents(server, index), expected([("1", document)]));
    }
    let mapping = server.ask("GET", "/new/_mapping", "").expect("an answer");
    assert!(mapping.body.contains(r#"{"_doc":{"#), "{}", mapping.body);
}

/// Nobody says the type, and documents go to several indices.
fn types_are_those_of_what_is_found(server: &Elasticsearch) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id,name,amount\n1,a,10\n");
    let old = json!({"old": true});
    let merged = || {
        expected([(
            "1",
            json!({"id": 1, "name": "a", "amount": 10, "old": true}),
        )])
    };
    put_document(server, "/by-a/order/1", &old);
    run(directory, server, "by-{name}", "finite", &[COLUMNS]);
    assert_eq!(documents(server, "by-a"), merged());

    // The type of the index that an alias writes.
    put_document(server, "/this/order/1", &old);
    put_document(server, "/that/item/1", &old);
    let aliases = json!({"actions": [
        {"add": {"index": "this", "alias": "these", "is_write_index": true}},
        {"add": {"index": "that", "alias": "these"}},
    ]});
    let answer = server.ask("POST", "/_aliases", &aliases.to_string());
    assert_eq!(answer.expect("an answer").status, 200);
    run(directory, server, "these", "finite", &[COLUMNS]);
    assert_eq!(documents(server, "this"), merged());

    // Of two nobody knows which one is meant.
    put_document(server, "/by-b/item/1", &old);
    let refused = |more: &[&str]| {
        let address = server.address();
        let said = running::run(load(directory, &address, "by-{name}", "full", more));
        assert_eq!(said.code, Some(1), "{}", said.err);
        said.err
    };
    let said = refused(&[COLUMNS]);
    let told = "MS-7012: what is found by sink.es.index by-{name} has the types item, order, and sink.es.type does not say";
    assert!(said.contains(told), "{said}");
    // No document is at fault for a type that its index does not have.
    let said = refused(&[COLUMNS, "--sink.es.type=item", "--error.policy=skip"]);
    let told = "would have more than 1 type";
    assert!(said.contains("(MS-7012)") && said.contains(told), "{said}");
}

#[test]
fn in_elasticsearch_7_without_types() {
    let server = Elasticsearch::start(Server::Elasticsearch7).expect("a server");
    every_sync_type(&server, "_doc");
    older_versions_are_removed(&server);
    none_are_removed_by_a_name_of_several(&server);
    an_alias_that_is_not_written_is_refused(&server);
    types_of_columns(&server);
    indices_by_pattern(&server);
}

#[test]
fn in_opensearch() {
    let server = Elasticsearch::start(Server::OpenSearch2).expect("a server");
    every_sync_type(&server, "_doc");
    older_versions_are_removed(&server);
    none_are_removed_by_a_name_of_several(&server);
    an_alias_that_is_not_written_is_refused(&server);
    a_data_stream_is_refused(&server);
}

fn types_of_columns(server: &Elasticsearch) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(
        directory,
        "in/a.csv",
        "id,ok,ratio,day,time,tags\n7,true,0.5,2024-02-29,2024-02-29 12:34:56.789,t1|t2\n",
    );
    put(
        directory,
        "mapping.json",
        r#"{"properties":{"day":{"type":"date"},"time":{"type":"date"},"tags":{"type":"keyword"},"ratio":{"type":"double"}}}"#,
    );
    let schema = r#"--stream.sql.schema.json={"id":"BigInt","ok":"Boolean","ratio":"Double","day":"Date","time":"Timestamp","tags":"String"}"#;
    let more = [
        schema,
        "--stream.sql.enable=true",
        "--stream.sql=select id, ok, ratio, day, time, arraySplit(tags, '|') as tags from t1",
        "--sink.es.mapping=mapping.json",
        "--sink.es.gzip=true",
        "--sink.merge.enable=true",
        "--sink.merge.exclude.fields=id,day,time,tags,ratio",
    ];
    run(directory, server, "types", "full", &more);
    let document = json!({
        "id": 7, "feas": {"ok": true}, "ratio": 0.5, "day": "2024-02-29", "time": "2024-02-29T12:34:56.789Z",
        "tags": ["t1", "t2"]
    });
    assert_eq!(documents(server, "types"), expected([("7", document)]));
    // The fields are what the file says: times are found as times.
    let query = r#"{"query":{"range":{"time":{"gte":"2024-02-29T12:34:56.789Z","lte":"2024-02-29T12:34:56.789Z"}}}}"#;
    let found = server
        .ask("POST", "/types/_count", query)
        .expect("an answer");
    assert!(found.body.contains(r#""count":1"#), "{}", found.body);
}

fn indices_by_pattern(server: &Elasticsearch) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(
        directory,
        "in/a.csv",
        "id,day,city\n1,2024-02-29,rome\n2,2024-03-01,oslo\n",
    );
    let schema = r#"--stream.sql.schema.json={"id":"BigInt","day":"Date","city":"String"}"#;
    let unique = "--sink.es.unique.column=id,city";
    run(
        directory,
        server,
        "by-{city}-{day|yyyy.MM}",
        "full",
        &[schema, unique],
    );
    let rome = json!({"id": 1, "day": "2024-02-29", "city": "rome"});
    assert_eq!(
        documents(server, "by-rome-2024.02"),
        expected([("1:rome", rome)])
    );
    let oslo = json!({"id": 2, "day": "2024-03-01", "city": "oslo"});
    assert_eq!(
        documents(server, "by-oslo-2024.03"),
        expected([("2:oslo", oslo)])
    );
}

fn older_versions_are_removed(server: &Elasticsearch) {
    for (version, ids) in [(1, [1, 2, 3]), (2, [2, 3, 4])] {
        let place = tempfile::tempdir().expect("a directory");
        let rows: String = ids.iter().map(|id| format!("{id},n{id}\n")).collect();
        put(place.path(), "in/a.csv", format!("id,name\n{rows}"));
        let version = format!("--sink.es.version={version}");
        let more = [
            version.as_str(),
            "--sink.es.delete.stale=true",
            "--stream.sink.parallelism=2",
        ];
        let said = run(place.path(), server, "stale", "full", &more);
        if version.ends_with('2') {
            let told = "Removing 1 documents of versions before 2 from index stale";
            assert!(said.err.contains(told), "{}", said.err);
        }
    }
    let found = documents(server, "stale");
    let ids: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(ids, ["2", "3", "4"]);
    assert!(found.values().all(|document| document["version"] == 2));

    // Who only looks is told how many there are.
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id,name\n4,n4\n");
    let more = ["--sink.es.version=3", "--sink.es.delete.stale=true"];
    let look = load_with(
        place.path(),
        &["--dry-run"],
        &server.address(),
        "stale",
        "full",
        &more,
    );
    let said = running::run(look);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "3 documents of older versions are in index stale now";
    assert!(said.err.contains(told), "{}", said.err);
    assert_eq!(documents(server, "stale"), found);
}

/// A name that stands for several indices: those that the job does not write hold older versions as well.
fn none_are_removed_by_a_name_of_several(server: &Elasticsearch) {
    put_document(server, "/kept/_doc/1", &json!({"id": 1, "version": 1}));
    put_document(server, "/written/_doc/1", &json!({"id": 1, "version": 1}));
    let aliases = json!({"actions": [
        {"add": {"index": "kept", "alias": "both"}},
        {"add": {"index": "written", "alias": "both", "is_write_index": true}},
    ]});
    let answer = server.ask("POST", "/_aliases", &aliases.to_string());
    assert_eq!(answer.expect("an answer").status, 200);
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id\n2\n");
    let address = server.address();
    let job = |more: &[&str]| {
        let more = [&["--sink.es.version=2"][..], more].concat();
        running::run(load(place.path(), &address, "both", "full", &more))
    };
    let said = job(&["--sink.es.delete.stale=true"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = "MS-7012: sink.es.index both stands for several indices";
    assert!(said.err.contains(told), "{}", said.err);
    let said = job(&[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(documents(server, "kept").len(), 1);
    assert_eq!(documents(server, "written").len(), 2);
}

/// How a job fails that may leave bad records out.
fn refused_by(server: &Elasticsearch, index: &str) -> String {
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id\n2\n");
    let skip = ["--error.policy=skip"];
    let job = load(place.path(), &server.address(), index, "full", &skip);
    let said = running::run(job);
    assert_eq!(said.code, Some(1), "{}", said.err);
    said.err
}

fn an_alias_that_is_not_written_is_refused(server: &Elasticsearch) {
    put_document(server, "/one/_doc/1", &json!({"id": 1}));
    put_document(server, "/other/_doc/1", &json!({"id": 1}));
    let aliases = json!({"actions": [
        {"add": {"index": "one", "alias": "unwritten"}},
        {"add": {"index": "other", "alias": "unwritten"}},
    ]});
    let answer = server.ask("POST", "/_aliases", &aliases.to_string());
    assert_eq!(answer.expect("an answer").status, 200);
    let said = refused_by(server, "unwritten");
    let told = "MS-7012: sink.es.index unwritten is an alias, and none of its indices is the one that is written";
    assert!(said.contains(told), "{said}");
}

fn a_data_stream_is_refused(server: &Elasticsearch) {
    let template = r#"{"index_patterns":["stream-*"],"data_stream":{}}"#;
    for (path, body) in [
        ("/_index_template/streams", template),
        ("/_data_stream/stream-old", ""),
    ] {
        let answer = server.ask("PUT", path, body).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let said = refused_by(server, "stream-old");
    let told = "MS-7012: sink.es.index stream-old stands for a data stream";
    assert!(said.contains(told), "{said}");
    // This one is made with the first document.
    let said = refused_by(server, "stream-new");
    let told = "only write ops with an op_type of create are allowed";
    assert!(said.contains("(MS-7012)") && said.contains(told), "{said}");
}
