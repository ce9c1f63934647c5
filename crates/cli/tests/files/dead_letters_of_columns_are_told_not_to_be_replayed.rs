//! Rows of files of columns are no records that could be read once more. A replay says so before anything is noted of it, so that
//! their letters stay open: they can be looked at and discarded.

use crate::common::remote::make_columns;
use crate::common::{ONCE, ingest, millstream_in, running};

#[test]
fn and_stay_open() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    make_columns(directory, "parquet", "in");
    let parameters = [
        ONCE,
        "--source.type=parquet",
        "--sink.type=file",
        "--sink.path=out",
        "--stream.sql.enable=true",
        "--stream.sql=select name, 10 / (cast(id as int) - 1) as share from t1",
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let said = running::run(ingest(directory, &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let ask = |arguments: &[&str]| {
        let all = [&["dead-letters", "-Dmillstream.data-dir=data"], arguments].concat();
        millstream_in(directory, &[], &all)
    };
    for more in [&["--dry-run"][..], &[]] {
        let refused = ask(&[&["replay", "job"], more].concat());
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        let error = refused.error();
        assert!(
            error.contains("dead letters of parquet are not replayed"),
            "{error}"
        );
    }
    let listed = ask(&["list", "job"]);
    let row = listed.out.lines().find(|line| line.starts_with("sql"));
    let open = row.and_then(|row| row.split_whitespace().nth(1));
    assert_eq!(open, Some("1"), "{}", listed.out);
    let discarded = ask(&["discard", "job", "--force"]);
    assert_eq!(discarded.out, "1 letter discarded.\n", "{}", discarded.err);
}
