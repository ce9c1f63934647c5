//! The command that `millstream infer` prints for lines of JSON reads each field, whatever signs its name is made of.

use crate::common::{ONCE, command, lines, millstream_in, put, running};
use serde_json::{Value, json};

#[test]
fn whatever_stands_in_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let object = json!({
        "a']b\"]c": 1,
        "x','y": 2,
        "x\",\"y": 3,
        "back\\slash": 4,
        "a b": 5,
        "a.b[0]": 6,
        "größe": 7,
    });
    put(path, "in.json", format!("{object}\n"));
    let said = millstream_in(path, &[], &["infer", "--json", "in.json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let inferred: Value = serde_json::from_str(&said.out).expect("JSON");
    let words = inferred["command"].as_array().expect("words");
    let words = words.iter().map(|word| word.as_str().expect("text"));
    let mut run = command(path);
    run.args(["run", "--target", "local", "-Dmillstream.data-dir=data"]);
    // Behind `millstream run`.
    run.args(words.skip(2).map(|word| word.replace("DIRECTORY", "out")));
    run.arg(ONCE);
    let said = running::run(run);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let rows = lines(&path.join("out"));
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| serde_json::from_str(row).expect("JSON"))
        .collect();
    assert_eq!(rows, [object]);
}
