//! What a request to run a job becomes.

use millstream_core::Configuration;
use serde_json::{Value, json};

use super::{JarRunRequestBody, run_request};
use crate::rest::body::Body;
use crate::rest::errors::Answer;
use crate::rest::params::Params;
use crate::views::SubmitRequest;

fn request(query: &[(&str, &str)], body: Value) -> Answer<SubmitRequest> {
    let body: JarRunRequestBody = serde_json::from_value(body).expect("a body");
    let params = Params::for_test(&[("jarid", "ingest")], query);
    run_request(&params, Ok(Body(body))).by_itself()
}

fn settings(pairs: &[(&str, &str)]) -> Configuration {
    let mut configuration = Configuration::new();
    for (key, value) in pairs {
        configuration.set(*key, *value);
    }
    configuration
}

#[test]
fn the_body_of_the_seed_is_a_submission() {
    let request = request(
        &[],
        json!({
            "entryClass": "com._4paradigm.csp.operator.Main",
            "parallelism": null,
            "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --stream.sql 'select * from t1'",
            "savepointPath": "hdfs://m7-common-cdh02:8020/tmp/savepoint-9575d7-e16e4fdad26c",
            "allowNonRestoredState": null
        }),
    )
    .expect("a submission");
    assert_eq!(request.package, "ingest");
    assert_eq!(
        request.entry.as_deref(),
        Some("com._4paradigm.csp.operator.Main")
    );
    assert_eq!(
        request.arguments,
        [
            "--source.type",
            "csv",
            "--source.path",
            "hdfs://m7-common-cdh02:8020/user/liyihui/csv",
            "--stream.sql",
            "select * from t1"
        ]
    );
    let path = "hdfs://m7-common-cdh02:8020/tmp/savepoint-9575d7-e16e4fdad26c";
    assert_eq!(
        request.configuration,
        settings(&[("execution.state-recovery.path", path)])
    );
}

#[test]
fn what_the_body_says_wins_over_the_query() {
    let query = [
        ("entry-class", "a.Query"),
        ("programArg", "--a,1"),
        ("parallelism", "3"),
        ("savepointPath", "/query"),
        ("allowNonRestoredState", "true"),
    ];
    let of_query = request(&query, json!({})).expect("a submission");
    assert_eq!(of_query.entry.as_deref(), Some("a.Query"));
    assert_eq!(of_query.arguments, ["--a", "1"]);
    let expected = settings(&[
        ("parallelism.default", "3"),
        ("execution.state-recovery.path", "/query"),
        ("execution.state-recovery.ignore-unclaimed-state", "true"),
    ]);
    assert_eq!(of_query.configuration, expected);

    let body = json!({
        "entryClass": "a.Body", "programArgsList": ["--b", "x y"], "parallelism": 2, "savepointPath": "/body",
        "allowNonRestoredState": false, "claimMode": "CLAIM",
        "flinkConfiguration": {"parallelism.default": "9", "pipeline.name": "n"}
    });
    let of_body = request(&query, body).expect("a submission");
    assert_eq!(of_body.entry.as_deref(), Some("a.Body"));
    assert_eq!(of_body.arguments, ["--b", "x y"]);
    let expected = settings(&[
        ("parallelism.default", "2"),
        ("pipeline.name", "n"),
        ("execution.state-recovery.path", "/body"),
        ("execution.state-recovery.ignore-unclaimed-state", "false"),
        ("execution.state-recovery.claim-mode", "CLAIM"),
    ]);
    assert_eq!(of_body.configuration, expected);
}

#[test]
fn contradictions_and_numbers_out_of_range_are_refused() {
    let refused = [
        (
            vec![],
            json!({"programArgs": "--a 1", "programArgsList": ["--a", "1"]}),
        ),
        (vec![], json!({"parallelism": 0})),
        (vec![], json!({"parallelism": -1})),
        (vec![("parallelism", "many")], json!({})),
        (vec![("allowNonRestoredState", "yes")], json!({})),
        (
            vec![("program-args", "--a 1"), ("programArg", "--a,1")],
            json!({}),
        ),
    ];
    for (query, body) in refused {
        assert!(request(&query, body.clone()).is_err(), "{query:?} {body}");
    }
}

#[test]
fn an_id_or_mode_that_is_none_is_no_body() {
    for body in [
        json!({"jobId": "zz"}),
        json!({"claimMode": "MINE"}),
        json!({"parallelism": "2"}),
    ] {
        let read = serde_json::from_value::<JarRunRequestBody>(body.clone());
        assert!(read.is_err(), "{body}");
    }
}

#[test]
fn a_job_has_the_id_of_its_application() {
    let (one, two) = ("11".repeat(16), "22".repeat(16));
    let id = |body| request(&[], body).expect("a submission").job;
    let wanted = id(json!({"jobId": one}));
    assert!(wanted.is_some());
    assert_eq!(id(json!({"applicationId": one})), wanted);
    assert_eq!(id(json!({"applicationId": one, "jobId": one})), wanted);
    let error = request(&[], json!({"applicationId": one, "jobId": two}));
    let error = format!("{:?}", error.expect_err("they differ"));
    assert!(error.contains("applicationId is 1111"), "{error}");
}
