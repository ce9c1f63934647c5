//! What Linux knows of a process: memory, processor time, threads. Read from `/proc`, by whoever may block.

use std::fs;
use std::path::Path;

/// Ticks of processor time in a second: what Linux has told programs since it runs on more than one kind of machine.
const TICKS_PER_SECOND: u64 = 100;

/// Numbers of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ProcessNumbers {
    /// Bytes of memory that it holds.
    pub(crate) resident: u64,
    /// The most bytes that it ever held.
    pub(crate) peak: u64,
    /// Bytes of address space.
    pub(crate) address_space: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// Processor time spent, in nanoseconds.
    pub(crate) cpu_nanos: u64,
    /// Open files.
    pub(crate) open_files: u64,
}

/// A thread of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thread {
    /// Its id.
    pub(crate) id: u64,
    /// Its name, of at most 15 characters.
    pub(crate) name: String,
    /// What it does: `RUNNABLE`, `SLEEPING`, `BLOCKED` (it waits for a disk), `STOPPED` or `TERMINATED`.
    pub(crate) state: &'static str,
    /// Processor time spent, in milliseconds.
    pub(crate) cpu_ms: u64,
}

/// The numbers of process `id`; `None`: it is gone, or belongs to another user.
pub(crate) fn numbers(id: u32) -> Option<ProcessNumbers> {
    let directory = format!("/proc/{id}");
    let status = fs::read_to_string(format!("{directory}/status")).ok()?;
    let stat = fs::read_to_string(format!("{directory}/stat")).ok()?;
    let files = fs::read_dir(format!("{directory}/fd")).map_or(0, |files| files.count() as u64);
    Some(ProcessNumbers {
        resident: kibibytes(&status, "VmRSS:"),
        peak: kibibytes(&status, "VmHWM:"),
        address_space: kibibytes(&status, "VmSize:"),
        threads: field(&status, "Threads:"),
        cpu_nanos: cpu_ticks(&stat) * (1_000_000_000 / TICKS_PER_SECOND),
        open_files: files,
    })
}

/// The threads of process `id` by their ids; none where it is gone.
pub(crate) fn threads(id: u32) -> Vec<Thread> {
    let Ok(entries) = fs::read_dir(format!("/proc/{id}/task")) else {
        return Vec::new();
    };
    let mut threads: Vec<_> = entries
        .filter_map(|entry| thread(&entry.ok()?.path()))
        .collect();
    threads.sort_by_key(|thread| thread.id);
    threads
}

fn thread(directory: &Path) -> Option<Thread> {
    let stat = fs::read_to_string(directory.join("stat")).ok()?;
    let name = fs::read_to_string(directory.join("comm")).ok()?;
    Some(Thread {
        id: directory.file_name()?.to_str()?.parse().ok()?,
        name: name.trim_end().to_owned(),
        state: state(fields_of_stat(&stat).next()?),
        cpu_ms: cpu_ticks(&stat) * (1_000 / TICKS_PER_SECOND),
    })
}

fn state(letter: &str) -> &'static str {
    match letter {
        "R" => "RUNNABLE",
        "D" => "BLOCKED",
        "T" | "t" => "STOPPED",
        "Z" | "X" => "TERMINATED",
        _ => "SLEEPING",
    }
}

/// The fields of a `stat` file from the state on. The name before it stands in parentheses and may hold anything.
fn fields_of_stat(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(") ")
        .map_or("", |(_, rest)| rest)
        .split_ascii_whitespace()
}

/// Processor time of programs and of the system for them: fields 14 and 15, where the state is field 3.
fn cpu_ticks(stat: &str) -> u64 {
    fields_of_stat(stat)
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum()
}

fn kibibytes(status: &str, name: &str) -> u64 {
    field(status, name) * 1024
}

fn field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_ascii_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// What the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Machine {
    /// Processors that this process may use.
    pub(crate) processors: usize,
    /// Bytes of memory.
    pub(crate) memory: u64,
    /// Bytes of memory that programs could still get.
    pub(crate) available: u64,
}

/// What this machine has.
pub(crate) fn machine() -> Machine {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Machine {
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        memory: kibibytes(&memory, "MemTotal:"),
        available: kibibytes(&memory, "MemAvailable:"),
    }
}

#[cfg(test)]
mod tests {
    use super::{cpu_ticks, machine, numbers, threads};

    #[test]
    fn a_process_has_memory_threads_and_names() {
        let id = std::process::id();
        let numbers = numbers(id).expect("this process is there");
        assert!(numbers.resident > 0 && numbers.peak >= numbers.resident);
        let threads = threads(id);
        assert!(numbers.threads >= 1 && !threads.is_empty());
        assert!(threads.iter().any(|thread| thread.id == u64::from(id)));
        assert!(machine().memory > machine().available / 2);
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_moves_no_field() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 0 1 0 0 0 30 12 0 0 20 0 1 0 5";
        assert_eq!(cpu_ticks(stat), 42);
    }

    #[test]
    fn a_process_that_is_gone_has_no_numbers() {
        assert_eq!(numbers(u32::MAX), None);
        assert!(threads(u32::MAX).is_empty());
    }
}
