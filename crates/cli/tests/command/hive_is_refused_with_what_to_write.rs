//! What can't be read of Hive is told before anything is asked, with what to write instead.

use crate::common::{millstream, refused};

/// The command line of a job that reads Hive, with further parameters.
fn job<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let least = [
        "run",
        "--target",
        "local",
        "-Dmillstream.data-dir=data",
        "ingest",
        "--source.type=jdbc",
        "--source.db.table=orders",
        "--sink.type=print",
    ];
    [&least[..], more].concat()
}

#[test]
fn addresses_that_hive_has_elsewhere() {
    for (url, beginning) in [
        (
            "thrift://hive:10000",
            "MS-1002: source.db.url can't be understood: it begins with thrift://, and addresses of HiveServer2 with jdbc:hive2://; \
             write HiveServer2's as jdbc:hive2://<host>:10000/<database>; ",
        ),
        (
            "http://hive:10001/cliservice",
            "MS-1002: source.db.url can't be understood: it begins with http://, and addresses of HiveServer2 with jdbc:hive2://; \
             write it as jdbc:hive2://<host>:<port>/<database>;transportMode=http;httpPath=<path> ",
        ),
    ] {
        refused(&job(&[&format!("--source.db.url={url}")]), beginning);
    }
}

#[test]
fn settings_of_an_address_that_would_be_passed_over() {
    for (settings, words) in [
        (
            "httpPath=x",
            "httpPath is given without transportMode=http; add ;transportMode=http",
        ),
        (
            "saslQop=auth",
            "saslQop is given without principal; add ;principal=",
        ),
    ] {
        let url = format!("--source.db.url=jdbc:hive2://127.0.0.1:1/d;{settings}");
        let beginning = format!("MS-1002: source.db.url can't be understood: {words}");
        refused(&job(&[&url]), &beginning);
    }
}

#[test]
fn bounds_that_are_the_wrong_way_round() {
    let more = [
        "--source.db.url=jdbc:hive2://127.0.0.1:1/d",
        "--source.db.partition.column=id",
        "--source.db.partition.lower-bound=100",
        "--source.db.partition.upper-bound=7",
    ];
    refused(
        &job(&more),
        "MS-6023: source.db.partition.lower-bound is `100`, which is above source.db.partition.upper-bound, `7`; ",
    );
}

/// Command lines of those who come from the CSP operator have both, and go on as they stand.
#[test]
fn a_table_beside_a_query_is_named_as_without_effect() {
    let more = [
        "--source.db.url=jdbc:hive2://127.0.0.1:1/d",
        "--source.db.sql=select 1 as a",
    ];
    let said = millstream(&job(&more));
    let words = "WARNING: given, but without effect here: source.db.table (source.db.sql wins)";
    assert!(said.err.lines().any(|line| line == words), "{}", said.err);
    assert!(said.error().starts_with("MS-6021: "), "{}", said.err);
}

#[test]
fn infer_asks_hive_and_names_what_it_is_not_told() {
    let url = "--source.db.url=jdbc:hive2://127.0.0.1:1/d";
    refused(
        &["infer", "orders", url],
        "MS-6021: HiveServer2 at jdbc:hive2://127.0.0.1:1/d: ",
    );
    refused(
        &["infer", "--source.db.table=orders", url],
        "MS-1004: `infer` is not told what to look at: it begins with --source.db.table; ",
    );
}
