//! What a ledger of many files costs: `files_source_ledger [files] [parallelism]` reads that many small files from a
//! watched directory, takes checkpoints, restores at another parallelism, and prints times, bytes and memory.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use millstream_connectors::conformance::{SourceAttempt, SourceJob, TakenSnapshot};
use millstream_connectors::files_source::Watch;
use millstream_connectors::text::{TextFileOptions, TextFileSource};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[allow(clippy::disallowed_methods, reason = "a benchmark takes the time")]
fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let files: usize = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let parallelism: usize = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let directory = std::env::temp_dir().join(format!("millstream-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    for number in 0..files {
        std::fs::write(directory.join(format!("f{number:07}.csv")), "x\n")?;
    }
    let outcome = measure(&directory, files, parallelism);
    std::fs::remove_dir_all(&directory)?;
    outcome
}

#[allow(clippy::disallowed_methods, reason = "a benchmark takes the time")]
fn measure(directory: &Path, files: usize, parallelism: usize) -> Outcome<()> {
    let mut options = TextFileOptions::new(directory);
    options.watch = Watch::Continuously {
        interval: Duration::from_secs(3_600),
    };
    options.intake.settle = Some(Duration::ZERO);
    let source = TextFileSource::<String>::new(options)?;
    let job = SourceJob::default();
    println!("{:>28} {}", "before", memory()?);
    let mut attempt = job.attempt(&source, parallelism, None)?;
    let started = Instant::now();
    let mut read = 0;
    attempt.read_until(|found| {
        read = found.len();
        read >= files
    })?;
    println!(
        "{:>28} {:.1} s, {}",
        format!("{read} files read"),
        started.elapsed().as_secs_f64(),
        memory()?
    );
    let mut last = None;
    for name in ["first checkpoint", "nothing new", "nothing new"] {
        last = Some(checkpoint(&job, &mut attempt, name)?);
    }
    std::fs::write(directory.join("new.csv"), "x\n")?;
    drop(attempt);
    let started = Instant::now();
    let mut attempt = job.attempt(&source, parallelism * 2 + 1, last.as_ref())?;
    println!(
        "{:>28} {:.0} ms",
        "restored",
        started.elapsed().as_secs_f64() * 1e3
    );
    let found = attempt.read_until(|found| !found.is_empty())?;
    println!(
        "{:>28} {:.1} s, {} record, {}",
        "next file found",
        started.elapsed().as_secs_f64(),
        found.len(),
        memory()?
    );
    checkpoint(&job, &mut attempt, "after the restore")?;
    checkpoint(&job, &mut attempt, "nothing new")?;
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "a benchmark takes the time")]
fn checkpoint(
    job: &SourceJob,
    attempt: &mut SourceAttempt<String>,
    name: &str,
) -> Outcome<TakenSnapshot> {
    let started = Instant::now();
    let taken = attempt.snapshot(job, false)?;
    attempt.ended(taken.checkpoint, true)?;
    let millis = started.elapsed().as_secs_f64() * 1e3;
    println!(
        "{name:>28} {millis:.1} ms, {} bytes written, {}",
        taken.written,
        memory()?
    );
    Ok(taken)
}

/// What the process takes, and the most that it took.
fn memory() -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default()
            .trim_matches([':', ' ', '\t'])
            .to_owned()
    };
    Ok(format!(
        "memory {} (most {})",
        field("VmRSS"),
        field("VmHWM")
    ))
}
