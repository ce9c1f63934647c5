//! Hands records over: files that are written under a hidden name and then renamed, and files that are appended to, each
//! time in two writes of which the first ends within a record. What was renamed or appended is an obligation.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use datagen::random::Random;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::record::{self, Fate};
use crate::wait;

/// More records than this are never on the way.
const ON_THE_WAY: u64 = 60_000;

/// So many hand-overs go by before another file is appended to.
const LOG: usize = 24;

/// Between the two halves of what is appended.
const HALF: Duration = Duration::from_millis(5);

/// A file that was handed over, or what was appended to it.
pub(crate) struct Fed {
    pub(crate) name: String,
    pub(crate) first: u64,
    /// The id behind the last.
    pub(crate) end: u64,
}

#[derive(Default)]
struct Ledger {
    files: Vec<Fed>,
    next: u64,
    /// Ids below this have come out.
    out: u64,
    /// Whether the job follows files that grow.
    appends: bool,
    /// Nothing is handed over: the directory is away.
    closed: bool,
    trouble: Option<String>,
}

/// Feeds on a thread of its own, until it is dropped.
pub(crate) struct Feeder {
    ledger: Arc<Mutex<Ledger>>,
    ended: Arc<AtomicBool>,
    directory: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Feeder {
    /// Begins to feed into `directory`; files grow there if the job `appends`.
    pub(crate) fn start(
        directory: PathBuf,
        seed: u64,
        pace: Duration,
        appends: bool,
    ) -> Result<Self> {
        let ledger = Arc::new(Mutex::new(Ledger {
            appends,
            ..Ledger::default()
        }));
        let ended = Arc::new(AtomicBool::new(false));
        let thread = {
            let (ledger, ended, directory) =
                (Arc::clone(&ledger), Arc::clone(&ended), directory.clone());
            std::thread::Builder::new()
                .name("feeder".to_owned())
                .spawn(move || {
                    let mut random = Random::new(seed);
                    while !ended.load(Ordering::Relaxed) {
                        let size = size(&mut random);
                        {
                            let mut ledger = lock(&ledger);
                            if !ledger.closed && ledger.next - ledger.out < ON_THE_WAY {
                                ledger.feed(&directory, size);
                            }
                        }
                        wait::pass(pace / 2 + pace.mul_f64(random.below(1_000) as f64 / 1_000.0));
                    }
                })?
        };
        Ok(Self {
            ledger,
            ended,
            directory,
            thread: Some(thread),
        })
    }

    /// Hands `count` records over at once, or some more, and answers the id behind the last one.
    pub(crate) fn feed(&self, count: u64) -> Result<u64> {
        let mut ledger = lock(&self.ledger);
        ledger.feed(&self.directory, count);
        match &ledger.trouble {
            Some(trouble) => anyhow::bail!("no record can be handed over: {trouble}"),
            None => Ok(ledger.next),
        }
    }

    /// Hands nothing over from here on, and has no file under way.
    pub(crate) fn close(&self) {
        lock(&self.ledger).closed = true;
    }

    /// Goes on.
    pub(crate) fn open(&self) {
        lock(&self.ledger).closed = false;
    }

    /// The id behind the last that was handed over.
    pub(crate) fn end(&self) -> u64 {
        lock(&self.ledger).next
    }

    /// Tells that all ids below `out` have come out.
    pub(crate) fn has_come_out(&self, out: u64) {
        lock(&self.ledger).out = out;
    }

    /// Takes the files away whose records have ids below `out` only, and to which nothing will be appended. How many.
    pub(crate) fn clean(&self, out: u64) -> Result<usize> {
        let ledger = lock(&self.ledger);
        let mut count = 0;
        let left = ledger.files.iter().filter(|file| file.end > out);
        let mut kept: BTreeSet<String> = left.map(|file| file.name.clone()).collect();
        kept.insert(log_name(ledger.files.len()));
        for file in ledger.files.iter() {
            if kept.contains(&file.name) {
                continue;
            }
            if fs::remove_file(self.directory.join(&file.name)).is_ok() {
                count += 1;
            }
        }
        Ok(count)
    }

    /// Whether a file of this name was handed over.
    pub(crate) fn has_fed(&self, name: &str) -> bool {
        let ledger = lock(&self.ledger);
        ledger.files.iter().any(|file| file.name == name)
    }

    /// The file that handed `id` over.
    pub(crate) fn file_of(&self, id: u64) -> String {
        let ledger = lock(&self.ledger);
        let file = ledger
            .files
            .iter()
            .find(|file| file.first <= id && id < file.end);
        file.map_or_else(|| "no file".to_owned(), |file| file.name.clone())
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A feeder that panicked has fed no further.
            drop(thread.join());
        }
    }
}

impl Ledger {
    fn feed(&mut self, directory: &Path, count: u64) {
        let (first, mut end) = (self.next, self.next + count);
        // When the last record of a file is out, all of it was read.
        while record::fate(end - 1) != Fate::Written {
            end += 1;
        }
        let number = self.files.len();
        let log = self.appends && number.is_multiple_of(3);
        let name = match number % 8 {
            _ if log => log_name(number),
            5 => format!("f-{number:06}.csv.gz"),
            _ => format!("f-{number:06}.csv"),
        };
        let written = if log {
            append(directory, &name, first, end)
        } else {
            write(directory, &name, first, end)
        };
        match written {
            Ok(()) => {
                self.files.push(Fed { name, first, end });
                self.next = end;
            }
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }
}

/// Mostly a few records, now and then some thousand.
fn size(random: &mut Random) -> u64 {
    match random.below(20) {
        0 => 2_000 + random.below(6_000),
        1..=5 => 1 + random.below(3),
        _ => 1 + random.below(400),
    }
}

fn write(directory: &Path, name: &str, first: u64, end: u64) -> io::Result<()> {
    let hidden = directory.join(format!(".{name}"));
    let mut file = BufWriter::new(fs::File::create(&hidden)?);
    if name.ends_with(".gz") {
        let mut packed = GzEncoder::new(&mut file, Compression::fast());
        write_lines(&mut packed, first, end)?;
        packed.finish()?;
    } else {
        write_lines(&mut file, first, end)?;
    }
    file.flush()?;
    fs::rename(hidden, directory.join(name))
}

/// The file to which the hand-over with this number is appended, if it is.
fn log_name(number: usize) -> String {
    format!("l-{:06}.csv", number / LOG)
}

fn append(directory: &Path, name: &str, first: u64, end: u64) -> io::Result<()> {
    let mut bytes = Vec::new();
    write_lines(&mut bytes, first, end)?;
    let cut = datagen::random::mix(first) % bytes.len().max(1) as u64;
    let (begun, rest) = bytes.split_at(usize::try_from(cut).unwrap_or_default());
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .append(true)
        .open(directory.join(name))?;
    file.write_all(begun)?;
    wait::pass(HALF);
    file.write_all(rest)
}

fn write_lines(to: &mut impl Write, first: u64, end: u64) -> io::Result<()> {
    (first..end).try_for_each(|id| writeln!(to, "{}", record::line(id)))
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
