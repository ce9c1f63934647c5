//! Writes the snapshots that `crates/storage/tests/fixtures` keeps of each version of the formats:
//! `cargo run -p millstream-state --example write_fixture -- <directory>`.
//!
//! To be run once for a new version. Fixtures of older versions are never written again.

use std::path::Path;

use millstream_core::{
    Error, EventTime, JobId, Lineage, MaxParallelism, Numbers, OperatorId, Result, codes,
};
use millstream_state::{OpaquePart, OpaqueState, StateRegistry, WriteState};
use millstream_storage::{
    EntryMetadata, Location, OperatorMetadata, PreparedMetadata, SnapshotFormat, SnapshotKind,
    SnapshotLayout, SnapshotMetadata, SnapshotTarget, mark_committed,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Count {
    count: u64,
    last: Option<String>,
}

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "fixture".into());
    let directory = Path::new(&directory);
    let job: JobId = "f8cccb14cd33babade335fd60aefa9e4".parse()?;
    let layout = SnapshotLayout::new(Location::from_path(directory)?, job);
    std::fs::create_dir_all(layout.job_directory())
        .map_err(|cause| Error::new(&codes::SNAPSHOT_WRITE, "no directory").cause(cause))?;
    let checkpoint = SnapshotTarget::checkpoint(&layout, 17, SnapshotFormat::Native)?;
    let savepoint = SnapshotTarget::create(directory.join("savepoint"), SnapshotFormat::Canonical)?;
    let targets = [&checkpoint, &savepoint];
    let mut operators = [operators(), operators()];
    for subtask in 0..2 {
        for state in states(MaxParallelism::DEFAULT, subtask)?.freeze() {
            add("sum", state, subtask, &targets, &mut operators)?;
        }
    }
    let ledger = OpaqueState::new("ledger", "ledger-v1")
        .part(OpaquePart::shared("ledger-3-0", 2, b"a.csv b.csv".to_vec()))
        .part(OpaquePart::new("ledger-tail", 1, b"c.csv".to_vec()));
    add("source", Box::new(ledger), 0, &targets, &mut operators)?;
    let kinds = [SnapshotKind::Checkpoint, SnapshotKind::Savepoint];
    for ((target, kind), operators) in targets.iter().zip(kinds).zip(operators) {
        target.complete(&metadata(job, kind, target.format(), operators)?)?;
        mark_committed(target.directory())?;
    }
    Ok(())
}

/// Writes a state of the operator `uid` into all targets.
fn add(
    uid: &str,
    state: Box<dyn WriteState>,
    subtask: usize,
    targets: &[&SnapshotTarget],
    operators: &mut [Vec<OperatorMetadata>],
) -> Result<()> {
    let written = state.write(targets, OperatorId::from_uid(uid), subtask);
    for (written, operators) in written.into_iter().zip(operators) {
        let written = written?;
        let mut of_uid = operators.iter_mut().filter(|operator| operator.uid == uid);
        of_uid
            .by_ref()
            .take(1)
            .for_each(|operator| operator.add_state(written.clone()));
    }
    Ok(())
}

fn operators() -> Vec<OperatorMetadata> {
    let mut source = OperatorMetadata::new("source", "Source: files", 1);
    source.entries.push(EntryMetadata {
        key: "a.csv".into(),
        value: serde_json::json!({"offset": 12_345}),
    });
    source.enumerator.push(EntryMetadata {
        key: "listed".into(),
        value: serde_json::json!({"files": 3}),
    });
    source.numbers.read = 30;
    let mut sum = OperatorMetadata::new("sum", "sum", 2);
    sum.numbers.filtered = 6;
    let mut sink = OperatorMetadata::new("sink", "Sink: files", 1);
    sink.prepared.push(PreparedMetadata {
        name: "part-0-0".into(),
        value: serde_json::json!({"bytes": 99}),
    });
    sink.numbers.written = 24;
    vec![source, sum, sink]
}

fn metadata(
    job_id: JobId,
    kind: SnapshotKind,
    format: SnapshotFormat,
    operators: Vec<OperatorMetadata>,
) -> Result<SnapshotMetadata> {
    let ancestor = "00000000000000000000000000000001".parse()?;
    let mut numbers = Numbers::default();
    for operator in &operators {
        numbers += operator.numbers;
    }
    Ok(SnapshotMetadata {
        job_id,
        job_name: "fixture".into(),
        checkpoint_id: 17,
        kind,
        format,
        drained: false,
        last: false,
        savepoint: None,
        owed_notes: Vec::new(),
        lineage: Lineage::fresh(1).behind(ancestor, 9, 2).owned(),
        run: 3,
        numbers,
        created: 1_790_000_000_000,
        millstream_version: env!("CARGO_PKG_VERSION").into(),
        max_parallelism: MaxParallelism::DEFAULT,
        operators,
    })
}

fn states(max: MaxParallelism, subtask: usize) -> Result<StateRegistry<String>> {
    let mut registry = StateRegistry::new(max, max.range(subtask, 2), None);
    let counts = registry.value::<Count>("count")?;
    let lists = registry.list::<u64>("seen")?;
    let maps = registry.map::<String, u64>("parts")?;
    let timers = registry.timers("reminders")?;
    for number in 0..20_u64 {
        let key = format!("word-{number}");
        let group = max.group_of(millstream_core::hash::stable_hash(&key));
        if max.owner(group, 2) != subtask {
            continue;
        }
        registry.context().set(key);
        let last = (number % 2 == 0).then(|| format!("line {number}"));
        counts.set(Count {
            count: number,
            last,
        })?;
        lists.set((0..number % 4).collect())?;
        for part in 0..number % 3 {
            maps.put(format!("part-{part}"), number * part)?;
        }
        timers.register(EventTime::from_millis(number.cast_signed() * 1_000 - 5_000))?;
    }
    Ok(registry)
}
