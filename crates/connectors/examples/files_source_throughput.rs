//! How fast the file source reads, by kind of input: megabytes per second of one reader, and per second of
//! processor time of its two threads, of the worker (which parses) and of the one that reads ahead. The
//! latter depend less on what else the machine does. Linux only.
//!
//! `cargo run --release -p millstream-connectors --example files_source_throughput [megabytes [words [seconds]]]`: of the kinds
//! whose names hold the words, each read for so many seconds at least and an even number of times; without seconds once.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use compact_str::CompactString;
use millstream_connectors::conformance::SourceJob;
use millstream_connectors::files_source::{Charset, FileSource, FileSourceOptions};
use millstream_connectors::text::{TextFileOptions, TextFileSource};
use millstream_engine::connector::{Limit, Source, SourceStatus};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let megabytes: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(500), |text| text.parse())?;
    let directory = std::env::temp_dir().join(format!("files-source-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let words = std::env::args().nth(2).unwrap_or_default();
    let seconds: f64 = std::env::args()
        .nth(3)
        .map_or(Ok(0.0), |text| text.parse())?;
    let outcome = measure_all(&directory, megabytes << 20, &words, seconds);
    std::fs::remove_dir_all(&directory)?;
    outcome
}

fn measure_all(directory: &Path, size: u64, words: &str, seconds: f64) -> Outcome<()> {
    let plain = plain(directory, size)?;
    let typed = FileSourceOptions {
        schema: Some(Arc::new(schema())),
        ..FileSourceOptions::new(&plain)
    };
    let pruned = FileSourceOptions {
        projection: Some(vec![0, 3, 4]),
        ..typed.clone()
    };
    let mut gbk = FileSourceOptions::new(chinese(directory, size)?);
    gbk.format.charset = Charset::parse("gbk")?;
    let mixed = FileSourceOptions::new(mixed(directory, size)?);
    let quoted = FileSourceOptions::new(all_quoted(directory, &plain)?);
    for (name, options, readers) in [
        (
            "CSV, 9 columns of strings",
            FileSourceOptions::new(&plain),
            1,
        ),
        ("CSV, the same, all in quotes", quoted.clone(), 1),
        ("CSV, all in quotes, 8 readers", quoted, 8),
        ("CSV, 9 typed columns", typed, 1),
        ("CSV, 3 of 9 typed columns", pruned, 1),
        ("CSV, quotes and line ends inside", mixed, 1),
        ("CSV, GBK", gbk, 1),
    ] {
        if name.contains(words) {
            repeat(name, &FileSource::new(options)?, readers, seconds)?;
        }
    }
    if "lines as String".contains(words) {
        let lines = TextFileOptions::new(&plain);
        let lines = TextFileSource::<String>::new(lines)?;
        repeat("lines as String", &lines, 1, seconds)?;
    }
    if "lines as CompactString".contains(words) {
        let lines = TextFileSource::<CompactString>::new(TextFileOptions::new(&plain))?;
        repeat("lines as CompactString", &lines, 1, seconds)?;
    }
    Ok(())
}

/// The records of `plain`, with every field in quotes.
fn all_quoted(directory: &Path, plain: &Path) -> Outcome<PathBuf> {
    let path = directory.join("all-quoted.csv");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
    for line in BufReader::with_capacity(1 << 20, File::open(plain)?).lines() {
        writeln!(out, "\"{}\"", line?.replace(',', "\",\""))?;
    }
    out.flush()?;
    Ok(path)
}

/// 110 bytes a record, 9 fields, no quotes.
fn plain(directory: &Path, size: u64) -> Outcome<PathBuf> {
    let path = directory.join("plain.csv");
    generate(&path, size, |out, row| {
        let (user, second) = (row * 7 % 100_003, row % 60);
        write!(out, "{row},user{user},2020-04-15 08:09:{second:02}.123,")?;
        let (whole, cents, city, tag) = (row % 10_000, row % 100, row % 977, row % 13);
        write!(out, "{whole}.{cents:02},city of {city},t1|t2|t{tag},")?;
        let day = 1 + row % 28;
        writeln!(out, "2020-04-{day:02},true,some more text of row {row}")
    })?;
    Ok(path)
}

/// Most fields in quotes, some with quotes or line ends in them.
fn mixed(directory: &Path, size: u64) -> Outcome<PathBuf> {
    let path = directory.join("mixed.csv");
    generate(&path, size, |out, row| {
        let user = row * 7 % 100_003;
        write!(out, "\"{row}\",\"user, {user}\",\"a \"\"quoted\"\" word\",")?;
        writeln!(out, "\"two\nlines\",plain text,{}", row % 977)
    })?;
    Ok(path)
}

/// Half Chinese, in GBK.
fn chinese(directory: &Path, size: u64) -> Outcome<PathBuf> {
    let path = directory.join("gbk.csv");
    let text = ",城市的名字,some text that is plain,中文\n";
    let (bytes, _, _) = encoding_rs::GBK.encode(text);
    generate(&path, size, |out, row| {
        write!(out, "{row}")?;
        out.write_all(&bytes)
    })?;
    Ok(path)
}

/// The columns of [`plain`].
fn schema() -> Schema {
    let types = [
        DataType::Int64,
        DataType::Utf8,
        DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Float64,
        DataType::Utf8,
        DataType::Utf8,
        DataType::Date32,
        DataType::Boolean,
        DataType::Utf8,
    ];
    let field = |(place, kind)| Field::new(format!("c{place}"), kind, true);
    Schema::new(types.into_iter().enumerate().map(field).collect::<Vec<_>>())
}

fn generate(
    path: &Path,
    size: u64,
    mut row: impl FnMut(&mut BufWriter<File>, u64) -> std::io::Result<()>,
) -> Outcome<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for number in 0_u64.. {
        row(&mut out, number)?;
        if number % 10_000 == 0 && out.get_ref().metadata()?.len() >= size {
            break;
        }
    }
    Ok(out.flush()?)
}

