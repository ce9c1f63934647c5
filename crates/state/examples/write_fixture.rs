//! Writes the snapshots that `crates/storage/tests/fixtures` keeps of each version of the formats:
//! `cargo run -p millstream-state --example write_fixture -- <directory>`.
//!
//! To be run once for a new version. Fixtures of older versions are never written again.

use std::path::Path;

use millstream_core::{MaxParallelism, OperatorId, Result};
use millstream_state::StateRegistry;
use millstream_storage::{
    EntryMetadata, OperatorMetadata, PreparedMetadata, SnapshotFormat, SnapshotKind,
    SnapshotMetadata, SnapshotTarget,
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
    write(
        &directory.join("checkpoint"),
        SnapshotFormat::Native,
        SnapshotKind::Checkpoint,
    )?;
    write(
        &directory.join("savepoint"),
        SnapshotFormat::Canonical,
        SnapshotKind::Savepoint,
    )
}

fn write(directory: &Path, format: SnapshotFormat, kind: SnapshotKind) -> Result<()> {
    let max = MaxParallelism::DEFAULT;
    let target = SnapshotTarget::create(directory, format)?;
    let mut sum = OperatorMetadata::new("sum", "sum", 2);
    for subtask in 0..2 {
        for state in states(max, subtask)?.freeze() {
            for written in state.write(&[&target], OperatorId::from_uid("sum"), subtask) {
                sum.add_state(written?);
            }
        }
    }
    let mut source = OperatorMetadata::new("source", "Source: files", 1);
    let position = serde_json::json!({"offset": 12_345});
    source.entries.push(EntryMetadata {
        key: "a.csv".into(),
        value: position,
    });
    let mut sink = OperatorMetadata::new("sink", "Sink: files", 1);
    let part = serde_json::json!({"bytes": 99});
    sink.prepared.push(PreparedMetadata {
        name: "part-0-0".into(),
        value: part,
    });
    target.complete(&SnapshotMetadata {
        job_id: "f8cccb14cd33babade335fd60aefa9e4".parse()?,
        job_name: "fixture".into(),
        checkpoint_id: 17,
        kind,
        format,
        drained: false,
        last: false,
        lineage: millstream_core::Lineage::default(),
        run: 0,
        numbers: millstream_core::Numbers::default(),
        created: 1_790_000_000_000,
        millstream_version: env!("CARGO_PKG_VERSION").into(),
        max_parallelism: max,
        operators: vec![source, sum, sink],
    })?;
    Ok(())
}

fn states(max: MaxParallelism, subtask: usize) -> Result<StateRegistry<String>> {
    let mut registry = StateRegistry::new(max, max.range(subtask, 2), None);
    let counts = registry.value::<Count>("count")?;
    let lists = registry.list::<u64>("seen")?;
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
    }
    Ok(registry)
}
