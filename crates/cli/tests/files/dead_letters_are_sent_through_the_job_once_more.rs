//! `millstream dead-letters replay` sends what was set aside through the job as it was run last, and marks it: a second replay
//! does nothing for the same letters. What fails again is set aside again, with the place that it had.

use std::path::Path;

use crate::common::{ONCE, Said, ingest, lines, millstream_in, put, running};

const DATA: &str = "-Dmillstream.data-dir=data";

fn letters(directory: &Path, arguments: &[&str]) -> Said {
    let all = [&["dead-letters", DATA], arguments].concat();
    millstream_in(directory, &[], &all)
}

#[track_caller]
fn done(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{}", said.err);
    &said.out
}

fn run(directory: &Path, schema: &str, sql: &str) {
    let schema = format!("--stream.sql.schema={schema}");
    let sql = format!("--stream.sql={sql}");
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.type=file",
        "--sink.path=out",
        "--stream.sql.enable=true",
        &schema,
        &sql,
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let said = running::run(ingest(directory, &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn what_is_mended_is_in_the_output_once() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(
        directory,
        "in/a.csv",
        "id,price\n1,10\n2,two,x\n4,free\n5,0\n3,\"open\n",
    );
    let sql = "select id, 100 / price as share from t1";
    run(directory, "struct<id:Int,price:Int>", sql);
    let out = directory.join("out");
    assert_eq!(lines(&out).len(), 1);
    let said = letters(directory, &["list", "job"]);
    let told = done(&said);
    assert!(told.starts_with("Dead letters of job in "), "{told}");
    for code in ["columns", "quotes", "value", "sql"] {
        let row = told.lines().find(|line| line.starts_with(code));
        let row = row.unwrap_or_else(|| unreachable!("{code}: {told}"));
        let open = row.split_whitespace().nth(1);
        assert_eq!(open, Some("1"), "{row}");
    }
    let before = lines(&directory.join("dead")).len();

    // The job is mended.
    std::fs::remove_file(directory.join("in/a.csv")).expect("removed");
    put(directory, "in/b.csv", "id,price\n9,1\n");
    let sql = "select id, case when price = '0' then 0 else 1 end as share from t1";
    run(directory, "struct<id:Int,price:String>", sql);
    let good = lines(&out);
    let dry = letters(directory, &["replay", "job", "--code", "sql", "--dry-run"]);
    assert_eq!(done(&dry), "1 letter would be replayed.\n");
    assert_eq!(lines(&out), good);
    let said = letters(directory, &["replay", "job", "--code", "sql"]);
    assert_eq!(done(&said), "1 letter replayed.\n", "{}", said.err);
    assert!(said.err.contains("1 read = 1 written"), "{}", said.err);
    let mended = r#"{"id":5,"share":0}"#;
    let count = |lines: &[String]| lines.iter().filter(|line| *line == mended).count();
    assert_eq!(lines(&out).len(), good.len() + 1);
    assert_eq!(count(&lines(&out)), 1);
    let again = letters(directory, &["replay", "job", "--code", "sql"]);
    assert_eq!(done(&again), "Nothing to replay.\n");
    assert_eq!(count(&lines(&out)), 1);

    // Two columns too many stay what they are.
    let said = letters(directory, &["replay", "job", "--code", "columns"]);
    assert_eq!(
        done(&said),
        "1 letter replayed: 0 went through, 1 failed again.\n"
    );
    assert!(
        said.err.contains("1 read = 0 written + 1 bad"),
        "{}",
        said.err
    );
    let dead = lines(&directory.join("dead"));
    assert_eq!(dead.len(), before + 1);
    let same: Vec<&String> = dead
        .iter()
        .filter(|line| line.contains("2,two,x"))
        .collect();
    assert_eq!(same.len(), 2);
    for letter in same {
        assert!(
            letter.contains("in/a.csv\",\"line\":3,\"offset\":14"),
            "{letter}"
        );
        assert!(letter.contains(r#""code":"columns""#), "{letter}");
        assert!(letter.contains(r#""job":"job""#), "{letter}");
    }
    let said = letters(directory, &["list", "job", "--json"]);
    let groups: serde_json::Value = serde_json::from_str(done(&said)).expect("JSON");
    let columns = groups
        .as_array()
        .and_then(|groups| groups.iter().find(|group| group["code"] == "columns"))
        .expect("the group");
    assert_eq!(
        (&columns["open"], &columns["replayed"]),
        (&1.into(), &1.into())
    );
}
