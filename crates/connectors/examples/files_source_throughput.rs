//! How fast the file source reads, by kind of input: megabytes per second of one reader, and per second of
//! processor time of its two threads, the worker (which parses) and the one that reads ahead. The
//! latter do not depend on what else the machine does. Linux only.
//!
//! `cargo run --release -p millstream-connectors --example files_source_throughput [megabytes]`

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use compact_str::CompactString;
use crossbeam_channel::{Receiver, bounded};
use millstream_connectors::files_source::{Charset, FileSource, FileSourceOptions};
use millstream_connectors::text::{TextFileOptions, TextFileSource};
use millstream_core::{JobId, Lineage};
use millstream_engine::connector::{
    Limit, Source, SourceContext, SourceOutput, SourceProgress, SourceStatus, Waker,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let megabytes: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(500), |text| text.parse())?;
    let directory = std::env::temp_dir().join(format!("files-source-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let outcome = measure_all(&directory, megabytes << 20);
    std::fs::remove_dir_all(&directory)?;
    outcome
}

fn measure_all(directory: &Path, size: u64) -> Outcome<()> {
    let plain = plain(directory, size)?;
    let quoted = quoted(directory, size)?;
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
    let strings = FileSource::new(FileSourceOptions::new(&plain))?;
    report("CSV, 9 columns of strings", &strings)?;
    report("CSV, 9 typed columns", &FileSource::new(typed)?)?;
    report("CSV, 3 of 9 typed columns", &FileSource::new(pruned)?)?;
    let quoted = FileSource::new(FileSourceOptions::new(&quoted))?;
    report("CSV, quoted", &quoted)?;
    report("CSV, GBK", &FileSource::new(gbk)?)?;
    let lines = || TextFileOptions::new(&plain);
    let strings = TextFileSource::<String>::new(lines())?;
    report("lines as String", &strings)?;
    let compact = TextFileSource::<CompactString>::new(lines())?;
    report("lines as CompactString", &compact)
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
fn quoted(directory: &Path, size: u64) -> Outcome<PathBuf> {
    let path = directory.join("quoted.csv");
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

#[allow(clippy::disallowed_methods, reason = "a benchmark takes the time")]
fn report<T: 'static>(name: &str, source: &dyn Source<T>) -> Outcome<()> {
    let (waker, woken) = waker();
    let progress = SourceProgress::default();
    let mut reader = source.open(SourceContext {
        job: JobId::from_bytes([1; 16]),
        uid: "source".to_owned(),
        subtask: 0,
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        restored: None,
        snapshot: None,
        waker,
        progress: progress.clone(),
    })?;
    let (started, busy) = (
        Instant::now(),
        processor_time(|thread| !thread.starts_with("reads"))?,
    );
    let mut rows = 0;
    loop {
        let mut out = SourceOutput::new();
        match reader.poll(&mut out, Limit::records(8_192))? {
            SourceStatus::Ready(count) => rows += count,
            SourceStatus::Pending(_) => woken.recv()?,
            SourceStatus::Ended => break,
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let worker = processor_time(|thread| !thread.starts_with("reads"))? - busy;
    let ahead = processor_time(|thread| thread.starts_with("reads"))?;
    let megabytes = progress.bytes.get() as f64 / 1e6;
    println!(
        "{name:<28} {:>6.0} MB/s; worker {:>6.0}, reading ahead {:>6.0}; {:>5.1} M records/s",
        megabytes / seconds,
        megabytes / worker,
        megabytes / ahead,
        rows as f64 / seconds / 1e6
    );
    Ok(())
}

/// Seconds that the threads with certain names have run.
fn processor_time(counts: impl Fn(&str) -> bool) -> Outcome<f64> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let path = task?.path();
        if counts(&std::fs::read_to_string(path.join("comm"))?) {
            let times = std::fs::read_to_string(path.join("schedstat"))?;
            nanos += times.split(' ').next().unwrap_or("0").parse::<u64>()?;
        }
    }
    Ok(nanos as f64 / 1e9)
}

fn waker() -> (Waker, Receiver<()>) {
    let (ring, woken) = bounded(1);
    let wake = move || {
        // A full channel means that the ring has not been heard yet.
        let _full = ring.try_send(()).is_err();
    };
    (Waker::new(wake), woken)
}
