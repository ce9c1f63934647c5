//! What all rounds found.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::places::names;
use crate::processes::text;
use crate::round::Done;

/// Lines of logs that are shown with a failure.
const LINES: usize = 12;

/// The sum of all rounds.
#[derive(Default)]
pub(crate) struct Summary {
    rounds: u64,
    records: u64,
    faults: BTreeMap<&'static str, u64>,
    failures: Vec<String>,
}

impl Summary {
    /// Adds a round, and prints what it found.
    pub(crate) fn add(
        &mut self,
        seed: u64,
        count: u64,
        done: &Done,
        played: Result<()>,
        directory: &Path,
    ) {
        self.rounds += 1;
        self.records += done.records;
        for fault in &done.faults {
            *self.faults.entry(fault).or_default() += 1;
        }
        match played {
            Ok(()) => println!("  well: {} records, each once", done.records),
            Err(error) => {
                let failure = format!("SEED={seed} FAULTS={count}: {error:#}");
                println!("  FAILURE {failure}");
                show_logs(directory);
                println!("  logs and data: {}", directory.display());
                self.failures.push(failure);
            }
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.failures.is_empty()
    }

    pub(crate) fn print(&self) {
        let total: u64 = self.faults.values().sum();
        let kinds: Vec<String> = self
            .faults
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        println!(
            "{total} faults in {} rounds, {} records ({})",
            self.rounds,
            self.records,
            kinds.join(", ")
        );
        let well = self.rounds - self.failures.len() as u64;
        println!(
            "checked at the end of {well} rounds: each record once, a fresh record passes, files as they came, nothing hidden left, \
             nothing left among the checkpoints, the numbers close"
        );
        for failure in &self.failures {
            println!("FAILURE {failure}");
        }
        println!("{} failures", self.failures.len());
    }
}

/// Shows the last lines of logs that are no information, of lines that differ in numbers alone the last one.
fn show_logs(directory: &Path) {
    let logs = directory.join("logs");
    let mut files: Vec<_> = names(&logs)
        .into_iter()
        .map(|name| logs.join(name))
        .collect();
    let jobs = directory.join("data/jobs");
    let job_logs = names(&jobs)
        .into_iter()
        .map(|job| jobs.join(job).join("job.log"));
    files.extend(job_logs.chain([directory.join("data/server.log")]));
    let root = format!("{}/", directory.display());
    let mut lines = BTreeMap::new();
    for file in files {
        let name = file.display().to_string();
        for line in text(&file).lines().filter(|line| is_telling(line)) {
            let line = format!("{line} [{name}]").replace(&root, "");
            lines.insert(without_numbers(&line), line);
        }
    }
    let mut lines: Vec<String> = lines.into_values().collect();
    lines.sort();
    for line in lines.iter().rev().take(LINES).rev() {
        println!("    {}", line.chars().take(500).collect::<String>());
    }
}

fn is_telling(line: &str) -> bool {
    (line.contains(" WARN ") || line.contains(" ERROR ")) && !line.contains(" - Bad record: ")
}

/// The text without digits and what counts as one in hexadecimal ids.
fn without_numbers(line: &str) -> String {
    let is_id = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
    line.chars().filter(|c| !is_id(*c)).collect()
}
