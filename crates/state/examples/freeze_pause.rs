//! Measures what a snapshot costs a running program: 10 M keys, random updates, a snapshot written by
//! another thread. `cargo run --release -p millstream-state --example freeze_pause [native|canonical]`.
//!
//! Two times are told of each batch: by the clock, which on a busy machine holds what other processes took,
//! and of the thread's own work, which is what the state costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use millstream_core::{MaxParallelism, OperatorId};
use millstream_state::{KeyedState, StateTable};
use millstream_storage::{SnapshotFormat, SnapshotTarget, StateKind};
use rustix::time::{ClockId, clock_gettime};

const KEYS: u64 = 10_000_000;
/// As many records as an operator gets in one batch.
const BATCH: usize = 1_000;
/// Buckets folded between two batches.
const BUDGET: usize = 4_000;

struct Run {
    table: StateTable<u64, u64>,
    random: u64,
    pauses: Vec<Duration>,
    own_pauses: Vec<Duration>,
}

impl Run {
    #[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn batch(&mut self) -> bool {
        let own_began = own_time();
        let began = Instant::now();
        for _ in 0..BATCH {
            // xorshift64: quicker than the table that is measured.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            self.table
                .update(&(self.random % KEYS), || 0, |count| *count += 1);
        }
        let left = self.table.maintain(BUDGET);
        self.pauses.push(began.elapsed());
        self.own_pauses.push(own_time().saturating_sub(own_began));
        left
    }

    fn report(&mut self, phase: &str) {
        println!("{phase}");
        report("by the clock", std::mem::take(&mut self.pauses));
        report("own work", std::mem::take(&mut self.own_pauses));
    }
}

fn report(times: &str, mut pauses: Vec<Duration>) {
    pauses.sort_unstable();
    let total: Duration = pauses.iter().sum();
    let batches = pauses.len();
    let rate = (batches * BATCH) as f64 / total.as_secs_f64() / 1e6;
    let at = |part: f64| {
        let index = (batches.saturating_sub(1) as f64 * part) as usize;
        pauses.get(index).copied().unwrap_or_default()
    };
    println!(
        "  {times:<12} {batches:>6} batches  {rate:>5.1} M updates/s  median {:>9.3?}  p99 {:>9.3?}  max {:>9.3?}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// How long this thread has been on a processor.
fn own_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[allow(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and owns its writer's thread"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let format = match std::env::args().nth(1).as_deref() {
        Some("canonical") => SnapshotFormat::Canonical,
        _ => SnapshotFormat::Native,
    };
    let max = MaxParallelism::DEFAULT;
    let mut table = StateTable::new("count", StateKind::Value, max, max.range(0, 1));
    let began = Instant::now();
    for key in 0..KEYS {
        table.insert(key, 0_u64);
    }
    println!("{KEYS} keys inserted in {:.2?}", began.elapsed());
    let mut run = Run {
        table,
        random: 88_172_645_463_325_252,
        pauses: Vec::new(),
        own_pauses: Vec::new(),
    };
    for _ in 0..3_000 {
        run.batch();
    }
    run.report("no snapshot");

    let temp = tempfile::tempdir()?;
    for round in 1..=3 {
        let target = SnapshotTarget::create(temp.path().join(format!("chk-{round}")), format)?;
        let began = Instant::now();
        let frozen = KeyedState::freeze(&mut run.table);
        println!("freeze {round}: {:.3?}", began.elapsed());
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        let writer = std::thread::Builder::new()
            .name("snapshot".into())
            .spawn(move || {
                let began = Instant::now();
                let written = frozen.write(&[&target], OperatorId::from_uid("count"), 0);
                is_done.store(true, Ordering::Release);
                let written: millstream_core::Result<Vec<_>> = written.into_iter().collect();
                written.map(|state| (state, began.elapsed()))
            })?;
        while !done.load(Ordering::Acquire) {
            run.batch();
        }
        run.report("while it is written");
        let (state, took) = writer.join().map_err(|_| "the writer panicked")??;
        let bytes: u64 = state
            .iter()
            .flat_map(|state| &state.files)
            .map(|file| file.bytes)
            .sum();
        println!("written in {took:.2?}, {} MB", bytes / 1_000_000);
        while run.batch() {}
        run.report("until all is folded");
    }
    Ok(())
}