/// Reads until that took so many seconds, and an even number of times: each run is compared with its own next one.
fn repeat<T: 'static>(
    name: &str,
    source: &dyn Source<T>,
    readers: usize,
    seconds: f64,
) -> Outcome<()> {
    let (mut taken, mut runs) = (0.0, 0);
    loop {
        taken += report(name, source, readers)?;
        runs += 1;
        if taken >= seconds && (seconds <= 0.0 || runs % 2 == 0) {
            return Ok(());
        }
    }
}

/// Reads once; answers how many seconds that took.
#[allow(clippy::disallowed_methods, reason = "a benchmark takes the time")]
fn report<T: 'static>(name: &str, source: &dyn Source<T>, readers: usize) -> Outcome<f64> {
    let job = SourceJob::default();
    let mut attempt = job.attempt(source, readers, None)?;
    let progress = attempt.progress.clone();
    let (started, busy) = (
        Instant::now(),
        processor_time(|thread| !thread.starts_with("reads"))?,
    );
    let mut rows = 0;
    while !attempt.has_ended() {
        let (before, mut pause) = (rows, None);
        for subtask in 0..readers {
            match attempt.poll(subtask, Limit::records(8_192))?.1 {
                SourceStatus::Ready(count) => rows += count,
                SourceStatus::Pending(wait) => pause = wait,
                SourceStatus::Ended => {}
            }
        }
        if rows == before && !attempt.has_ended() {
            attempt.wait(pause);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let worker = processor_time(|thread| !thread.starts_with("reads"))? - busy;
    let ahead = processor_time(|thread| thread.starts_with("reads"))?;
    let bytes: u64 = progress.iter().map(|progress| progress.bytes.get()).sum();
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{name:<32} {:>6.0} MB/s; worker {:>6.0}, reading ahead {:>6.0}, both {:>6.0}; {:>5.1} M records/s",
        megabytes / seconds,
        megabytes / worker,
        megabytes / ahead,
        megabytes / (worker + ahead),
        rows as f64 / seconds / 1e6
    );
    Ok(seconds)
}

/// Seconds that the threads with certain names have run.
fn processor_time(counts: impl Fn(&str) -> bool) -> Outcome<f64> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let path = task?.path();
        let read = |file: &str| std::fs::read_to_string(path.join(file));
        // A thread may end meanwhile.
        if let (Ok(name), Ok(times)) = (read("comm"), read("schedstat"))
            && counts(&name)
        {
            nanos += times.split(' ').next().unwrap_or("0").parse::<u64>()?;
        }
    }
    Ok(nanos as f64 / 1e9)
}
