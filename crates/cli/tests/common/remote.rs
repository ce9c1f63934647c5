//! What tests of files in object stores and in HDFS share.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ONCE, ingest, millstream_in, put, running};

pub(crate) mod files;

/// Bytes of a file of [`people`].
const BYTES: u64 = 6_000_000;

/// What keeps the input and output of jobs, and their snapshots. A key is a path without a slash at its beginning.
pub(crate) trait Keeps {
    /// The URL of what lies below a key.
    fn url(&self, key: &str) -> String;
    /// The command that runs the ingestion job from files below a key to files below another one.
    fn job(
        &self,
        directory: &Path,
        places: (&str, &str),
        options: &[&str],
        parameters: &[&str],
    ) -> Command;
    /// What a server has to be told of it.
    fn options(&self) -> Vec<String>;
    /// Puts a file there.
    fn put(&self, key: &str, bytes: &[u8]);
    /// The content of a file.
    fn get(&self, key: &str) -> Vec<u8>;
    /// The keys of all files below one.
    fn keys(&self, below: &str) -> Vec<String>;
    /// The lines of all files below a key that are read, sorted.
    fn lines(&self, below: &str) -> Vec<String>;
    /// The URL of a place where nobody answers for what is there.
    fn away(&self) -> String;
    /// A URL that is none of a place.
    fn no_place(&self) -> String;
}

/// Waits until there are so many of what `count` tells.
#[track_caller]
#[allow(
    clippy::disallowed_methods,
    reason = "what is not of this machine tells nobody what is new"
)]
pub(crate) fn await_count(wanted: usize, count: impl Fn() -> usize) {
    let end = Instant::now() + running::PATIENCE;
    while count() < wanted {
        assert!(Instant::now() < end, "{wanted} do not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The first example of a page of the guide.
pub(crate) fn first_example(guide: &str) -> &str {
    let (_, rest) = guide.split_once("```sh\n").expect("an example");
    rest.split_once("```").expect("its end").0
}

/// A shell that runs `example` in `directory` as whoever has installed the command.
pub(crate) fn shell(directory: &Path, example: &str) -> Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_millstream")).parent();
    let programs = programs.expect("a directory").display();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("bash");
    super::environment::without_settings(&mut shell);
    shell
        .current_dir(directory)
        .args(["-ec", example])
        .env("HOME", directory)
        .env("PATH", format!("{programs}:{path}"));
    shell
}

/// Rows of people with ids from `first_id` on, kept in `input` as the truth: the file's name, its bytes, and the next id.
pub(crate) fn people(
    input: &Path,
    number: u64,
    seed: u64,
    first_id: u64,
) -> (String, Vec<u8>, u64) {
    let hidden = input.join(format!(".number-{number}"));
    let next = datagen::people::write_from(&hidden, BYTES, seed + number, 1, true, first_id);
    let name = format!("people-{number:03}.csv");
    let path = input.join(&name);
    fs::rename(hidden.join("people-000.csv"), &path).expect("a rename");
    fs::remove_dir(&hidden).expect("an empty directory");
    (
        name,
        fs::read(&path).expect("is there"),
        next.expect("data"),
    )
}

/// Parameters that send people through their query, in many splits and files.
pub(crate) fn of_people() -> [String; 6] {
    [
        "--stream.sql.enable=true".to_owned(),
        format!("--stream.sql={}", datagen::people::QUERY),
        "--stream.sql.schema=struct<id:BigInt,city:String,name:String,x:String,y:String,tags:String,amount:String>".to_owned(),
        "--source.split.size=1000000".to_owned(),
        "--sink.rolling.size=2000000".to_owned(),
        "--job.retry.backoffTimeMS=200".to_owned(),
    ]
}

/// Whether the files of these bytes, which go to the directory `output`, are what has to become of the people in `input`.
#[track_caller]
pub(crate) fn assert_of_people(
    input: &Path,
    output: &Path,
    written: impl Iterator<Item = Vec<u8>>,
) {
    fs::create_dir(output).expect("is made");
    for (number, bytes) in written.enumerate() {
        let name = format!("part-{number}.json");
        fs::write(output.join(name), bytes).expect("is written");
    }
    let outputs = [output.to_owned()];
    let is_whole = datagen::check::check(input, &outputs).expect("files");
    assert!(is_whole, "rows are missing, doubled or others");
}

/// Makes a file of columns of two rows at `to`.
pub(crate) fn make_columns(directory: &Path, format: &str, to: &str) {
    put(directory, "made/a.csv", "id,name\n1,n1\n2,n2\n");
    let (format, to) = (
        format!("--sink.format={format}"),
        format!("--sink.path={to}"),
    );
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.path=made",
        "--source.firstLine.schema=true",
        "--sink.type=file",
        &format,
        &to,
    ];
    let said = running::run(ingest(directory, &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
}

/// The input of [`assert_types_are_found`].
pub(crate) const TYPED: &str = "id,name\n7,Ann\n8,Bob\n";

/// That `millstream infer` finds out the types of [`TYPED`] at `what`, and prints a command that reads it there.
#[track_caller]
pub(crate) fn assert_types_are_found(
    directory: &Path,
    environment: &[(&str, &str)],
    options: &[String],
    what: &str,
) {
    let options = options.iter().map(String::as_str);
    let words: Vec<&str> = ["infer", "--json"]
        .into_iter()
        .chain(options)
        .chain([what])
        .collect();
    let said = millstream_in(directory, environment, &words);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let inferred: Value = serde_json::from_str(&said.out).expect("JSON");
    for (place, expected) in [("/columns/0/type", "Int"), ("/columns/1/type", "String")] {
        let found = inferred.pointer(place).and_then(Value::as_str);
        assert_eq!(found, Some(expected), "{inferred}");
    }
    let command = inferred
        .get("command")
        .map(Value::to_string)
        .unwrap_or_default();
    assert!(
        command.contains(&format!("--source.path={what}\"")),
        "{command}"
    );
}
