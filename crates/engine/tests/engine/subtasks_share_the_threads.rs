//! Any number of subtasks runs on the threads that there are, and every record gets to its own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use crate::common::{Modulo, Numbers, RunningJob, graph, operator, source};
use millstream_core::{JobStatus, Result};
use millstream_engine::Chunk;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{Operator, Port};

#[derive(Clone, Default)]
struct Seen {
    /// Numbers, each with the subtask that had it.
    numbers: Arc<Mutex<Vec<(u64, usize)>>>,
    threads: Arc<Mutex<BTreeSet<String>>>,
}

struct Notes {
    subtask: usize,
    seen: Seen,
}

impl Operator for Notes {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let thread: ThreadId = std::thread::current().id();
        let mut threads = self.seen.threads.lock().expect("no panic");
        threads.insert(format!("{thread:?}"));
        let records = chunk.clone().into_records::<u64>()?;
        let mut numbers = self.seen.numbers.lock().expect("no panic");
        numbers.extend(records.into_iter().map(|number| (number, self.subtask)));
        out.push(chunk);
        Ok(())
    }
}

fn run(subtasks: [usize; 3], threads: u32) -> (Seen, Seen) {
    let directory = tempfile::tempdir().expect("a directory");
    let numbers = Numbers::up_to(20_000);
    let (first, second) = (Seen::default(), Seen::default());
    let (for_first, for_second) = (first.clone(), second.clone());
    let notes = |seen: Seen| {
        move |context: &millstream_engine::operator::OperatorContext| Notes {
            subtask: context.subtask,
            seen: seen.clone(),
        }
    };
    let hash = Ship::Hash(Arc::new(Modulo));
    let nodes = vec![
        source("numbers", subtasks[0], &numbers),
        operator("first", subtasks[1], (0, hash), notes(for_first)),
        operator(
            "second",
            subtasks[2],
            (1, Ship::Rebalance),
            notes(for_second),
        ),
    ];
    let options = [
        ("millstream.worker-threads", &*threads.to_string()),
        ("execution.checkpointing.interval", "5 ms"),
    ];
    let job = RunningJob::start(graph(nodes), directory.path(), &options);
    assert_eq!(job.join().status, JobStatus::Finished);
    (first, second)
}

#[test]
fn each_record_is_processed_once_and_by_its_subtask() {
    for (subtasks, threads) in [
        ([7, 5, 3], 2),
        ([1, 128, 1], 3),
        ([64, 1, 64], 2),
        ([2, 2, 2], 1),
        ([3, 4, 5], 99),
    ] {
        let (first, second) = run(subtasks, threads);
        let mut seen = first.numbers.lock().expect("no panic").clone();
        seen.sort_unstable();
        let expected: Vec<(u64, usize)> = (0..20_000)
            .map(|number| (number, number as usize % subtasks[1]))
            .collect();
        assert!(seen == expected, "{subtasks:?} on {threads} threads");
        let mut seen = second.numbers.lock().expect("no panic").clone();
        seen.sort_unstable();
        assert!(
            seen.iter().map(|(number, _)| *number).eq(0..20_000),
            "{subtasks:?} on {threads} threads"
        );
        let used = first.threads.lock().expect("no panic").len();
        let most = subtasks
            .into_iter()
            .max()
            .expect("three")
            .min(threads as usize);
        assert!(used <= most, "{used} threads");
    }
}
