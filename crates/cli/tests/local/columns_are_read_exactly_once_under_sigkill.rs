//! Parquet and ORC through SQL under SIGKILL at random moments, gone on from the newest checkpoint at another parallelism each
//! time: every record is written exactly once, and the numbers close, also those of rows that were never read because the
//! files say what is in them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::common::running::Running;
use crate::common::{ONCE, ingest, lines};
use arrow::array::{Int64Array, RecordBatch, StringArray};
use datagen::random::Random;
use orc_rust::ArrowWriterBuilder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

const ROUNDS: i64 = 5;
const ROWS: i64 = 200_000;
/// Rows of a row group or stripe.
const GROUP: i64 = 4_000;
/// The latest moment of a kill behind the first checkpoints, in milliseconds.
const LATEST_KILL: u64 = 60;

fn rows(from: i64, to: i64) -> RecordBatch {
    let names = (from..to).map(|id| format!("name {id}"));
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(from..to)) as _),
        ("name", Arc::new(StringArray::from_iter_values(names)) as _),
        (
            "more",
            Arc::new(Int64Array::from_iter_values(from..to)) as _,
        ),
    ])
    .expect("columns of one length")
}

/// Adds a file of rows; it appears at once and whole.
fn add(input: &Path, format: &str, round: i64) {
    let hidden = input.join(".being-written");
    let file = File::create(&hidden).expect("is made");
    let groups = (round * ROWS..(round + 1) * ROWS).step_by(GROUP as usize);
    let groups = groups.map(|from| rows(from, from + GROUP));
    if format == "orc" {
        let writer = ArrowWriterBuilder::new(file, rows(0, 1).schema());
        let mut writer = writer.try_build().expect("a writer");
        for group in groups {
            writer.write(&group).expect("is written");
            writer.flush_stripe().expect("is written");
        }
        writer.close().expect("is written");
    } else {
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(GROUP as usize))
            .build();
        let writer = ArrowWriter::try_new(file, rows(0, 1).schema(), Some(properties));
        let mut writer = writer.expect("a writer");
        groups.for_each(|group| writer.write(&group).expect("is written"));
        writer.close().expect("is written");
    }
    std::fs::rename(&hidden, input.join(format!("{round}.{format}"))).expect("is renamed");
}

fn job(directory: &Path, format: &str, options: &[&str], parameters: &[&str]) -> Running {
    let source = format!("--source.type={format}");
    let parameters = [
        &[
            source.as_str(),
            "--source.split.size=30000",
            "--stream.sql.enable=true",
            "--stream.sql=select id, upper(name) as name from t1 where id >= 300000 and id % 2 = 0",
            "--sink.type=file",
            "--sink.path=out",
            // Small files, each of which waits for the disk, so that kills meet work.
            "--sink.rolling.size=100000",
        ][..],
        parameters,
    ]
    .concat();
    Running::start(ingest(directory, options, &parameters))
}

fn play(format: &str) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    std::fs::create_dir(directory.join("in")).expect("is made");
    let seed = 20_261_128;
    let mut random = Random::new(seed);
    let mut at_work = 0;
    for round in 0..ROUNDS {
        add(&directory.join("in"), format, round);
        let parallelism = (1 + (round * 2) % 3).to_string();
        let mut options = vec!["-p", parallelism.as_str()];
        if round > 0 {
            options.extend(["-s", "latest"]);
        }
        let mut running = job(directory, format, &options, &[]);
        running.await_log("Completed checkpoint");
        pause(random.below(LATEST_KILL));
        running.kill();
        at_work += usize::from(is_written(&directory.join("out")));
    }
    println!("{format}: {at_work} of {ROUNDS} kills met output that was not committed");
    let said = job(directory, format, &["-p", "2", "-s", "latest"], &[ONCE]).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let (read, written) = (ROUNDS * ROWS, (ROUNDS * ROWS - 300_000) / 2);
    let equation = format!(
        "{read} read = {written} written + {} filtered",
        read - written
    );
    assert!(said.err.contains(&equation), "{}", said.err);
    let found = lines(&directory.join("out"));
    let truth = (300_000..ROUNDS * ROWS).step_by(2);
    let mut truth: Vec<String> = truth
        .map(|id| format!(r#"{{"id":{id},"name":"NAME {id}"}}"#))
        .collect();
    truth.sort();
    assert!(
        found == truth,
        "{format}: {} of {} lines",
        found.len(),
        truth.len()
    );
}

/// Whether output lies there that is not committed.
fn is_written(output: &Path) -> bool {
    let files = std::fs::read_dir(output).into_iter().flatten().flatten();
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.any(|name| name.ends_with(".inprogress") || name.ends_with(".prepared"))
}

#[allow(
    clippy::disallowed_methods,
    reason = "the random moment of the kill is a time"
)]
fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

#[test]
fn parquet() {
    play("parquet");
}

#[test]
fn orc() {
    play("orc");
}
