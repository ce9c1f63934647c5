//! Measures what it takes to remember keys: `cargo run --release -p millstream-state --example seen_memory [millions]`.
//!
//! Memory is told twice: what the table takes, and what the process has more of than at its start.

use std::time::{Duration, Instant};

use millstream_core::{EventTime, MaxParallelism, OperatorId};
use millstream_state::{Fingerprint, KeyedState, SeenTable};
use millstream_storage::{SnapshotFormat, SnapshotTarget};

/// Keys that go by in the time for which they are remembered, in milliseconds.
const WITHIN: i64 = 3_600_000;

/// What this process takes of the memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4_096
}

/// xorshift64, twice: quicker than the table that is measured.
fn next(random: &mut u64) -> Fingerprint {
    let mut bytes = [0; 16];
    for half in bytes.chunks_mut(8) {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let mixed = random.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        half.copy_from_slice(&(mixed ^ (mixed >> 32)).to_le_bytes());
    }
    Fingerprint::from_bytes(bytes)
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn fill(seen: &mut SeenTable, random: &mut u64, keys: i64, from: i64) -> (Duration, Duration) {
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    for batch in 0..keys / 1_000 {
        let batch_began = Instant::now();
        let time = from + batch * 1_000 * WITHIN / keys;
        for _ in 0..1_000 {
            seen.note(&next(random), EventTime::from_millis(time));
        }
        seen.forget_until(EventTime::from_millis(time - WITHIN));
        seen.maintain(4_096);
        longest = longest.max(batch_began.elapsed());
    }
    (began.elapsed(), longest)
}

fn report(what: &str, seen: &SeenTable, keys: i64, before: usize) {
    let of_a_key = |bytes: usize| bytes as f64 / keys as f64;
    println!(
        "{what:<40} {:>11} entries, {:>5.1} bytes a key in the table, {:>5.1} in the process",
        seen.len(),
        of_a_key(seen.bytes()),
        of_a_key(resident().saturating_sub(before))
    );
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let millions: i64 = std::env::args()
        .nth(1)
        .map_or(Ok(10), |text| text.parse())?;
    let keys = millions * 1_000_000;
    let max = MaxParallelism::DEFAULT;
    let mut seen = SeenTable::new("seen", max, max.range(0, 1), WITHIN);
    let mut random = 88_172_645_463_325_252;
    let before = resident();
    let (took, longest) = fill(&mut seen, &mut random, keys, 0);
    report("all remembered", &seen, keys, before);
    let rate = |took: Duration| keys as f64 / took.as_secs_f64() / 1e6;
    println!(
        "  {:.1} M keys/s, the longest 1,000 took {longest:.2?}",
        rate(took)
    );
    for round in 1..=2 {
        let (took, longest) = fill(&mut seen, &mut random, keys, round * WITHIN);
        report("as many again, and as many forgotten", &seen, keys, before);
        println!(
            "  {:.1} M keys/s, the longest 1,000 took {longest:.2?}",
            rate(took)
        );
    }

    let temp = tempfile::tempdir()?;
    let target = SnapshotTarget::create(temp.path().join("chk-1"), SnapshotFormat::Native)?;
    let began = Instant::now();
    let frozen = KeyedState::freeze(&mut seen);
    println!("frozen in {:.2?}", began.elapsed());
    let (_, longest) = fill(&mut seen, &mut random, keys / 10, 3 * WITHIN);
    report("a tenth more while it is frozen", &seen, keys, before);
    println!("  the longest 1,000 took {longest:.2?}");
    let began = Instant::now();
    let written = frozen.write(&[&target], OperatorId::from_uid("seen"), 0);
    let written: millstream_core::Result<Vec<_>> = written.into_iter().collect();
    let files = written?.into_iter().flat_map(|state| state.files);
    let bytes: u64 = files.map(|file| file.bytes).sum();
    println!(
        "written in {:.2?}, {:.1} bytes a key",
        began.elapsed(),
        bytes as f64 / keys as f64
    );
    report("while it was written", &seen, keys, before);
    while seen.maintain(4_096) {}
    report("once all is folded", &seen, keys, before);
    Ok(())
}
