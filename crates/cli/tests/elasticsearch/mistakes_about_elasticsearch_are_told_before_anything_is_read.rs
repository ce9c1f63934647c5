//! What is missing or contradictory among the parameters of a sink of Elasticsearch is told at the start, without asking any
//! server, and nothing that is secret with it.

use crate::common::{millstream, millstream_in, put};

fn told(parameters: &[&str]) -> String {
    let fixed = [
        "run",
        "ingest",
        "--source.type=csv",
        "--source.path=nowhere",
        "--source.watch.type=PROCESS_ONCE",
        "--sink.type=es",
    ];
    let said = millstream(&[&fixed[..], parameters].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    said.err
}

const WHOLE: [&str; 4] = [
    "--sink.es.server=es1",
    "--sink.es.index=orders",
    "--sink.es.sync.type=full",
    "--sink.es.unique.column=id",
];

#[test]
fn all_of_it_at_once() {
    let missing = told(&[]);
    for name in [
        "sink.es.server",
        "sink.es.index",
        "sink.es.sync.type",
        "sink.es.unique.column",
    ] {
        assert!(
            missing.contains(&format!("{name} is not given, with sink.type es")),
            "{missing}"
        );
    }
    for (parameters, why) in [
        (
            &["--sink.es.servers=es1"][..],
            "did you mean sink.es.server?",
        ),
        (
            &["--sink.es.sync.type=upsert"],
            "which is not one of incremental, finite, full",
        ),
        (&["--sink.es.index=Orders"], "in small letters"),
        (&["--sink.es.index=o-{day|ww}"], "none of yyyy"),
        (&["--sink.es.version=new"], "sink.es.version is `new`"),
        (
            &["--sink.es.proxy=http://proxy"],
            "servers are not reached by a proxy",
        ),
        (
            &["--sink.es.username=me"],
            "sink.es.username is given without sink.es.password",
        ),
        (
            &[
                "--sink.es.username=me",
                "--sink.es.password=p",
                "--sink.es.api-key=k",
            ],
            "are both given",
        ),
        (
            &["--sink.es.bulk.flush.interval.ms=0"],
            "sink.es.bulk.flush.interval.ms is 0",
        ),
        (
            &["--sink.es.delete.stale=true"],
            "sink.es.version is not given",
        ),
        (
            &[
                "--sink.es.delete.stale=true",
                "--sink.es.version=1",
                "--sink.es.sync.type=incremental",
            ],
            "sink.es.sync.type is not full",
        ),
        (
            &[
                "--sink.es.delete.stale=true",
                "--sink.es.version=1",
                "--source.watch.type=PROCESS_CONTINUOUSLY",
            ],
            "does not read what is there once",
        ),
        (
            &["--sink.es.mapping=m.json", "--sink.es.index=o-{city}"],
            "sink.es.index is not one index",
        ),
        (&["--sink.es.server=es1:x"], "has no port behind the colon"),
    ] {
        let said = told(&[&WHOLE[..], parameters].concat());
        assert!(said.contains(why), "{parameters:?}: {said}");
    }
    let said = told(&[&WHOLE[..], &["--sink.es.server=http://me:hush@es1"]].concat());
    assert!(
        said.contains("sink.es.username") && !said.contains("hush"),
        "{said}"
    );
}

#[test]
fn and_columns_that_do_not_fit() {
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id,version\n1,2\n");
    let run = |parameters: &[&str]| {
        let fixed = [
            "run",
            "--target=local",
            "ingest",
            "--source.type=csv",
            "--source.firstLine.schema=true",
            "--source.path=in",
            "--source.watch.type=PROCESS_ONCE",
            "--sink.type=es",
        ];
        let all = [&fixed[..], &WHOLE, parameters].concat();
        millstream_in(place.path(), &[], &all).err
    };
    let said = run(&["--sink.es.version=7"]);
    assert!(
        said.contains("MS-8001: the records have a column version"),
        "{said}"
    );
    let said = run(&["--sink.es.unique.column=number"]);
    assert!(
        said.contains("names the column number, and the columns are id, version"),
        "{said}"
    );
    let said = run(&["--sink.es.index=o-{city}"]);
    assert!(
        said.contains("sink.es.index names the column city"),
        "{said}"
    );
}
